"""The protocol of a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast

from doublure.chat.settings import ChatSettings
from doublure.clock import Clock
from doublure.cue import Comment
from doublure.engines import find_engine


class Chat(Protocol):
    """A source of comments."""

    name: str

    def comments(self) -> AsyncIterator[Comment]:
        """Yield comments until the chat ends. Raises `EngineError` when the connection is lost."""
        ...


class ChatMaker(Protocol):
    """Makes a chat from its settings. Raises `SettingsError`."""

    def __call__(self, settings: ChatSettings, clock: Clock, /) -> Chat: ...


def find_chat(name: str) -> ChatMaker:
    """The maker of the chat `name`. Raises `EngineError` if there is none or if it cannot be loaded."""
    # an entry point has no type; it must be a ChatMaker
    return cast(ChatMaker, find_engine("chats", name))
