"""Engines for `faults.py` that raise, hang or return nonsense, as third-party engines may.

They are found by entry point like any other (`install`). The environment variable `DOUBLURE_ODD` names the
fault, such as `voice:raises`. It occurs at every third call.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path

import anyio
import numpy as np
from numpy.typing import NDArray

from doublure.air.settings import SinkSettings
from doublure.chat.settings import ChatSettings
from doublure.clock import Clock
from doublure.conversation.settings import WriterSettings
from doublure.conversation.writers.templates import make as make_templates
from doublure.cue import Comment, Cue, Utterance
from doublure.media import SAMPLE_RATE, Language, Packet, Picture, Place, Size, Speech, StreamHeader
from doublure.picture.engine import Mouth
from doublure.picture.faces.card import make as make_card
from doublure.picture.settings import FaceSettings
from doublure.shop.catalog import Catalog, Product
from doublure.voice.engines.tone import make as make_tone
from doublure.voice.settings import VoiceSettings

HANG_SECONDS = 30.0
EVERY = 3

_calls = itertools.count(1)


def odd(engine: str) -> str:
    """The fault of this call: "raises", "hangs", "nonsense", or ""."""
    which, _, how = os.environ.get("DOUBLURE_ODD", ":").partition(":")
    return how if which == engine and next(_calls) % EVERY == 0 else ""


def install(folder: Path) -> None:
    """Register the engines under the name `odd`, as an installed package would."""
    dist = folder / "odd_engines-1.0.dist-info"
    dist.mkdir(parents=True)
    (dist / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: odd-engines\nVersion: 1.0\n", encoding="utf-8"
    )
    groups = {
        "voices": "make_voice",
        "faces": "make_face",
        "writers": "make_writer",
        "chats": "make_chat",
        "sinks": "make_sink",
    }
    lines = [f"[doublure.{group}]\nodd = odd_engines:{maker}\n" for group, maker in groups.items()]
    (dist / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sys.path.insert(0, str(folder))


class OddVoice:
    """A tone voice with faults."""

    name = "odd/voice"
    languages: frozenset[Language] = frozenset({"zh", "en", "fr"})

    def __init__(self, language: Language) -> None:
        self._tone = make_tone(VoiceSettings(engine="tone"), language)

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        how = odd("voice")
        if how == "raises":
            raise KeyError("no such phone")
        if how == "hangs":
            await anyio.sleep(HANG_SECONDS)
        if how == "nonsense":
            yield Speech(np.full(SAMPLE_RATE, np.nan, np.float32), text=spoken)
            return
        async for speech in self._tone.speak(spoken, language):
            yield speech


class OddFace:
    """The card, with faults of the face or its mouth."""

    def __init__(self, settings: FaceSettings, size: Size) -> None:
        self._card = make_card(settings, size)
        self.name = "odd"
        self.size = size
        self.head = self._card.head
        self.takes: Mapping[str, int] = self._card.takes

    def mouth(self, speech: Speech) -> Mouth:
        how = odd("mouth")
        if how == "raises":
            raise ValueError("no lips")
        if how == "hangs":
            time.sleep(HANG_SECONDS)
        if how == "nonsense":
            return np.full((3,), np.nan, np.float32)
        return self._card.mouth(speech)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        how = odd("face")
        if how == "raises":
            raise ValueError("no face")
        if how == "hangs":
            time.sleep(HANG_SECONDS)
        if how == "nonsense":
            return np.zeros((7, 7), np.uint8), state
        return self._card.render(place, mouth, state)


class OddWriter:
    """The templates with faults."""

    name = "odd"

    def __init__(self, language: Language, clock: Clock) -> None:
        self._templates = make_templates(WriterSettings(), language, clock)

    async def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        how = odd("writer")
        if how == "raises":
            raise ZeroDivisionError("the writer is out of ink")
        if how == "hangs":
            await anyio.sleep(HANG_SECONDS)
        if how == "nonsense":
            yield "not an utterance"  # type: ignore[misc]
            return
        async for utterance in self._templates.write(cue, catalog, product):
            yield utterance


class OddChat:
    """A chat with a question every four seconds, and faults."""

    name = "odd"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)

    async def comments(self) -> AsyncIterator[Comment]:
        while True:
            await self._clock.sleep(4.0)
            how, number = odd("chat"), next(self._numbers)
            if how == "raises":
                raise ConnectionError("the chat hung up")
            if how == "hangs":
                await anyio.sleep(HANG_SECONDS)
            if how == "nonsense":
                yield {"text": "hello"}  # type: ignore[misc]
            yield Comment(
                f"odd-{number}", self.name, f"viewer {number}", "How much is it?", self._clock.now()
            )


class OddSink:
    """A sink that accepts everything, with faults."""

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self, header: StreamHeader) -> None:
        """Nothing to connect to."""

    def write(self, packet: Packet) -> None:
        how = odd("sink")
        if how == "raises":
            raise MemoryError("the sink is full")
        if how == "hangs":
            time.sleep(HANG_SECONDS)

    def close(self) -> None:
        """Nothing to finish."""


def make_voice(settings: VoiceSettings, language: Language) -> OddVoice:
    """The voice `odd`."""
    return OddVoice(language)


def make_face(settings: FaceSettings, size: Size) -> OddFace:
    """The face `odd`."""
    return OddFace(settings, size)


def make_writer(settings: WriterSettings, language: Language, clock: Clock) -> OddWriter:
    """The writer `odd`."""
    return OddWriter(language, clock)


def make_chat(settings: ChatSettings, clock: Clock) -> OddChat:
    """The chat `odd`."""
    return OddChat(clock)


def make_sink(settings: SinkSettings) -> OddSink:
    """The sink `odd`."""
    return OddSink(settings.name or "odd")
