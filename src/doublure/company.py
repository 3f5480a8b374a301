"""Everything a room is made of: read, checked and put together before it goes on air."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from doublure import address
from doublure import consent as consents
from doublure.catalog import Catalog, load_catalog
from doublure.clock import Clock
from doublure.consent import Consent
from doublure.direct import Desk, Director
from doublure.encode import Encoder
from doublure.engines import Chat, Face, Sink, Voice, Writer, find_engine
from doublure.errors import ConsentError, SinkError
from doublure.journal import Journal
from doublure.judge import Judge
from doublure.offload import Lane
from doublure.overlay import Overlay
from doublure.perform import Performer
from doublure.publish import Publisher
from doublure.rundown import load_rundown
from doublure.settings import RoomSettings, SinkSettings, load_machine
from doublure.speak import Speaker, SpeechCache
from doublure.store import Store

SPEECH_FOLDER = "speech"


@dataclass(frozen=True, slots=True)
class Company:
    """The parts of one room."""

    consent: Consent | None
    catalog: Catalog
    judge: Judge
    chats: tuple[Chat, ...]
    performer: Performer
    publisher: Publisher
    director: Director
    journal: Journal


async def gather(
    settings: RoomSettings,
    clock: Clock,
    store: Store,
    *,
    voice: Voice | None = None,
    face: Face | None = None,
) -> Company:
    """Make the parts. Raises what an operator can mend, before anything is on air."""
    consent = verify_consent(settings, clock)
    catalog = load_catalog(settings.catalog)
    rundown = load_rundown(settings.rundown, catalog)
    loading = Lane("load")
    try:
        if face is None:
            face = await loading.run(make_face, settings)
        overlay = await loading.run(Overlay, settings.picture.size, settings.language)
        encoder = await loading.run(Encoder, settings.picture)
    finally:
        loading.close()
    if voice is None:
        voice = cast(Voice, find_engine("voices", settings.voice.engine)(settings.voice, settings.language))
    speaker = Speaker(voice, settings.language, SpeechCache(settings.folder / SPEECH_FOLDER))
    writer = cast(Writer, find_engine("writers", settings.writer.engine)(settings.writer, settings.language))
    judge = Judge(settings.judge, catalog, clock)
    performer = Performer(face, overlay, catalog, clock)
    journal = Journal(store, clock)
    desk = Desk(settings, catalog, rundown, judge, writer, speaker, performer, journal, clock)
    chats = tuple(cast(Chat, find_engine("chats", chat.engine)(chat, clock)) for chat in settings.chats)
    return Company(
        consent, catalog, judge, chats, performer, Publisher(encoder, clock), Director(desk), journal
    )


def verify_consent(settings: RoomSettings, clock: Clock) -> Consent | None:
    """The consent of the persona's host, or None where nobody's likeness is used."""
    if settings.face.persona is None:
        return None
    if settings.face.consent is None:
        raise ConsentError(
            "a persona goes on air only with its host's consent",
            where=str(settings.face.persona),
            remedy="name the consent file under face: consent:",
        )
    consent = consents.load(settings.face.consent, today=clock.wall().date(), trusted=load_machine().trusted)
    for sink in settings.sinks:
        if sink.url:
            check_address(sink.url, consent)
    return consent


def make_face(settings: RoomSettings) -> Face:
    """The face of the settings; takes seconds."""
    return cast(Face, find_engine("faces", settings.face.engine)(settings.face, settings.picture.size))


def make_sink(settings: SinkSettings, number: int) -> Sink:
    """An output; its name is its engine and number unless it was given one."""
    named = settings.model_copy(update={"name": settings.name or f"{settings.engine}-{number}"})
    return cast(Sink, find_engine("sinks", settings.engine)(named))


def address_of(settings: SinkSettings) -> str:
    """Where an output goes: its address, or its file as seen from where the room was started."""
    return settings.url or (os.path.relpath(settings.path) if settings.path else "")


def check_address(url: str, consent: Consent | None) -> None:
    """Refuse an address that is not RTMP (`SinkError`), or that the consent does not cover
    (`ConsentError`)."""
    if not _is_rtmp(url):
        raise SinkError(
            "this is not an RTMP address",
            where=address.redact(url),
            remedy="it looks like rtmp://server/app/stream-key",
        )
    if consent is not None and not consents.allows_address(consent, url):
        raise ConsentError(
            f"the consent of {consent.who} does not cover this address",
            where=address.redact(url),
            remedy="push to a platform the consent names, or ask the host for a wider one",
        )


def _is_rtmp(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
        # asking for the port checks it
        return (
            parts.scheme in ("rtmp", "rtmps")
            and bool(parts.hostname and parts.path.strip("/"))
            and parts.port != 0
        )
    except ValueError:
        return False
