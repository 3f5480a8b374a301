"""A Ctrl-C that a library swallows while the program loads is not lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

SWALLOWED = """
import os, signal, sys
from doublure.cli import interrupt
interrupt.watch()
try:
    {press}
except:  # as careless libraries do
    pass
sys.exit(130 if interrupt.requested() else 0)
"""


@pytest.mark.parametrize(("press", "code"), [("os.kill(os.getpid(), signal.SIGINT)", 130), ("pass", 0)])
def test_it_is_remembered(press: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED.format(press=press)], timeout=30, check=False)
    assert done.returncode == code
