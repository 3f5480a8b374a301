"""The protocol of a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from doublure.cue import Comment


class Chat(Protocol):
    """Where comments come from."""

    name: str

    def comments(self) -> AsyncIterator[Comment]:
        """Yield comments until the chat ends; raises `EngineError` when it is lost."""
        ...
