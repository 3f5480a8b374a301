"""A Ctrl-C that comes while the program loads.

Python raises `KeyboardInterrupt` wherever it happens to be, and a library that catches everything while
it is imported loses it. So it is noted as well, and asked for once loading is over.
"""

from __future__ import annotations

import signal
from types import FrameType

_came = False


def watch() -> None:
    """Note every SIGINT from now on; it still raises `KeyboardInterrupt`."""
    signal.signal(signal.SIGINT, _note)


def requested() -> bool:
    """Whether there was one since `watch`."""
    return _came


def _note(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    signal.default_int_handler(number, frame)
