"""Scripted shows in virtual time: the real director, floor, playhead and plan, with a voice whose clauses
last two seconds each. Everything heard is logged with its time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import anyio
import numpy as np

from doublure.air.playhead import Making, Part, Playhead
from doublure.clock import VirtualClock
from doublure.conversation.moderation import banned
from doublure.conversation.settings import JudgeSettings
from doublure.cue import Clause, Comment, Cue, CueKind, EventKind, Utterance
from doublure.errors import DoublureError, EngineError
from doublure.media import SAMPLE_RATE, Speech
from doublure.shop.catalog import Catalog, Product
from doublure.shop.prices import Price
from doublure.shop.rundown import Line, Rundown, Slot
from doublure.show.director import Director, DirectorParts
from doublure.show.plan import Plan
from doublure.show.production import ProductionParts
from doublure.show.settings import RoomSettings, ShowSettings
from doublure.show.supervise import Watchdog, supervise

FRAME = 0.04
CLAUSE_SECONDS = 2.0
DISCLOSURE = "I am|an AI"
GOODBYE = "good|bye"

Heard = tuple[float, str, str]
"""Time in seconds, kind, and text of the clause; kind and text of silence are empty."""


class Reader:
    """The performer without pictures: steps the playhead 25 times per second."""

    def __init__(self, clock: VirtualClock) -> None:
        self.heard: Callable[[Clause], None] = lambda clause: None
        self.playhead = Playhead(lambda clause: self.heard(clause))
        self.on_air: Clause | None = None
        self.log: list[Heard] = []
        self._clock = clock

    @property
    def current(self) -> Clause | None:
        return self.playhead.current

    @property
    def seconds_waiting(self) -> float:
        return self.playhead.seconds_waiting

    async def offer(self, clause: Clause, wanted: Callable[[], bool] = lambda: True) -> None:
        await self.playhead.offer(Part(clause, np.zeros((1, 1), np.float32)), wanted)

    def cut(self) -> list[Clause]:
        return self.playhead.cut()

    def stop_within(self, making: Making) -> list[Clause]:
        return self.playhead.stop_within(making)

    async def run(self) -> None:
        while True:
            step = self.playhead.step()
            if step.clause is not self.on_air:
                self.on_air = step.clause
                said = (step.clause.utterance.kind, step.clause.speech.text) if step.clause else ("", "")
                self.log.append((round(self._clock.now(), 2), *said))
            await self._clock.sleep(FRAME)


class Journal:
    """Keeps entries in a list; can hang and can fail."""

    def __init__(self, clock: VirtualClock) -> None:
        self.entries: list[tuple[str, str, str]] = []
        self.fails = False
        self.hangs_seconds = 0.0
        self._clock = clock

    async def record(self, kind: str, ref: str, body: str) -> None:
        if self.hangs_seconds:
            await self._clock.sleep(self.hangs_seconds)
        if self.fails:
            raise DoublureError("no space left on the device")
        self.entries.append((kind, ref, body))


class Voice:
    """Splits clauses at `|`. `seconds` is the time that the first clause of each kind takes to synthesise."""

    def __init__(self, clock: VirtualClock) -> None:
        self.faults: dict[str, Exception | None] = {}
        """The fault at a clause that contains the key: an error to raise, or None to hang."""
        self.once = False
        """Each fault happens only once."""
        self.seconds: dict[str, float] = {}
        self._clock = clock

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Clause, None]:
        clauses = utterance.text.split("|")
        await self._clock.sleep(self.seconds.get(utterance.kind, 0.0))
        for number, text in enumerate(clauses, 1):
            await self._fault(text)
            pcm = np.full(int(CLAUSE_SECONDS * SAMPLE_RATE), 0.1, np.float32)
            yield Clause(utterance, Speech(pcm, text=text, last=number == len(clauses)))

    async def _fault(self, text: str) -> None:
        for word, error in list(self.faults.items()):
            if word in text:
                if self.once:
                    del self.faults[word]
                if error is None:
                    await anyio.sleep_forever()
                else:
                    raise error


class Writer:
    """Answers with the comment's own text, split into sentences at `/`."""

    name = "templates"

    async def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        texts: dict[CueKind, str] = {"disclosure": DISCLOSURE, "goodbye": GOODBYE, "filler": "well"}
        text = cue.comment.text if cue.comment else texts[cue.kind]
        for number, sentence in enumerate(text.split("/")):
            comment = cue.comment.id if cue.comment else ""
            yield Utterance(
                f"{cue.id}.{number}", cue.id, cue.kind, sentence, "en", comment=comment, facts=("f",)
            )


class Judge:
    """Hands out comments in order, and records the fate of each."""

    def __init__(self) -> None:
        self.comments: list[Comment] = []
        self.given: dict[str, Comment] = {}
        self.fates: list[tuple[str, str, str]] = []

    def next(self, product: str) -> Comment | None:
        if not self.comments:
            return None
        comment = self.comments.pop(0)
        self.given[comment.id] = comment
        return comment

    def settle(self, id: str, fate: str, answer: str) -> None:
        self.fates.append((id, fate, answer))
        if fate == "waiting":
            self.comments.insert(0, self.given[id])


class Show:
    """One show; `run` plays a script against it."""

    def __init__(
        self, slots: dict[str, list[str]], *, gap_seconds: float = 0.0, folder: Path = Path("room")
    ) -> None:
        self.clock = VirtualClock(settle=12)
        self.reader = Reader(self.clock)
        self.journal = Journal(self.clock)
        self.voice = Voice(self.clock)
        self.judge = Judge()
        self.watchdog = Watchdog(self.clock)
        products = tuple(Product(name, name, Price(Decimal(1), "USD")) for name in slots)
        catalog = Catalog("shop", "en", products)
        rundown = Rundown(
            tuple(Slot(name, tuple(Line(line) for line in lines)) for name, lines in slots.items())
        )
        settings = RoomSettings(
            room="show",
            language="en",
            folder=folder,
            catalog=Path("c"),
            rundown=Path("r"),
            show=ShowSettings(disclosure_minutes=10),
            judge=JudgeSettings(gap_seconds=gap_seconds),
        )
        making = ProductionParts(
            catalog,
            self.judge,  # type: ignore[arg-type]
            Writer(),
            self.voice,  # type: ignore[arg-type]
            self.reader,  # type: ignore[arg-type]
            self.journal,  # type: ignore[arg-type]
            self.clock,
            self.watchdog,
            banned(None),
        )
        self.director = Director(DirectorParts(settings, Plan(rundown), making))
        self.refused: list[str] = []

    def run(self, script: Callable[[Show], Awaitable[None]]) -> Show:
        """Play `script` on air; returns the show."""

        async def main() -> None:
            async with anyio.create_task_group() as group:
                self.group = group
                group.start_soon(self.reader.run)
                group.start_soon(supervise, self.watchdog, "direct", self.director.run)
                group.start_soon(supervise, self.watchdog, "answer", self.director.answer)
                await script(self)
                group.cancel_scope.cancel()

        anyio.run(main)
        return self

    def ask(self, id: str, text: str, kind: EventKind = "comment") -> None:
        """Send a comment or an event whose answer is `text`."""
        self.judge.comments.append(Comment(id, "chat", "viewer", text, self.clock.now(), kind))

    async def until_heard(self, kind: CueKind, seconds: float = 30.0) -> None:
        """Let time pass until a clause of this kind is on air."""
        end = self.clock.now() + seconds
        while self.reader.on_air is None or self.reader.on_air.utterance.kind != kind:
            assert self.clock.now() < end, f"no {kind} was heard: {self.reader.log}"
            await self.clock.advance(FRAME)

    def order(self, order: Callable[..., Awaitable[None]], *given: str) -> None:
        """Give an operator's order without waiting for it."""
        self.group.start_soon(self._guarded, order, *given)

    async def _guarded(self, order: Callable[..., Awaitable[None]], *given: str) -> None:
        try:
            await order(*given)
        except EngineError as error:
            self.refused.append(str(error))

    def heard(self, kind: str | None = None, since: float = 0.0) -> list[str]:
        """The clauses that began at `since` or later, of one kind or of all, without silence."""
        return [text for at, what, text in self.reader.log if what and at >= since and kind in (None, what)]

    def whole(self, *clauses: str) -> bool:
        """Whether these clauses were heard one directly after the other."""
        texts = self.heard()
        return any(tuple(texts[n : n + len(clauses)]) == clauses for n in range(len(texts)))

    def silences(self, until: float) -> list[tuple[float, float]]:
        """Start and length of each silence."""
        ends = [at for at, _, _ in self.reader.log[1:]] + [until]
        return [
            (at, round(end - at, 2))
            for (at, kind, _), end in zip(self.reader.log, ends, strict=True)
            if not kind
        ]
