"""Enrolment: footage and consent become a persona."""

import os

# torch's threads sleep while they wait instead of spinning: on a busy machine spinning is slower than one
# thread. It is read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
