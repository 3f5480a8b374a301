"""Handling of a Ctrl-C that arrives while the program loads.

Python raises `KeyboardInterrupt` at whatever line is running, and a library that catches every exception
during its import would swallow it. So it is also recorded, and checked once loading is over.
"""

from __future__ import annotations

import signal
from types import FrameType

_came = False


def watch() -> None:
    """Record every SIGINT from now on; it still raises `KeyboardInterrupt`."""
    signal.signal(signal.SIGINT, _note)


def requested() -> bool:
    """Whether a SIGINT has arrived since `watch`."""
    return _came


def _note(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    signal.default_int_handler(number, frame)
