"""The room: one show on air, and all of its wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from doublure import address, metrics
from doublure.ahead import prepare
from doublure.backstage import (
    Minutes,
    keep_minutes,
    line_view,
    mind_voice,
    product_name,
    publish,
    take_comments,
    watch_consent,
)
from doublure.catalog import price_text
from doublure.channel import Channel
from doublure.chats.console import ConsoleChat
from doublure.clock import Clock, RealClock
from doublure.company import Company, address_of, check_address, gather, make_sink
from doublure.cue import Comment
from doublure.engines import Face, Voice
from doublure.errors import EngineError
from doublure.listen import listen
from doublure.log import get_log
from doublure.settings import RoomSettings, SinkSettings
from doublure.snapshot import LineView, Measures, ProductView, RoomState, RoomView
from doublure.store import open_store
from doublure.supervise import Watchdog, supervise

COMMENTS_AHEAD = 200
"""Comments that may wait for the judge; the oldest is lost first."""
WRAP_SECONDS = 30.0
"""Longest time a wrap may take before the room stops all the same."""

log = get_log(__name__)


class Room:
    """A show on air. Made by `open_room`."""

    def __init__(self, settings: RoomSettings, company: Company, clock: Clock) -> None:
        self.name = settings.room
        self._settings = settings
        self._company = company
        self._clock = clock
        self._began = clock.now()
        self._state: RoomState = "on_air"
        self._minutes = Minutes()
        self._watchdog = Watchdog(clock)
        self._over = anyio.Event()
        self._pushed = 0
        self._spawn: Callable[..., object]

    # ---- orders ------------------------------------------------------------------------------

    async def cut(self) -> None:
        """Stop speaking now."""
        await self._company.director.cut()

    async def say(self, text: str) -> None:
        """Let the host say a line next; returns at once."""
        self._spawn(self._guard, "say", self._company.director.say, text)

    async def skip(self) -> None:
        """Go to the next product; returns at once."""
        self._spawn(self._guard, "skip", self._company.director.skip)

    async def comment(self, author: str, text: str) -> None:
        """A comment typed on the console, as a viewer's."""
        for chat in self._company.chats:
            if isinstance(chat, ConsoleChat):
                chat.post(author, text)
                return
        raise EngineError(
            "this room has no console chat", where=self.name, remedy="add `engine: console` to chats"
        )

    async def push(self, url: str) -> None:
        """Send the picture to an RTMP address as well; raises `SinkError` or `ConsentError`."""
        check_address(url, self._company.consent)
        self._pushed += 1
        name = f"rtmp-{self._pushed}"
        settings = SinkSettings(engine="rtmp", name=name, url=url)
        sink = make_sink(settings, self._pushed, self._company.consent)
        await self._company.journal.record("operator", "push", address.redact(url))
        self._company.publisher.add(sink, address=url, removable=True)

    async def stop_push(self, name: str) -> None:
        """Stop an output that was added on the console."""
        await self._company.journal.record("operator", "stop_push", name)
        await self._company.publisher.remove(name)

    async def wrap(self) -> None:
        """Finish the sentence, disclose, say goodbye, close the outputs; returns when it is over."""
        if self._state == "stopping":
            await self._over.wait()
            return
        self._state = "stopping"
        with anyio.move_on_after(WRAP_SECONDS):
            await self._guard("wrap", self._company.director.wrap)
        self.stop()

    def stop(self) -> None:
        """Leave the air at once; outputs are still closed properly."""
        self._state = "stopping"
        self._over.set()

    async def ended(self) -> None:
        """Return when the show is over."""
        await self._over.wait()

    # ---- what it shows -----------------------------------------------------------------------

    def view(self) -> RoomView:
        """The room at this moment."""
        company = self._company
        clause = company.performer.on_air
        now = line_view(company, clause.utterance) if clause else None
        product = company.catalog.product(company.director.product)
        shown = None
        if product is not None:
            was = price_text(product.was, company.catalog.language) if product.was else ""
            shown = ProductView(
                product.id, product.name, price_text(product.price, company.catalog.language), was
            )
        fault = company.performer.fault
        alarms = [*self._watchdog.alarms, *([fault] if fault else [])]
        state: RoomState = "standby" if fault and self._state == "on_air" else self._state
        return RoomView(
            name=self.name,
            state="off" if self._over.is_set() else state,
            on_air_seconds=int(self._clock.now() - self._began),
            now=now,
            next=tuple(
                LineView("script", text, product_name(company, product))
                for text, product in company.director.plan.coming(5)
            ),
            lines_ready=company.director.ahead.ready,
            lines=company.director.ahead.total,
            said=tuple(self._minutes.said),
            product=shown,
            comments=company.judge.views(),
            unknown=company.judge.unknown(),
            sinks=company.publisher.views(),
            late_pictures=company.performer.late_pictures,
            alarms=tuple(alarms),
            language=self._settings.language,
        )

    def measures(self) -> Measures:
        """Figures for benchmarks."""
        performer = self._company.performer
        return Measures(
            performer.frames_made,
            performer.frames_speaking,
            performer.late_pictures,
            tuple(self._minutes.waits),
        )

    async def changes(self) -> AsyncIterator[RoomView]:
        """The room whenever it changed, at most twice a second, until the show is over."""
        last: RoomView | None = None
        while not self._over.is_set():
            view = self.view()
            if view != last:
                last = view
                yield view
            with anyio.move_on_after(0.5):
                await self._over.wait()
        yield self.view()

    def watch(self) -> AsyncIterator[bytes]:
        """The picture as HTTP-FLV bytes, from the last keyframe on."""
        return self._company.publisher.watch()

    # ---- what runs -----------------------------------------------------------------------------

    async def _run(self, spawn: Callable[..., object], consent_file: Path | None) -> None:
        company = self._company
        self._spawn = spawn
        inbox: Channel[Comment] = Channel("comments", COMMENTS_AHEAD, "drop_oldest")
        for chat in company.chats:
            spawn(listen, chat, inbox, self._clock)
        for name, stage in (
            ("perform", company.performer.run),
            ("publish", lambda: publish(company)),
            ("direct", company.director.run),
            ("answer", company.director.answer),
            ("prepare", lambda: prepare(company.director)),
            ("minutes", lambda: keep_minutes(company, self._minutes)),
            ("judge", lambda: take_comments(company, inbox)),
        ):
            spawn(supervise, self._watchdog, name, stage)
        if company.understudy is not None:
            spawn(supervise, self._watchdog, "readings", company.understudy.run)
            spawn(supervise, self._watchdog, "voice", lambda: mind_voice(company, self._watchdog))
        if company.consent is not None and consent_file is not None:
            spawn(watch_consent, company, company.consent, consent_file, self._clock, self._leave)

    def _leave(self, why: str) -> None:
        self._watchdog.alarm("consent", why)
        self.stop()

    async def _guard(self, name: str, order: Callable[..., Awaitable[None]], *args: str) -> None:
        try:
            await order(*args)
        except Exception as error:
            metrics.STAGE_FAULTS.labels(name).inc()
            self._watchdog.alarm(name, str(error))
            log.exception("order %s failed", name)


@asynccontextmanager
async def open_room(
    settings: RoomSettings,
    *,
    clock: Clock | None = None,
    voice: Voice | None = None,
    face: Face | None = None,
) -> AsyncIterator[Room]:
    """Put a room on air for as long as the context lasts. Raises what an operator can mend
    (`SettingsError`, `ConsentError`, `FootageError`, `EngineError`) before anything is on air."""
    clock = clock or RealClock()
    async with open_store(settings.folder, settings.store) as store:
        company = await gather(settings, clock, store, voice=voice, face=face)
        room = Room(settings, company, clock)
        async with anyio.create_task_group() as outputs:
            await outputs.start(company.publisher.run)
            for number, sink in enumerate(settings.sinks, 1):
                made = make_sink(sink, number, company.consent)
                company.publisher.add(made, address=address_of(sink), removable=False)
            try:
                async with anyio.create_task_group() as stages:
                    await room._run(stages.start_soon, settings.consent)
                    try:
                        yield room
                    finally:
                        room.stop()
                        stages.cancel_scope.cancel()
            finally:
                with anyio.CancelScope(shield=True):
                    company.performer.close()
                    if company.understudy is not None:
                        await company.understudy.close()
                    await company.publisher.stop()
                    await company.journal.record("room", "closed", "")
