"""The small supervised stages of a room on air, besides the performer and the director."""

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
"""Time between two checks of the consent. After a revocation the room must be off air within ten seconds."""
READING_SECONDS = 4.0
"""Longest wait for the consent and revocation files; after that an alarm stands until they can be read."""
BATCH = 256
"""Most comments judged and journalled in one batch."""
SLICE = 16
"""Most comments judged before other tasks run."""
SLICE_SECONDS = 0.002
"""Longest time of judging before other tasks run; one comment may take longer."""
REST = 0.25
"""Rest after each slice, as a share of its time. Without it a flood of 5,000 comments/s slowed air to 14 frames/s."""
JOURNAL_ALARM_SECONDS = 60.0

log = get_log(__name__)


@dataclass(slots=True)
class AiredLines:
    """What was heard. One stage writes it, the room's view reads it."""

    said: deque[LineView] = field(default_factory=lambda: deque(maxlen=SAID_LINES))
    """Newest first."""
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """Seconds from question to first word, oldest first."""
    answered: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    """Ids of the comments in `waits`, newest last."""


async def publish(parts: RoomParts) -> None:
    """Pass the performer's frames to the publisher."""
    async for frame in parts.performer.frames:
        await parts.publisher.publish(frame)
        parts.performer.hold(parts.publisher.label_fault)


async def judge_comments(parts: RoomParts, inbox: Inbox, clock: Clock) -> None:
    """Judge and journal comments in batches, because a rush must not wait for the disk: one batch is judged
    while the one before it is written. In a rush the judge rests between slices, because air uses the same
    event loop."""
    turn = anyio.Semaphore(1)
    async with anyio.create_task_group() as writing:
        while True:
            try:
                batch = await inbox.take(BATCH)
            except Closed:
                return
            entries: list[Record] = []
            began = clock.now()
            for number, comment in enumerate(batch, 1):
                entries.append(
                    Record(
                        "comment", comment.id, f"{_judged(parts, comment)}\t{comment.author}\t{comment.text}"
                    )
                )
                if number % SLICE == 0 or clock.now() - began >= SLICE_SECONDS:
                    await clock.sleep(REST * (clock.now() - began))
                    began = clock.now()
            await turn.acquire()
            writing.start_soon(_write_comments, parts, entries, turn)


async def _write_comments(parts: RoomParts, entries: list[Record], turn: anyio.Semaphore) -> None:
    try:
        await parts.journal.record_many(entries)
    except DoublureError as error:
        log.error("%d comments were not journalled: %s", len(entries), error)
        text = f"{len(entries)} comments were not journalled: {error}"
        parts.watchdog.alarm("journal", text, seconds=JOURNAL_ALARM_SECONDS)
    finally:
        turn.release()


def _judged(parts: RoomParts, comment: Comment) -> str:
    try:
        return parts.judge.take(comment)
    except Exception:
        metrics.STAGE_FAULTS.labels("judge").inc()
        log.exception("comment %s could not be judged and was dropped", comment.id)
        return "failed"


async def record_aired(parts: RoomParts, lines: AiredLines) -> None:
    """Journal what was heard, and measure how long questions waited."""
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
    """Check the consent until it is revoked or ends; then leave the air at once, and journal it after that.

    The time since the show's start is counted as well, so that setting back the machine's clock does not
    lengthen the consent.
    """
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
                        # the room cancels its stages now; this must be done nevertheless
                        with anyio.CancelScope(shield=True), clock.timeout(READING_SECONDS):
                            await reading.run(_forget, consent, file, folders, now)
                return
            await clock.sleep(REVOCATION_SECONDS)
    finally:
        reading.close()


def _forget(consent: Consent, file: Path, folders: Sequence[Path], now: datetime) -> None:
    """Remember a revocation in the room's folder, and delete the scaled copies of the persona's takes."""
    consents.remember_revocation(consent, file, folders, now)
    for folder in folders[1:]:
        scaled.forget(folder)


async def watch_voice(parts: RoomParts) -> None:
    """Keep an alarm standing while the fallback replaces the voice; journal when that begins and ends."""
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
    """A sentence as the operator is shown it."""
    return LineView(utterance.kind, utterance.text, product_name(parts, utterance.product))


def product_name(parts: RoomParts, id: str) -> str:
    """Name of a product, "" for none."""
    product = parts.catalog.product(id)
    return product.name if product else ""
