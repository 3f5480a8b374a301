"""Doublure: a consented AI double of a live-shopping host that keeps the room on air."""

import os

__version__ = "0.1.0"

# A room's lanes are its only threads. The thread pools of numpy's BLAS and of OpenCV would spin on the
# picture's cores between calls: with them the patch face takes twice its processor time.
for _pool in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_pool, "1")

# pypinyin would load its phrases into 50 MB of dictionaries; we look them up in a table instead.
for _name in ("PYPINYIN_NO_PHRASES", "PYPINYIN_NO_DICT_COPY"):
    os.environ.setdefault(_name, "1")
