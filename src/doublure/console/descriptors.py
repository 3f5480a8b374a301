"""Limit of open files and connections of this process."""

from __future__ import annotations

import contextlib
import resource

MOST = 65_536
"""No show needs more, and a child process may close every possible descriptor when it starts."""


def limit() -> int:
    """Most file descriptors that this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else soft


def raise_limit() -> None:
    """Raise the limit as far as possible without special rights, at most to `MOST`. Never lowers it.

    Shells usually start programs with 1,024, which outside connections could use up.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # some systems enforce a lower limit; the show then runs with that
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
