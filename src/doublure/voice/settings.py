"""Settings of the voice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from doublure.settings import Settings


class VoiceSettings(Settings):
    """Who speaks."""

    engine: str = Field(
        "kokoro",
        description="voice engine: kokoro, openai (a speech server), clone (a server that speaks from a "
        "reference clip), tone, or an installed one",
    )
    name: str = Field(
        "",
        description="voice of the engine; persona: the host's matched voice (kokoro); empty: that voice where "
        "there is one, else the language's default",
    )
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = Field(
        1.0, description="speaking rate, ratio to the voice's own"
    )
    persona: Path | None = Field(
        None, description="persona folder that holds the matched voice; empty: the face's"
    )
    consent: Path | None = Field(None, description="consent file of that persona's host; empty: the face's")
    base_url: str = Field("", description="address of the speech server, for openai and clone")
    model: str = Field("", description="model name, for openai")
    key_variable: str = Field(
        "DOUBLURE_VOICE_KEY", description="environment variable that holds the speech server's key"
    )
    sound: Literal["pcm", "wav", "mp3", "flac", "opus"] = Field(
        "pcm", description="sound an openai server is asked for; pcm comes soonest"
    )
    pcm_hertz: int = Field(
        24000, ge=8000, le=48000, description="samples a second where a server answers with raw PCM"
    )
    shape: Literal["cosyvoice", "gpt_sovits", "indextts", "fish"] = Field(
        "cosyvoice", description="what a clone server is asked like, see docs/voices.md"
    )
    reference: Path | None = Field(
        None, description="clip of the host's voice, for clone; the consent must have been given for it"
    )
    reference_there: str = Field(
        "",
        description="path of that clip on the server, for gpt_sovits and indextts; empty: the same as here",
    )
    reference_text: str = Field("", description="what is said in the clip, word for word")
    reference_language: Literal["same", "zh", "en", "fr"] = Field(
        "same", description="language of the clip; same: the show's"
    )
    first_seconds: float = Field(
        3.0, gt=0, le=30, description="longest wait for a server's first sound before kokoro speaks instead"
    )
    stall_seconds: float = Field(
        2.0, gt=0, le=30, description="longest silence of a server in mid-clause before kokoro goes on"
    )
    breath: bool = Field(True, description="a quiet breath after some of a script's sentences")
    fallback: str = Field(
        "",
        description="kokoro voice that speaks when a server fails; empty: the host's matched voice where there "
        "is one, else the language's default",
    )
    times: Literal["reading", "text"] = Field(
        "reading",
        description="where word times come from when a voice gives none: kokoro's reading, or the text alone",
    )
