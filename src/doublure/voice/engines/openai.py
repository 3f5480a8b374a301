"""The voice `openai`: any server that speaks `/v1/audio/speech`, streamed."""

from __future__ import annotations

from doublure.media import LANGUAGES, Language
from doublure.voice.engine import Voice
from doublure.voice.engines.remote import Body, Remote, check_address
from doublure.voice.settings import VoiceSettings

MODEL, VOICE = "tts-1", "alloy"
"""Defaults if the settings name none; servers with a single model ignore both."""


def make(settings: VoiceSettings, language: Language) -> Voice:
    """The engine `openai`. Cheap: sends no request yet. Raises `SettingsError` if no address is set, or no key
    for an address elsewhere."""
    check_address(settings)
    model, voice = settings.model or MODEL, settings.name or VOICE

    def body(spoken: str, language: Language) -> Body:
        return Body(
            "/audio/speech",
            json={
                "model": model,
                "voice": voice,
                "input": spoken,
                "speed": settings.speed,
                "response_format": settings.sound,
            },
        )

    return Remote(f"openai/{model}/{voice}", frozenset(LANGUAGES), settings, body)
