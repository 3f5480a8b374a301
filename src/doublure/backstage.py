"""What runs behind a room while it is on air, besides the performer and the director."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from doublure import consent as consents
from doublure import metrics, scaled
from doublure.channel import Channel
from doublure.clock import Clock
from doublure.company import Company, revocation_folders
from doublure.consent import Consent
from doublure.cue import Comment, Utterance
from doublure.log import get_log
from doublure.snapshot import LineView
from doublure.supervise import Watchdog

SAID_LINES = 12
REVOCATION_SECONDS = 5.0
"""How often the consent is looked at; a revoked one must be off air within ten seconds."""

log = get_log(__name__)


@dataclass(slots=True)
class Minutes:
    """What has been said; one stage writes it, the room's view reads it."""

    said: deque[LineView] = field(default_factory=lambda: deque(maxlen=SAID_LINES))
    """Newest first."""
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """Seconds from question to first word, oldest first."""


async def publish(company: Company) -> None:
    """Frames to the publisher."""
    async for frame in company.performer.frames:
        await company.publisher.publish(frame)


async def take_comments(company: Company, inbox: Channel[Comment]) -> None:
    """Comments to the judge, journalled with its verdict."""
    async for comment in inbox:
        verdict = company.judge.take(comment)
        await company.journal.record("comment", comment.id, f"{verdict}\t{comment.author}\t{comment.text}")


async def keep_minutes(company: Company, minutes: Minutes) -> None:
    """Journal what was heard, and how long questions waited."""
    async for aired in company.performer.aired:
        utterance = aired.utterance
        await company.journal.record("aired", utterance.id, aired.fate)
        if aired.fate != "begun":
            continue
        minutes.said.appendleft(line_view(company, utterance))
        for comment in company.director.asked:
            if comment.id == utterance.comment and utterance.kind == "answer":
                wait = aired.at - comment.at
                metrics.ANSWER_SECONDS.observe(wait)
                minutes.waits.append(wait)
                log.info("answered after %.2f s: %s", wait, comment.text)
                company.director.asked.remove(comment)
                break


async def watch_consent(
    company: Company, consent: Consent, file: Path, clock: Clock, leave: Callable[[str], None]
) -> None:
    """Look at the consent as long as it holds; when it is revoked or over, tell why and leave."""
    folders = revocation_folders(company.director.desk.settings)
    while True:
        fate = "revoked" if consents.revoked(consent, file, folders) else ""
        if consents.lapsed(consent, clock.wall()):
            fate = "ended"
        if fate:
            log.error("the host's consent was %s, leaving the air", fate)
            await company.journal.record("consent", fate, file.name)
            company.performer.cut()
            leave(f"the host's consent was {fate}: the room has left the air")
            consents.remember_revocation(consent, file, folders, clock.wall())
            for folder in folders[1:] if fate == "revoked" else ():
                scaled.forget(folder)
            return
        await clock.sleep(REVOCATION_SECONDS)


async def mind_voice(company: Company, watchdog: Watchdog) -> None:
    """While the voice fails, an alarm stands and it is tried again; both ends are journalled."""
    understudy = company.understudy
    assert understudy is not None
    while True:
        why = await understudy.lost()
        watchdog.alarm("voice", f"the embedded voice speaks: {why}")
        await company.journal.record("voice", "replaced", why)
        await understudy.found()
        watchdog.clear("voice")
        await company.journal.record("voice", "back", understudy.name)


def line_view(company: Company, utterance: Utterance) -> LineView:
    """A sentence for people."""
    return LineView(utterance.kind, utterance.text, product_name(company, utterance.product))


def product_name(company: Company, id: str) -> str:
    """Name of a product, "" for none."""
    product = company.catalog.product(id)
    return product.name if product else ""
