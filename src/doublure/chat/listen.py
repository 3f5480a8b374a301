"""Forwards a chat's comments to the inbox and reconnects a lost chat."""

from __future__ import annotations

from typing import Protocol

from doublure import metrics
from doublure.channel import Closed
from doublure.chat.engine import Chat
from doublure.clock import Clock
from doublure.cue import Comment
from doublure.log import get_log
from doublure.retry import Retry

log = get_log(__name__)


class Receiver(Protocol):
    """Takes comments: the room's inbox, or a channel."""

    async def put(self, comment: Comment, /) -> None:
        """Add a comment. Raises `Closed` if no more are taken."""


async def listen(chat: Chat, inbox: Receiver, clock: Clock) -> None:
    """Forward comments until the chat ends or the inbox closes. A chat that fails is started again after a
    growing pause (`Retry`). A comment that arrives resets the pause."""
    retry = Retry(clock)
    while True:
        try:
            async for comment in chat.comments():
                retry.reset()
                await inbox.put(comment)
            return
        except Closed:
            return
        except Exception as error:
            metrics.STAGE_FAULTS.labels("listen").inc()
            log.warning("chat %s was lost, again in %.1f s: %s", chat.name, retry.pause_seconds, error)
        await retry.wait()
