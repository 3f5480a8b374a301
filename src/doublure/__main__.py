"""`doublure` and `python -m doublure`: the command line, which Ctrl-C may stop while it loads."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C stopped: 128 and the signal's number."""


def main() -> None:
    """Load and run the command line."""
    try:
        from doublure import cli

        cli.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
