"""`doublure` and `python -m doublure`: the command line, which Ctrl-C may stop while it loads."""

from __future__ import annotations

import sys

from doublure.cli import interrupt

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C stopped: 128 and the signal's number."""


def main() -> None:
    """Load and run the command line."""
    interrupt.watch()
    try:
        from doublure.cli import main as cli

        if interrupt.requested():
            sys.exit(INTERRUPTED)
        cli.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
