"""What another machine said, made fit to be shown, logged and journalled."""

from __future__ import annotations

from doublure.address import HIDDEN, redact_text

SHOWN_CHARACTERS = 200
"""Of a server's words."""
_READ_TIMES = 4
"""Times the shown length that are looked at; white space and addresses make text shorter."""


def excerpt(text: str, characters: int = SHOWN_CHARACTERS) -> str:
    """The first `characters` of a text as one line: without control and formatting characters (they
    can begin lines and turn the reading order round), every address in it redacted. What is cut off
    is shown by an ellipsis. Takes the same time however long the text is."""
    head = text[: _READ_TIMES * characters]
    whole = len(head) == len(text)
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in head).split())
    if not whole:
        # the last word may be an address that is cut in its password
        rest, _, last = line.rpartition(" ")
        line = rest if "://" in last else line
    line = redact_text(line)
    if whole and len(line) <= characters:
        return line
    return line[: characters - 1].rstrip() + HIDDEN
