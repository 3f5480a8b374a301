"""Reads, checks and puts together the parts of a room before it goes on air."""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio

from doublure import address
from doublure.air.encoder import Encoder
from doublure.air.engine import Redirectable, Sink, find_sink
from doublure.air.label_check import LabelCheck
from doublure.air.performer import Performer
from doublure.air.publisher import Publisher
from doublure.air.settings import SinkSettings
from doublure.chat.engine import Chat, find_chat
from doublure.clock import Clock
from doublure.conversation import answer
from doublure.conversation.engine import find_writer
from doublure.conversation.judge import Judge
from doublure.conversation.moderation import banned
from doublure.engines import Closable
from doublure.errors import ConsentError, SettingsError, SinkError
from doublure.log import get_log
from doublure.media import Language
from doublure.picture.engine import Face, find_face
from doublure.picture.overlay import Overlay
from doublure.settings import load_machine
from doublure.shop.catalog import Catalog, load_catalog
from doublure.shop.rundown import load_rundown
from doublure.show.director import Director, DirectorParts
from doublure.show.plan import Plan
from doublure.show.prepare import Preparer
from doublure.show.production import ProductionParts
from doublure.show.settings import RoomSettings
from doublure.show.supervise import Watchdog
from doublure.store import Store
from doublure.threads import Lane
from doublure.trust import consent as consents
from doublure.trust import persona as personas
from doublure.trust.consent import Consent
from doublure.trust.journal import Journal
from doublure.voice.cache import SpeechCache
from doublure.voice.engine import Pronouncing, Voice, find_voice
from doublure.voice.fallback import FallbackVoice
from doublure.voice.phones.symbols import Sounds
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker
from doublure.voice.spoken.lexicon import EMPTY, load_lexicon

SPEECH_FOLDER = "speech"
WARM_SECONDS = 60.0
"""Longest wait for each part that is loaded before the show."""
CLOSE_SECONDS = 3.0
"""Longest wait for an engine to close its connections."""
EMBEDDED = ("kokoro", "tone")
"""Voices that need no server. The first is the fallback for all others."""

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class RoomParts:
    """The parts of one room."""

    consent: Consent | None
    catalog: Catalog
    judge: Judge
    chats: tuple[Chat, ...]
    performer: Performer
    publisher: Publisher
    director: Director
    journal: Journal
    preparer: Preparer
    watchdog: Watchdog
    fallback: FallbackVoice | None = None
    """The voice, with the embedded one as its fallback; None if the room's own voice is embedded."""


async def assemble(
    settings: RoomSettings,
    clock: Clock,
    store: Store,
    *,
    voice: Voice | None = None,
    face: Face | None = None,
) -> RoomParts:
    """Make the parts. Raises every error that an operator can fix, before anything is on air."""
    consent = verify_consent(settings, clock)
    catalog = load_catalog(settings.catalog)
    rundown = load_rundown(settings.rundown, catalog)
    loading = Lane("load")
    try:
        if face is None:
            face = await loading.run(make_face, settings)
        overlay = await loading.run(Overlay, settings.picture.size, settings.language, face.head)
        encoder = await loading.run(Encoder, settings.picture)
    finally:
        loading.close()
    lexicon = load_lexicon(settings.lexicon, settings.language) if settings.lexicon else EMPTY
    if voice is None:
        voice = make_voice(settings.voice, settings.language, clock, lexicon.sounds)
    speaker = Speaker(
        voice,
        settings.language,
        SpeechCache(settings.folder / SPEECH_FOLDER),
        lexicon=lexicon,
        breathes=settings.voice.breath,
    )
    writer = find_writer(settings.writer.engine)(settings.writer, settings.language, clock)
    judge = Judge(settings.judge, catalog, clock)
    performer = Performer(face, overlay, catalog, clock)
    journal = Journal(store, clock)
    plan, watchdog = Plan(rundown), Watchdog(clock)
    making = ProductionParts(
        catalog, judge, writer, speaker, performer, journal, clock, watchdog, banned(settings.judge.words)
    )
    director = Director(DirectorParts(settings, plan, making))
    chats = tuple(find_chat(chat.engine)(chat, clock) for chat in settings.chats)
    return RoomParts(
        consent,
        catalog,
        judge,
        chats,
        performer,
        Publisher(encoder, clock, LabelCheck(encoder.header, overlay.label_present)),
        director,
        journal,
        Preparer(plan, speaker, catalog.language),
        watchdog,
        voice if isinstance(voice, FallbackVoice) else None,
    )


async def warm(parts: RoomParts, clock: Clock) -> None:
    """Load lexicons and models before the room is on air, because loading them holds the interpreter's lock for
    up to half a second. What fails here is tried again on air, where the operator is told."""
    making = parts.director.parts.making
    async with anyio.create_task_group() as loading:
        for name, load in (
            ("voice", making.speaker.warm),
            ("face", parts.performer.mouths.warm),
            ("writer", partial(answer.warm, making.writer, making.catalog)),
        ):
            loading.start_soon(_load, name, load, clock)
    # a full collection would go through the lexicons' million objects on air, 0.1 s each time
    gc.collect()
    gc.freeze()


async def _load(name: str, load: Callable[[], Awaitable[None]], clock: Clock) -> None:
    try:
        with clock.timeout(WARM_SECONDS):
            await load()
            return
        log.warning("the %s was not loaded within %.0f s; the show begins without it", name, WARM_SECONDS)
    except Exception as error:
        log.warning("the %s could not be loaded before the show: %s", name, error)


async def close(parts: RoomParts, clock: Clock) -> None:
    """Close everything that holds threads or connections. Never raises; an engine that hangs is abandoned."""
    gc.unfreeze()
    parts.performer.close()
    making = parts.director.parts.making
    for engine in (making.speaker.voice, making.writer):
        if not isinstance(engine, Closable):
            continue
        try:
            with clock.timeout(CLOSE_SECONDS):
                await engine.close()
        except Exception:
            log.exception("engine %s could not be closed", engine)
    making.speaker.close()


def verify_consent(settings: RoomSettings, clock: Clock) -> Consent | None:
    """The consent of the host whose face or voice is used, or None if no real host's is.

    A cloned voice needs a consent that names its reference clip. Raises `ConsentError`, `FootageError`,
    and `SettingsError` if face and voice belong to different hosts.
    """
    face, voice, clip = settings.face, settings.voice, settings.voice.reference
    for one, other, alike in (
        (face.persona, voice.persona, personas.same),
        (face.consent, voice.consent, consents.same),
    ):
        if one is not None and other is not None and not alike(one, other):
            raise SettingsError(
                "the face and the voice belong to different hosts",
                where=f"voice: {other}",
                remedy="leave voice: persona: and consent: empty to use the face's",
            )
    persona = face.persona or voice.persona
    if persona is None and clip is None:
        return None
    if settings.consent is None:
        what = "a persona" if persona is not None else "a cloned voice"
        raise ConsentError(
            f"{what} goes on air only with its host's consent",
            where=str(persona or clip),
            remedy="name the consent file under face: consent:",
        )
    consent = consents.load(
        settings.consent,
        today=clock.wall(),
        trusted=load_machine().trusted,
        folders=revocation_folders(settings),
    )
    if clip is not None:
        consents.check_footage(consent, [clip])
        if "voice" not in consent.covers:
            raise ConsentError(
                f"the consent of {consent.who} does not cover the voice",
                where=str(clip),
                remedy="ask for a consent that covers it, or use one of Kokoro's voices",
            )
    for sink in settings.sinks:
        if sink.url:
            check_address(sink.url, consent)
    return consent


def revocation_folders(settings: RoomSettings) -> tuple[Path, ...]:
    """The folders searched for a revocation in addition to the consent's own, and where one is remembered:
    the room's first, then the persona's."""
    persona = settings.face.persona or settings.voice.persona
    return (settings.folder, *([persona] if persona else []))


def make_voice(
    settings: VoiceSettings, language: Language, clock: Clock, sounds: Sounds | None = None
) -> Voice:
    """The voice of the settings. A voice that is not embedded gets the embedded one as its fallback.

    Voices that accept phones pronounce the words in `sounds` as given there. Raises `SettingsError`,
    `EngineError`.
    """
    voice = _voice(settings.engine, settings, language, sounds)
    if settings.engine in EMBEDDED:
        return voice
    behind = VoiceSettings(
        name=settings.fallback, speed=settings.speed, persona=settings.persona, consent=settings.consent
    )
    return FallbackVoice(voice, _voice(EMBEDDED[0], behind, language, sounds), settings, clock)


def _voice(engine: str, settings: VoiceSettings, language: Language, sounds: Sounds | None) -> Voice:
    voice = find_voice(engine)(settings, language)
    return voice.pronouncing(sounds) if sounds and isinstance(voice, Pronouncing) else voice


def make_face(settings: RoomSettings) -> Face:
    """The face of the settings. Loading it takes seconds."""
    return find_face(settings.face.engine)(settings.face, settings.picture.size)


def make_sink(settings: SinkSettings, number: int, consent: Consent | None) -> Sink:
    """An output. Without a name in the settings it is called by its engine and number. A server may
    redirect it only to an address that the consent allows."""
    named = settings.model_copy(update={"name": settings.name or f"{settings.engine}-{number}"})
    sink = find_sink(settings.engine)(named)
    if isinstance(sink, Redirectable):
        sink.permit(partial(covers_address, consent))
    return sink


def address_of(settings: SinkSettings) -> str:
    """Where an output goes: its address, or its file relative to the working directory."""
    return settings.url or (os.path.relpath(settings.path) if settings.path else "")


def check_address(url: str, consent: Consent | None) -> None:
    """Raise `SinkError` if the address is not RTMP, `ConsentError` if the consent does not cover it."""
    try:
        address.parse_rtmp(url)
    except address.AddressError as error:
        raise SinkError(str(error), where=address.redact(url), remedy=address.RTMP_FORM) from None
    if not covers_address(consent, url):
        assert consent is not None
        raise ConsentError(
            f"the consent of {consent.who} does not cover this address",
            where=address.redact(url),
            remedy="push to a platform that the consent names, or ask the host for a wider consent",
        )


def covers_address(consent: Consent | None, url: str) -> bool:
    """Whether the picture may be sent to this address; always true when it shows no real person."""
    return consent is None or consents.allows_address(consent, url)
