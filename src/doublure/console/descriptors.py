"""How many files and connections this process may have open at once."""

from __future__ import annotations

import contextlib
import resource

MOST = 65_536
"""No show needs more, and a child process may close every possible one when it starts."""


def limit() -> int:
    """File descriptors that this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else soft


def raise_limit() -> None:
    """Raise the limit to the highest that the system allows without special rights, at most `MOST`. Never lowers it.

    Shells usually start programs with 1,024, which connections of strangers could use up.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # some systems have a lower limit of their own; the show then runs with what it has
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
