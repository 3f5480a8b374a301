"""The voice `clone`: a server that imitates the voice of a reference clip. The clip is somebody's voice, so a
room airs it only with a consent for that very file (`show.assemble`).

The requests are documented in docs/voices.md, one table per shape. The facts about each server come from its
own source, 2025.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from doublure.errors import EngineError, SettingsError
from doublure.files import contents
from doublure.media import LANGUAGES, Language
from doublure.voice.engine import Voice
from doublure.voice.engines.remote import Body, Remote, check_address
from doublure.voice.settings import VoiceSettings

MOST_BYTES = 32_000_000
"""Largest reference clip; ten seconds of WAV have two million bytes."""
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
"""Length of the reference clip that the four servers can use."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The clip that a server imitates."""

    path: str
    """Path on the server."""
    file: str
    content: bytes
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Shape:
    """The request format of one kind of server."""

    body: Callable[[str, Language, Reference, float], Body]
    languages: frozenset[Language]
    needs_text: bool = True
    """Whether it needs the words of the clip."""
    has_speed: bool = False


def _cosyvoice(spoken: str, language: Language, reference: Reference, speed: float) -> Body:
    files = {"prompt_wav": (reference.file, reference.content)}
    if language != reference.language:
        # given the clip's words in another language, the model would speak that language
        return Body("/inference_cross_lingual", form={"tts_text": spoken}, files=files)
    form = {"tts_text": spoken, "prompt_text": reference.text}
    return Body("/inference_zero_shot", form=form, files=files)


def _gpt_sovits(spoken: str, language: Language, reference: Reference, speed: float) -> Body:
    return Body(
        "/tts",
        json={
            "text": spoken,
            "text_lang": language,
            "ref_audio_path": reference.path,
            "prompt_text": reference.text,
            "prompt_lang": reference.language,
            "speed_factor": speed,
            "media_type": "wav",
            "streaming_mode": True,
        },
    )


def _indextts(spoken: str, language: Language, reference: Reference, speed: float) -> Body:
    return Body("/tts_url", json={"text": spoken, "audio_paths": [reference.path]})


def _fish(spoken: str, language: Language, reference: Reference, speed: float) -> Body:
    clip = {"audio": base64.b64encode(reference.content).decode("ascii"), "text": reference.text}
    return Body("/v1/tts", json={"text": spoken, "references": [clip], "format": "wav", "streaming": True})


_TWO: frozenset[Language] = frozenset({"zh", "en"})
SHAPES: dict[str, Shape] = {
    "cosyvoice": Shape(_cosyvoice, frozenset(LANGUAGES)),
    "gpt_sovits": Shape(_gpt_sovits, _TWO, has_speed=True),
    "indextts": Shape(_indextts, _TWO, needs_text=False),
    "fish": Shape(_fish, frozenset(LANGUAGES)),
}


def make(settings: VoiceSettings, language: Language) -> Voice:
    """The engine `clone`. Cheap: sends no request yet. Raises `SettingsError` if the address, the clip or its
    words are missing, `EngineError` for a language that the server's model does not speak."""
    check_address(settings)
    shape = SHAPES[settings.shape]
    if language not in shape.languages:
        others = " or ".join(name for name, one in SHAPES.items() if language in one.languages)
        raise EngineError(
            f"{settings.shape} does not speak {language!r}",
            where="voice.shape",
            remedy=f"take shape: {others}, or engine: kokoro",
        )
    if settings.speed != 1.0 and not shape.has_speed:
        raise SettingsError(f"{settings.shape} has no speed", where="voice.speed", remedy="leave it at 1.0")
    reference = _reference(settings, language, shape)
    mark = hashlib.sha256(reference.content).hexdigest()[:8]

    def body(spoken: str, language: Language) -> Body:
        return shape.body(spoken, language, reference, settings.speed)

    return Remote(f"clone/{settings.shape}/{mark}", shape.languages, settings, body)


def _reference(settings: VoiceSettings, language: Language, shape: Shape) -> Reference:
    file = settings.reference
    if file is None:
        raise SettingsError(
            "the voice clone has no reference clip",
            where="voice.reference",
            remedy="name a clip of three to ten seconds that the host's consent was given for",
        )
    if shape.needs_text and not settings.reference_text.strip():
        raise SettingsError(
            f"{settings.shape} must be told what is said in the clip",
            where="voice.reference_text",
            remedy="write it down word for word",
        )
    try:
        content = contents(file, MOST_BYTES)
        seconds = _seconds(file)
    except (OSError, av.FFmpegError, IndexError) as error:
        raise SettingsError(
            f"the reference clip cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(file),
            remedy="give a WAV or MP3 file",
        ) from error
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise SettingsError(
            f"the reference clip has {seconds:.1f} s",
            where=str(file),
            remedy="three to ten seconds of one person's clear speech are best",
        )
    spoken = language if settings.reference_language == "same" else settings.reference_language
    return Reference(
        settings.reference_there or str(file.resolve()),
        file.name,
        content,
        settings.reference_text.strip(),
        spoken,
    )


def _seconds(file: Path) -> float:
    """Length of a clip's decoded sound, because a header may be wrong."""
    with av.open(str(file)) as opened:
        stream = opened.streams.audio[0]
        return float(sum(frame.samples / frame.sample_rate for frame in opened.decode(stream)))
