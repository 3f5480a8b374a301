"""The room: one show on air, its orders, its view and its stages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from doublure import address, metrics
from doublure.air.settings import SinkSettings
from doublure.chat.connectors.console import ConsoleChat
from doublure.chat.inbox import Inbox
from doublure.chat.listen import listen
from doublure.clock import Clock, RealClock
from doublure.conversation.judge import may_ask_identity
from doublure.errors import DoublureError, EngineError
from doublure.log import get_log
from doublure.picture.engine import Face
from doublure.shop.prices import price_text
from doublure.show.assemble import RoomParts, address_of, assemble, check_address, close, make_sink, warm
from doublure.show.prepare import keep_prepared
from doublure.show.settings import RoomSettings
from doublure.show.stages import (
    AiredLines,
    judge_comments,
    line_view,
    product_name,
    publish,
    record_aired,
    watch_consent,
    watch_voice,
)
from doublure.show.supervise import supervise
from doublure.store import open_store
from doublure.views import LineView, Measures, ProductView, RoomState, RoomView
from doublure.voice.engine import Voice

WRAP_SECONDS = 120.0
"""Longest time a wrap may take before the room stops anyway. Its speech is far shorter: a sentence of at most
8 s, a disclosure that has begun, the closing disclosure and the goodbye."""
ORDER_ALARM_SECONDS = 60.0
"""How long the alarm about a failed order stands."""
SETTLE_SECONDS = 2.0
"""Longest wait, when the room closes, for a database that is behind with the journal."""
AIR_PAUSE_SECONDS = 0.5
"""Longest pause before the restart of a stage that the picture on air depends on."""

log = get_log(__name__)


class Room:
    """A show on air. Made by `open_room`."""

    def __init__(self, settings: RoomSettings, parts: RoomParts, clock: Clock) -> None:
        self.name = settings.room
        self._settings = settings
        self._parts = parts
        self._clock = clock
        self._began = clock.now()
        self._state: RoomState = "on_air"
        self._lines = AiredLines()
        self.watchdog = parts.watchdog
        """The alarms of the room and of everything that runs beside it."""
        self._over = anyio.Event()
        self._pushed = 0
        self._spawn: Callable[..., object]
        self.local = parts.consent is not None and parts.consent.scope == "local"
        """Whether the consent has scope `local`, so that the picture may not be shown on other machines."""

    # ---- orders ------------------------------------------------------------------------------

    async def cut(self) -> None:
        """Stop speaking now."""
        await self._parts.director.cut()

    async def say(self, text: str) -> None:
        """Have the host say a line next; returns at once. A line that cannot be spoken raises an alarm."""
        self._spawn(self._guard, "say", self._parts.director.say, text)

    async def skip(self, product: str | None = None) -> None:
        """Go to the next product; with `product`, only while that one is on air. Returns at once."""
        self._spawn(self._guard, "skip", self._parts.director.skip, product)

    async def comment(self, author: str, text: str) -> None:
        """Post a comment typed on the console, as if a viewer wrote it. Raises `EngineError`."""
        for chat in self._parts.chats:
            if isinstance(chat, ConsoleChat):
                chat.post(author, text)
                return
        raise EngineError(
            "this room has no console chat", where=self.name, remedy="add `engine: console` to chats"
        )

    async def push(self, url: str) -> None:
        """Also send the picture to an RTMP address. Raises `SinkError` or `ConsentError`."""
        check_address(url, self._parts.consent)
        self._pushed += 1
        name = f"rtmp-{self._pushed}"
        settings = SinkSettings(engine="rtmp", name=name, url=url)
        sink = make_sink(settings, self._pushed, self._parts.consent)
        await self._parts.journal.record("operator", "push", address.redact(url))
        self._parts.publisher.add(sink, address=url, removable=True)

    async def stop_push(self, name: str) -> None:
        """Stop an output that was added on the console."""
        await self._parts.journal.record("operator", "stop_push", name)
        await self._parts.publisher.remove(name)

    async def wrap(self) -> None:
        """Finish the sentence, disclose, say goodbye, close the outputs; returns when the show is over."""
        if self._state == "stopping":
            await self._over.wait()
            return
        self._state = "stopping"
        with self._clock.timeout(WRAP_SECONDS) as limit:
            await self._guard("wrap", self._parts.director.wrap)
        if limit.cancelled_caught:
            log.error("the wrap took longer than %.0f s and was given up", WRAP_SECONDS)
        self.stop()

    def stop(self) -> None:
        """Leave the air at once. Outputs are still closed properly."""
        self._state = "stopping"
        self._over.set()

    async def ended(self) -> None:
        """Return when the show is over."""
        await self._over.wait()

    # ---- views -------------------------------------------------------------------------------

    def view(self) -> RoomView:
        """The room at this moment."""
        parts = self._parts
        clause = parts.performer.on_air
        now = line_view(parts, clause.utterance) if clause else None
        product = parts.catalog.product(parts.director.product)
        shown = None
        if product is not None:
            was = price_text(product.was, parts.catalog.language) if product.was else ""
            shown = ProductView(
                product.id, product.name, price_text(product.price, parts.catalog.language), was
            )
        faults = [fault for fault in (parts.performer.fault, parts.director.production.silenced) if fault]
        state: RoomState = "standby" if faults and self._state == "on_air" else self._state
        return RoomView(
            name=self.name,
            state="off" if self._over.is_set() else state,
            on_air_seconds=int(self._clock.now() - self._began),
            now=now,
            next=tuple(
                LineView("script", text, product_name(parts, product))
                for text, product in parts.director.plan.coming(5)
            ),
            lines_ready=parts.preparer.ready,
            lines=parts.preparer.total,
            said=tuple(self._lines.said),
            product=shown,
            comments=parts.judge.views(),
            unknown=parts.judge.unknown(),
            sinks=parts.publisher.views(),
            late_pictures=parts.performer.late_pictures,
            alarms=(*self.watchdog.alarms, *faults),
            language=self._settings.language,
        )

    def measures(self) -> Measures:
        """Figures for benchmarks."""
        performer = self._parts.performer
        return Measures(
            performer.frames_made,
            performer.frames_speaking,
            performer.late_pictures,
            tuple(self._lines.waits),
        )

    async def changes(self) -> AsyncIterator[RoomView]:
        """Yield the room's view whenever it changes, at most twice a second, until the show is over."""
        last: RoomView | None = None
        while not self._over.is_set():
            view = self.view()
            if view != last:
                last = view
                yield view
            with self._clock.timeout(0.5):
                await self._over.wait()
        yield self.view()

    def watch(self) -> AsyncIterator[bytes]:
        """The stream as HTTP-FLV bytes, from the last keyframe on."""
        return self._parts.publisher.watch()

    # ---- stages --------------------------------------------------------------------------------

    async def _run(self, spawn: Callable[..., object], consent_file: Path | None) -> None:
        parts = self._parts
        self._spawn = spawn
        inbox = Inbox(lambda comment: may_ask_identity(comment.text))
        for chat in parts.chats:
            spawn(listen, chat, inbox, self._clock)
        director, clock = parts.director, self._clock
        for name, stage in (
            ("perform", parts.performer.run),
            ("publish", lambda: publish(parts)),
            ("pace", parts.publisher.pace),
        ):
            spawn(supervise, self.watchdog, name, stage, AIR_PAUSE_SECONDS)
        for name, stage in (
            ("direct", director.run),
            ("answer", director.answer),
            ("prepare", lambda: keep_prepared(parts.preparer, director.urgent, clock)),
            ("aired", lambda: record_aired(parts, self._lines)),
            ("judge", lambda: judge_comments(parts, inbox, clock)),
        ):
            spawn(supervise, self.watchdog, name, stage)
        if parts.fallback is not None:
            spawn(supervise, self.watchdog, "readings", parts.fallback.run)
            spawn(supervise, self.watchdog, "voice", lambda: watch_voice(parts))
        consent = parts.consent
        if consent is not None and consent_file is not None:
            watch = lambda: watch_consent(parts, consent, consent_file, clock, self._leave)  # noqa: E731
            spawn(supervise, self.watchdog, "consent", watch, AIR_PAUSE_SECONDS)

    def _leave(self, why: str) -> None:
        self.watchdog.alarm("consent", why)
        self.stop()

    async def _guard(self, name: str, order: Callable[..., Awaitable[None]], *args: str | None) -> None:
        try:
            await order(*args)
        except Exception as error:
            metrics.STAGE_FAULTS.labels(name).inc()
            self.watchdog.alarm(name, str(error), seconds=ORDER_ALARM_SECONDS)
            log.error("order %s failed: %s", name, error, exc_info=not isinstance(error, DoublureError))


@asynccontextmanager
async def open_room(
    settings: RoomSettings,
    *,
    clock: Clock | None = None,
    voice: Voice | None = None,
    face: Face | None = None,
) -> AsyncIterator[Room]:
    """Put a room on air while the context lasts. Errors that an operator can fix (`SettingsError`,
    `ConsentError`, `FootageError`, `EngineError`) are raised before anything is on air."""
    clock = clock or RealClock()
    async with open_store(settings.folder, settings.store) as store:
        parts = await assemble(settings, clock, store, voice=voice, face=face)
        await warm(parts, clock)
        room = Room(settings, parts, clock)
        async with anyio.create_task_group() as outputs:
            await outputs.start(parts.publisher.run)
            for number, sink in enumerate(settings.sinks, 1):
                made = make_sink(sink, number, parts.consent)
                parts.publisher.add(made, address=address_of(sink), removable=False)
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
                    await close(parts, clock)
                    await parts.publisher.stop()
                    await parts.director.production.note("room", "closed", "")
                    await parts.journal.settle(SETTLE_SECONDS)
