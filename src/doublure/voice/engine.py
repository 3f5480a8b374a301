"""The protocols of a voice: what every one does, and what one may do besides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast, runtime_checkable

from doublure.engines import find_engine
from doublure.media import Language, Speech
from doublure.voice.phones.symbols import Sounds
from doublure.voice.settings import VoiceSettings


class Voice(Protocol):
    """Speaks."""

    name: str
    """Engine and voice, e.g. `kokoro/zf_xiaoxiao`; part of the speech cache's key."""
    languages: frozenset[Language]

    def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        """Yield the sound of one clause in spoken form (words only, see `spoken`), in one or more
        pieces as they are ready. Raises `EngineError`."""
        ...


@runtime_checkable
class Pronouncing(Protocol):
    """A voice that takes phones for words."""

    def pronouncing(self, sounds: Sounds) -> Voice:
        """The same voice, which says these words in their phones."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A voice that can speak faster and slower itself."""

    def paced(self, pace: float) -> Voice:
        """The same voice, `pace` times as fast as it is; its name tells."""
        ...


@runtime_checkable
class Warming(Protocol):
    """A voice that can load before it is needed."""

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
