"""Settings: one commented YAML file for a room, the environment for what belongs to the machine.
All frozen, unknown keys refused; the unit of a number stands in its name."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from doublure.document import read
from doublure.errors import SettingsError
from doublure.media import Language, Size

M = TypeVar("M", bound=BaseModel)
LEAST_KBPS_PER_MEGAPIXEL = 500
"""Under half of this the AI label was lost in decoded pictures of the demo's host (1080x1920 at 200 kbit/s,
360x640 at 115)."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VoiceSettings(_Settings):
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
    understudy: str = Field(
        "", description="kokoro voice that speaks when a server fails; empty: the language's default"
    )
    times: Literal["reading", "text"] = Field(
        "reading",
        description="where word times come from when a voice gives none: kokoro's reading, or the text alone",
    )


class FaceSettings(_Settings):
    """Who is seen."""

    engine: str = Field(
        "patch", description="face engine: patch (a persona), card (no persona), or an installed one"
    )
    persona: Path | None = Field(None, description="persona folder; needed by patch")
    consent: Path | None = Field(
        None, description="consent file of the host; needed with a persona and with a cloned voice"
    )


class ChatSettings(_Settings):
    """Where comments come from."""

    engine: str = Field("console", description="chat engine: console (the page's box), replay (a file)")
    file: Path | None = Field(None, description="file of comments, for replay")


class WriterSettings(_Settings):
    """Who writes the sentences that are not in a script."""

    engine: str = Field(
        "templates", description="writer: templates (from the catalogue), openai (any compatible address)"
    )
    base_url: str = Field("", description="address of the language model, for openai; empty: off")
    model: str = Field("", description="model name, for openai")
    key_variable: str = Field(
        "DOUBLURE_LLM_KEY", description="environment variable that holds the model's key"
    )
    timeout_seconds: float = Field(
        8.0, gt=0, description="longest wait for the model before the templates answer"
    )


class SinkSettings(_Settings):
    """One output."""

    engine: str = Field("rtmp", description="sink engine: rtmp, file, null, or an installed one")
    name: str = Field("", description="name shown to the operator; empty: engine and number")
    url: str = Field("", description="address with the stream key, for rtmp")
    path: Path | None = Field(None, description="file to record to (fragmented MP4), for file")


class PictureSettings(_Settings):
    """The picture and its encoding; one encode serves every sink."""

    width_pixels: int = Field(720, ge=240, le=2160, multiple_of=2, description="width of the picture")
    height_pixels: int = Field(1280, ge=240, le=3840, multiple_of=2, description="height of the picture")
    video_kbps: int = Field(
        2500,
        ge=200,
        le=20000,
        validate_default=True,
        description="video bit rate, kilobits a second; at least 500 for each million pixels of the picture",
    )
    audio_kbps: int = Field(128, ge=48, le=320, description="audio bit rate, kilobits a second")
    keyframe_seconds: float = Field(2.0, ge=0.4, le=10, description="seconds between keyframes")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster"] = Field(
        "superfast", description="x264 preset: faster presets cost fewer cores and more bits"
    )

    @field_validator("video_kbps")
    @classmethod
    def _label_survives(cls, value: int, known: ValidationInfo) -> int:
        wide, high = known.data.get("width_pixels", 0), known.data.get("height_pixels", 0)
        least = math.ceil(LEAST_KBPS_PER_MEGAPIXEL * wide * high / 1e6)
        if value < least:
            raise PydanticCustomError(
                "bit_rate",
                "{value} kbit/s are too few for {wide}x{high}: the AI label would not survive",
                {"value": value, "wide": wide, "high": high, "remedy": f"the least is {least}"},
            )
        return value

    @property
    def size(self) -> Size:
        return Size(self.width_pixels, self.height_pixels)


class JudgeSettings(_Settings):
    """Which comments are answered."""

    waiting_comments: int = Field(
        50, ge=1, le=1000, description="comments kept waiting; the oldest is dropped"
    )
    expire_seconds: float = Field(
        90.0, gt=0, description="a comment older than this is not answered any more"
    )
    repeat_seconds: float = Field(60.0, ge=0, description="like comments within this time are one")
    gap_seconds: float = Field(6.0, ge=0, description="shortest time between two answers")
    words: Path | None = Field(None, description="further banned words, one a line")


class ShowSettings(_Settings):
    """How the show is run."""

    disclosure_minutes: float = Field(
        10.0, gt=0, le=15, description="minutes between spoken AI disclosures; 15 is the most"
    )


class RoomSettings(_Settings):
    """A room: one persona, one rundown, its chats and its outputs."""

    room: str = Field(description="name of the room", min_length=1)
    language: Language = Field("zh", description="language of the show: zh, en or fr")
    catalog: Path = Field(description="catalogue file")
    rundown: Path = Field(description="rundown file")
    lexicon: Path | None = Field(
        None, description="file of the shop's own words and how they are said, see docs/lexicon.md"
    )
    folder: Path = Field(Path("room"), description="where the room keeps its store and speech cache")
    store: str = Field("", description="database address (SQLAlchemy); empty: SQLite in the folder")
    voice: VoiceSettings = VoiceSettings()
    face: FaceSettings = FaceSettings()
    writer: WriterSettings = WriterSettings()
    picture: PictureSettings = PictureSettings()
    judge: JudgeSettings = JudgeSettings()
    show: ShowSettings = ShowSettings()
    chats: tuple[ChatSettings, ...] = (ChatSettings(),)
    sinks: tuple[SinkSettings, ...] = ()

    @property
    def consent(self) -> Path | None:
        """File of the consent of the room's one host, whose face or voice it uses."""
        return self.face.consent or self.voice.consent


class MachineSettings(BaseSettings):
    """What belongs to the machine and not to a room: environment variables `DOUBLURE_...`."""

    model_config = SettingsConfigDict(env_prefix="DOUBLURE_", frozen=True, extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="log lines from this level on: debug, info, warning, error"
    )
    cache_folder: Path = Field(
        Path("~/.cache/doublure"), description="where the demo keeps its store and speech cache"
    )
    state_folder: Path = Field(
        Path("~/.local/state/doublure"),
        description="what the machine must not forget: revoked consents, the key that signs journals",
    )
    console_host: str = Field(
        "127.0.0.1", description="address the console listens on; any but loopback needs a password"
    )
    console_port: int = Field(8000, ge=1, le=65535, description="port the console listens on")
    console_password: str = Field("", description="password of the console; empty: none, loopback only")
    trusted_keys: str = Field(
        "",
        description="public keys (hex, with commas between) that may sign consents; empty: only scope local",
    )
    journal_keys: str = Field(
        "",
        description="public keys (hex, with commas between) of other machines that seal the same journal",
    )

    @property
    def known_journals(self) -> tuple[str, ...]:
        """The keys of other machines that seal journals, one by one."""
        return tuple(key.strip().lower() for key in self.journal_keys.split(",") if key.strip())

    @property
    def trusted(self) -> tuple[str, ...]:
        """The trusted keys, one by one."""
        return tuple(key.strip() for key in self.trusted_keys.split(",") if key.strip())


def load_room(path: Path) -> RoomSettings:
    """The room of a file. Paths in it count from the file's folder. Raises `SettingsError`."""
    room = _resolved(read(path, RoomSettings), path.resolve().parent)
    voice, face = room.voice, room.face
    if voice.persona is None:
        voice = voice.model_copy(update={"persona": face.persona, "consent": voice.consent or face.consent})
    elif voice.consent is None and voice.persona == face.persona:
        voice = voice.model_copy(update={"consent": face.consent})
    return room.model_copy(update={"voice": voice})


def load_machine() -> MachineSettings:
    """The machine's settings from the environment. Raises `SettingsError`."""
    try:
        return MachineSettings()
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            first["msg"],
            where=f"DOUBLURE_{str(first['loc'][0]).upper()}",
            remedy="correct or unset this environment variable",
        ) from error


def _resolved(settings: M, folder: Path) -> M:
    changes: dict[str, object] = {}
    for name in type(settings).model_fields:
        changes[name] = _resolved_value(getattr(settings, name), folder)
    return settings.model_copy(update=changes)


def _resolved_value(value: object, folder: Path) -> object:
    if isinstance(value, Path):
        try:
            return folder / value.expanduser()
        except RuntimeError as error:
            raise SettingsError(
                f"there is no user `{value.parts[0]}` on this machine",
                where=str(value),
                remedy="write the whole path",
            ) from error
    if isinstance(value, BaseModel):
        return _resolved(value, folder)
    if isinstance(value, tuple):
        return tuple(_resolved_value(part, folder) for part in value)
    return value


# ---- the list of all settings ------------------------------------------------------------------

UNITS = {
    "seconds": "s",
    "minutes": "min",
    "pixels": "px",
    "kbps": "kbit/s",
    "hertz": "Hz",
    "comments": "comments",
    "speed": "ratio",
    "port": "port",
}
"""The last word of a setting's name and its unit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, as `doublure config` and docs/settings.md show it."""

    name: str
    """Dotted, `sinks[].url` for one of a list, `DOUBLURE_...` for an environment variable."""
    values: str
    unit: str
    default: str
    doc: str


def rows() -> Iterator[Row]:
    """Every setting there is: those of a room file, then the machine's."""
    yield from _rows(RoomSettings, "")
    for row in _rows(MachineSettings, ""):
        yield Row(f"DOUBLURE_{row.name.upper()}", row.values, row.unit, row.default, row.doc)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            several = typing.get_origin(field.annotation) is tuple
            yield from _rows(inner, f"{prefix}{name}{'[]' if several else ''}.")
            continue
        unit = UNITS.get(name.rpartition("_")[2], "")
        yield Row(f"{prefix}{name}", _values(field), unit, _default(field), field.description or "")


def _model_in(annotation: object) -> type[BaseModel] | None:
    for part in (annotation, *typing.get_args(annotation)):
        if (
            isinstance(part, type)
            and not isinstance(part, types.GenericAlias)
            and issubclass(part, BaseModel)
        ):
            return part
    return None


def _values(field: FieldInfo) -> str:
    parts = [
        part for part in (typing.get_args(field.annotation) or (field.annotation,)) if part is not type(None)
    ]
    if typing.get_origin(field.annotation) is Literal:
        return ", ".join(str(part) for part in parts)
    words = {str: "text", int: "whole number", float: "number", Path: "path"}
    shown = words.get(parts[0], str(parts[0])) if parts else ""
    if typing.get_origin(field.annotation) is tuple:
        return f"list of {shown}"
    for sign, bound in (("≥", "ge"), (">", "gt"), ("≤", "le"), ("multiple of", "multiple_of")):
        for limit in field.metadata:
            if hasattr(limit, bound):
                shown += f" {sign} {getattr(limit, bound)}"
    return shown


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == "" or field.default == ():
        return "none"
    return str(field.default)
