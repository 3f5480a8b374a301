"""Forwards a chat's comments to the judge and brings a lost chat back."""

from __future__ import annotations

from doublure import metrics
from doublure.channel import Channel, Closed
from doublure.clock import Clock
from doublure.cue import Comment
from doublure.engines import Chat
from doublure.log import get_log

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0

log = get_log(__name__)


async def listen(chat: Chat, inbox: Channel[Comment], clock: Clock) -> None:
    """Forward until the chat ends of itself or the inbox closes. A chat that fails is begun again
    after a pause that doubles from half a second to ten; a comment that arrives sets it back."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            async for comment in chat.comments():
                pause = FIRST_PAUSE_SECONDS
                await inbox.put(comment)
            return
        except Closed:
            return
        except Exception as error:
            metrics.STAGE_FAULTS.labels("listen").inc()
            log.warning("chat %s was lost, again in %.1f s: %s", chat.name, pause, error)
        await clock.sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
