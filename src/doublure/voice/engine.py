"""The protocols of a voice: the required one, and optional abilities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast, runtime_checkable

from doublure.engines import find_engine
from doublure.media import Language, Speech
from doublure.voice.phones.symbols import Sounds
from doublure.voice.settings import VoiceSettings


class Voice(Protocol):
    """A voice that speaks clauses."""

    name: str
    """Engine and voice, e.g. `kokoro/zf_xiaoxiao`; part of the speech cache's key."""
    languages: frozenset[Language]

    def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        """Yield the sound of one clause in spoken form (words only, see `spoken`), in pieces as they become
        ready. Raises `EngineError`."""
        ...


@runtime_checkable
class Pronouncing(Protocol):
    """A voice that accepts phones for words."""

    def pronouncing(self, sounds: Sounds) -> Voice:
        """The same voice with these words pronounced by their given phones."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A voice that can change its pace itself."""

    def paced(self, pace: float) -> Voice:
        """The same voice, `pace` times as fast; its name includes the pace."""
        ...


@runtime_checkable
class Warming(Protocol):
    """A voice that can load before its first use."""

    async def warm(self) -> None:
        """Load. Raises `EngineError`."""
        ...


class VoiceMaker(Protocol):
    """Makes a voice from its settings. Raises `SettingsError`, `EngineError`."""

    def __call__(self, settings: VoiceSettings, language: Language, /) -> Voice: ...


def find_voice(name: str) -> VoiceMaker:
    """The maker of the voice `name`. Raises `EngineError` when there is none, or when it cannot be loaded."""
    # an entry point has no type: what it must be stands above
    return cast(VoiceMaker, find_engine("voices", name))
