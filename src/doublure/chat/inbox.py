"""The queue of comments between the chats and the judge."""

from __future__ import annotations

from collections.abc import Callable

import anyio.lowlevel

from doublure.channel import Channel
from doublure.cue import Comment

COMMENTS_AHEAD = 4000
"""Comments that may wait for the judge: about a second of the worst rush. The oldest are lost first."""
CAREFUL = COMMENTS_AHEAD // 2
"""If more comments than this wait, each new one is checked with `keeps` before it may be lost."""
ROUND = 16
"""Comments put before other tasks run."""
KEPT_AHEAD = 64
"""Comments that may wait apart. The judge merges similar ones anyway."""


class Inbox:
    """A bounded queue. In a rush the oldest comments are lost and counted, except those that `keeps` picks
    ("are you real?" is always answered): they wait apart and are taken first."""

    def __init__(self, keeps: Callable[[Comment], bool]) -> None:
        self._keeps = keeps
        self._all: Channel[Comment] = Channel("comments", COMMENTS_AHEAD, "drop_oldest")
        self._kept: Channel[Comment] = Channel("comments_kept", KEPT_AHEAD, "drop_newest")
        self._put = 0

    def __len__(self) -> int:
        return len(self._all) + len(self._kept)

    async def put(self, comment: Comment) -> None:
        """Add a comment. Raises `Closed`, and `TypeError` for anything else that a chat engine yields."""
        if not isinstance(comment, Comment):
            raise TypeError(f"a chat must yield comments, not {type(comment).__name__}")
        kept = len(self._all) > CAREFUL and self._keeps(comment)
        (self._kept if kept else self._all).offer(comment)
        # a round of the event loop for each comment would take half a core in a rush
        self._put += 1
        if self._put % ROUND == 0:
            await anyio.lowlevel.checkpoint()

    async def take(self, most: int) -> list[Comment]:
        """Wait for a comment, then take all that wait, at most `most`. Raises `Closed`."""
        first = self._kept.poll() or await self._all.get()
        taken = [first]
        while len(taken) < most and (comment := self._kept.poll() or self._all.poll()) is not None:
            taken.append(comment)
        return taken

    def close(self) -> None:
        """Accept no more comments."""
        self._all.close()
        self._kept.close()
