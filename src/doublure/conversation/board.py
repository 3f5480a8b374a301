"""The list of comments shown to the operator."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from doublure.cue import Comment
from doublure.views import CommentFate, CommentView

T = TypeVar("T")
SHOWN_COMMENTS = 60
SHOWN_UNKNOWN = 50


class Board:
    """The latest comments with their fates, and the questions without an answer."""

    def __init__(self) -> None:
        self._shown: OrderedDict[str, tuple[Comment, CommentFate, str]] = OrderedDict()
        self.unknown: OrderedDict[str, None] = OrderedDict()

    def show(self, comment: Comment, fate: CommentFate, answer: str = "") -> None:
        """Add a comment, or update its fate."""
        self._shown[comment.id] = (comment, fate, answer)
        trim(self._shown, SHOWN_COMMENTS)

    def settle(self, id: str, fate: CommentFate, answer: str) -> None:
        """Set the outcome of a comment; ignored if the comment is no longer shown."""
        seen = self._shown.get(id)
        if seen is None:
            return
        self.show(seen[0], fate, answer)
        if fate == "asked_colleagues":
            self.unknown[seen[0].text] = None
            trim(self.unknown, SHOWN_UNKNOWN)

    def views(self, now: float) -> tuple[CommentView, ...]:
        """All comments shown, newest first."""
        return tuple(
            CommentView(
                comment.id, comment.author, _shown(comment), fate, max(0, int(now - comment.at)), answer
            )
            for comment, fate, answer in reversed(self._shown.values())
        )


def trim(kept: OrderedDict[str, T], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _shown(comment: Comment) -> str:
    if comment.kind == "comment":
        return comment.text
    return " ".join(part for part in (f"[{comment.kind}]", comment.text) if part)
