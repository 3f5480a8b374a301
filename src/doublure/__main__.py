"""The command line, `doublure` or `python -m doublure`. Ctrl-C stops it even while it loads."""

from __future__ import annotations

import sys

from doublure.cli import interrupt

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 plus the signal's number."""


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
