"""Makes text from another machine safe to show, log and journal."""

from __future__ import annotations

from doublure.address import HIDDEN, redact_text

SHOWN_CHARACTERS = 200
"""Most characters shown of a server's message."""
_READ_TIMES = 4
"""Factor on the shown length that is read, because cutting white space and addresses shortens a text."""


def excerpt(text: str, characters: int = SHOWN_CHARACTERS) -> str:
    """The first `characters` of a text as one line, with every address redacted.

    Control and formatting characters are removed, because they can begin lines and reverse the reading order.
    An ellipsis marks a cut. The time does not depend on the length of the text.
    """
    head = text[: _READ_TIMES * characters]
    whole = len(head) == len(text)
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in head).split())
    if not whole:
        # the last word may be an address that was cut inside its password
        rest, _, last = line.rpartition(" ")
        line = rest if "://" in last else line
    line = redact_text(line)
    if whole and len(line) <= characters:
        return line
    return line[: characters - 1].rstrip() + HIDDEN
