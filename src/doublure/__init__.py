"""Doublure: a consented AI double of a live-shopping host that keeps the room on air."""

import os

__version__ = "0.1.0"

# A room's lanes are its threads. The pools that numpy's BLAS and OpenCV start by themselves spin on
# the picture's cores between two calls: with them the patch face takes twice its processor time.
for _pool in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_pool, "1")

# pypinyin would load its phrases into 50 MB of dictionaries; `phones_mandarin` looks them up in a table.
for _name in ("PYPINYIN_NO_PHRASES", "PYPINYIN_NO_DICT_COPY"):
    os.environ.setdefault(_name, "1")
