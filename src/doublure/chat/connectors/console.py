"""The comment box on the console's page: what is typed there counts as a viewer's comment."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from doublure.channel import Channel
from doublure.chat.settings import ChatSettings
from doublure.clock import Clock, stamp
from doublure.cue import Comment

TYPED_AHEAD = 100
"""Comments that may wait to be read. The oldest are lost first."""


class ConsoleChat:
    """A chat whose comments are posted by the program itself."""

    name = "console"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._show = stamp(clock)
        self._numbers = itertools.count(1)
        self._typed: Channel[Comment] = Channel("chat_console", TYPED_AHEAD, "drop_oldest")

    def post(self, author: str, text: str) -> Comment:
        """Add a comment and return it with its id."""
        id = f"{self.name}-{self._show}-{next(self._numbers)}"
        comment = Comment(id, self.name, author.strip(), text.strip(), self._clock.now())
        self._typed.offer(comment)
        return comment

    async def comments(self) -> AsyncIterator[Comment]:
        """Comments as they are posted."""
        async for comment in self._typed:
            yield comment


def make(settings: ChatSettings, clock: Clock) -> ConsoleChat:
    """The engine `console`."""
    return ConsoleChat(clock)
