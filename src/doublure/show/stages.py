"""The small loops of a room on air, besides the performer and the director. Each is a stage that is supervised."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from doublure import metrics
from doublure.channel import Closed
from doublure.chat.inbox import Inbox
from doublure.clock import Clock
from doublure.cue import Comment, Utterance
from doublure.errors import DoublureError
from doublure.log import get_log
from doublure.picture.body import scaled
from doublure.show.assemble import RoomParts, revocation_folders
from doublure.threads import Lane
from doublure.trust import consent as consents
from doublure.trust.consent import Consent
from doublure.trust.journal import Record
from doublure.views import LineView

SAID_LINES = 12
REVOCATION_SECONDS = 4.0
"""How often the consent is looked at; a revoked one must be off air within ten seconds."""
READING_SECONDS = 4.0
"""Longest wait for the files in which a revocation may stand; then an alarm stands until they can be read."""
BATCH = 256
"""Comments that are judged and journalled at once."""
SLICE = 16
"""Comments judged before others have a turn: about two milliseconds."""
JOURNAL_ALARM_SECONDS = 60.0

log = get_log(__name__)


@dataclass(slots=True)
class AiredLines:
    """What has been said; one stage writes it, the room's view reads it."""

    said: deque[LineView] = field(default_factory=lambda: deque(maxlen=SAID_LINES))
    """Newest first."""
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """Seconds from question to first word, oldest first."""
    answered: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    """Ids of the comments of `waits`, the newest last."""


async def publish(parts: RoomParts) -> None:
    """Frames to the publisher."""
    async for frame in parts.performer.frames:
        await parts.publisher.publish(frame)
        parts.performer.hold(parts.publisher.label_fault)


async def judge_comments(parts: RoomParts, inbox: Inbox) -> None:
    """Comments to the judge, journalled with its verdict, in batches: a rush must not wait for the disk."""
    while True:
        try:
            batch = await inbox.take(BATCH)
        except Closed:
            return
        entries: list[Record] = []
        for number, comment in enumerate(batch, 1):
            entries.append(
                Record("comment", comment.id, f"{_judged(parts, comment)}\t{comment.author}\t{comment.text}")
            )
            if number % SLICE == 0:
                await anyio.lowlevel.checkpoint()
        try:
            await parts.journal.record_many(entries)
        except DoublureError as error:
            log.error("%d comments were not journalled: %s", len(entries), error)
            text = f"{len(entries)} comments were not journalled: {error}"
            parts.watchdog.alarm("journal", text, seconds=JOURNAL_ALARM_SECONDS)


def _judged(parts: RoomParts, comment: Comment) -> str:
    try:
        return parts.judge.take(comment)
    except Exception:
        metrics.STAGE_FAULTS.labels("judge").inc()
        log.exception("comment %s could not be judged and was dropped", comment.id)
        return "failed"


async def record_aired(parts: RoomParts, lines: AiredLines) -> None:
    """Journal what was heard, and how long questions waited."""
    async for aired in parts.performer.aired:
        utterance = aired.utterance
        if aired.fate == "begun":
            lines.said.appendleft(line_view(parts, utterance))
            _note_wait(parts, lines, utterance, aired.at)
        await parts.director.production.note("aired", utterance.id, aired.fate)


def _note_wait(parts: RoomParts, lines: AiredLines, utterance: Utterance, at: float) -> None:
    asked = parts.director.cues.asked_at(utterance.comment)
    if utterance.kind != "answer" or asked is None or utterance.comment in lines.answered:
        return
    lines.answered.append(utterance.comment)
    lines.waits.append(at - asked)
    metrics.ANSWER_SECONDS.observe(at - asked)
    log.info("answered after %.2f s: comment %s", at - asked, utterance.comment)


async def watch_consent(
    parts: RoomParts, consent: Consent, file: Path, clock: Clock, leave: Callable[[str], None]
) -> None:
    """Look at the consent as long as it holds. When it is revoked or over, leave the air at once; it is journalled
    after. The days of the consent are counted from the show's start, so that setting back the machine's clock does
    not lengthen it."""
    began, start = clock.now(), clock.wall()
    reading = Lane("consent")
    folders = revocation_folders(parts.director.parts.settings)
    try:
        while True:
            now = max(clock.wall(), start + timedelta(seconds=clock.now() - began))
            fate = "ended" if consents.lapsed(consent, now) else ""
            with clock.timeout(READING_SECONDS) as limit:
                fate = "revoked" if await reading.run(consents.revoked, consent, file, folders) else fate
            if limit.cancelled_caught:
                parts.watchdog.alarm("consent", f"{file.name} and its revocation cannot be read")
            else:
                parts.watchdog.clear("consent")
            if fate:
                log.error("the host's consent was %s, leaving the air", fate)
                parts.director.floor.close()
                parts.director.floor.cut()
                leave(f"the host's consent was {fate}: the room has left the air")
                try:
                    await parts.director.production.note("consent", fate, file.name)
                finally:
                    if fate == "revoked":
                        # the room that is over cancels its stages, and this is done all the same
                        with anyio.CancelScope(shield=True), clock.timeout(READING_SECONDS):
                            await reading.run(_forget, consent, file, folders, now)
                return
            await clock.sleep(REVOCATION_SECONDS)
    finally:
        reading.close()


def _forget(consent: Consent, file: Path, folders: Sequence[Path], now: datetime) -> None:
    """Remember a revocation beside the room, and remove the copies of the takes that were made for it."""
    consents.remember_revocation(consent, file, folders, now)
    for folder in folders[1:]:
        scaled.forget(folder)


async def watch_voice(parts: RoomParts) -> None:
    """While the voice fails, an alarm stands and it is tried again; both ends are journalled."""
    fallback = parts.fallback
    assert fallback is not None
    while True:
        why = await fallback.lost()
        parts.watchdog.alarm("voice", f"the embedded voice speaks: {why}")
        await parts.director.production.note("voice", "replaced", why)
        await fallback.found()
        parts.watchdog.clear("voice")
        await parts.director.production.note("voice", "back", fallback.name)


def line_view(parts: RoomParts, utterance: Utterance) -> LineView:
    """A sentence for people."""
    return LineView(utterance.kind, utterance.text, product_name(parts, utterance.product))


def product_name(parts: RoomParts, id: str) -> str:
    """Name of a product, "" for none."""
    product = parts.catalog.product(id)
    return product.name if product else ""
