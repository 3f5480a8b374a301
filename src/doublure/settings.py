"""Settings of a room: one commented YAML file, frozen, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from doublure.media import Language, Size


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VoiceSettings(_Settings):
    """Who speaks."""

    engine: str = Field("kokoro", description="voice engine: kokoro, tone, or an installed one")
    name: str = Field("", description="voice of the engine; empty: the language's default")
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = Field(
        1.0, description="speaking rate, ratio to the voice's own"
    )


class FaceSettings(_Settings):
    """Who is seen."""

    engine: str = Field("patch", description="face engine: patch (a persona), card (drawn), or an installed one")
    persona: Path | None = Field(None, description="persona folder; needed by patch")
    consent: Path | None = Field(None, description="consent file of the persona's host; needed with a persona")


class ChatSettings(_Settings):
    """Where comments come from."""

    engine: str = Field("console", description="chat engine: console (the page's box), replay (a file)")
    file: Path | None = Field(None, description="file of comments, for replay")


class WriterSettings(_Settings):
    """Who writes the sentences that are not in a script."""

    engine: str = Field("templates", description="writer: templates (from the catalogue), openai (any compatible address)")
    base_url: str = Field("", description="address of the language model, for openai; empty: off")
    model: str = Field("", description="model name, for openai")
    key_variable: str = Field("DOUBLURE_LLM_KEY", description="environment variable that holds the model's key")
    timeout_seconds: float = Field(8.0, gt=0, description="longest wait for the model before the templates answer")


class SinkSettings(_Settings):
    """One output."""

    engine: Literal["rtmp", "file", "flv", "null"] | str = Field("rtmp", description="sink engine: rtmp, file, null")
    name: str = Field("", description="name shown to the operator; empty: engine and number")
    url: str = Field("", description="address with the stream key, for rtmp")
    path: Path | None = Field(None, description="file to record to (fragmented MP4), for file")


class PictureSettings(_Settings):
    """The picture and its encoding; one encode serves every sink."""

    width_pixels: int = Field(720, ge=240, le=2160, multiple_of=2, description="width of the picture")
    height_pixels: int = Field(1280, ge=240, le=3840, multiple_of=2, description="height of the picture")
    video_kbps: int = Field(2500, ge=200, le=20000, description="video bit rate, kilobits a second")
    audio_kbps: int = Field(128, ge=48, le=320, description="audio bit rate, kilobits a second")
    keyframe_seconds: float = Field(2.0, ge=0.4, le=10, description="seconds between keyframes")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster"] = Field(
        "superfast", description="x264 preset: faster presets cost fewer cores and more bits"
    )

    @property
    def size(self) -> Size:
        return Size(self.width_pixels, self.height_pixels)


class JudgeSettings(_Settings):
    """Which comments are answered."""

    waiting_comments: int = Field(50, ge=1, le=1000, description="comments kept waiting; the oldest is dropped")
    expire_seconds: float = Field(90.0, gt=0, description="a comment older than this is not answered any more")
    repeat_seconds: float = Field(60.0, ge=0, description="like comments within this time are one")
    gap_seconds: float = Field(6.0, ge=0, description="shortest time between two answers")
    words: Path | None = Field(None, description="further banned words, one a line")


class ShowSettings(_Settings):
    """How the show is run."""

    disclosure_minutes: float = Field(
        10.0, gt=0, le=15, description="minutes between spoken AI disclosures; 15 is the most"
    )
    pause_seconds: float = Field(0.35, ge=0, le=5, description="pause between two sentences")


class RoomSettings(_Settings):
    """A room: one persona, one rundown, its chats and its outputs."""

    room: str = Field(description="name of the room", min_length=1)
    language: Language = Field("zh", description="language of the show: zh, en or fr")
    catalog: Path = Field(description="catalogue file")
    rundown: Path = Field(description="rundown file")
    folder: Path = Field(Path("room"), description="where the room keeps its store and speech cache")
    voice: VoiceSettings = VoiceSettings()
    face: FaceSettings = FaceSettings()
    writer: WriterSettings = WriterSettings()
    picture: PictureSettings = PictureSettings()
    judge: JudgeSettings = JudgeSettings()
    show: ShowSettings = ShowSettings()
    chats: tuple[ChatSettings, ...] = (ChatSettings(),)
    sinks: tuple[SinkSettings, ...] = ()
