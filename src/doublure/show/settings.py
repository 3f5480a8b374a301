"""A room's settings: those of the show and those of every other package, read from one file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field

from doublure.air.settings import PictureSettings, SinkSettings
from doublure.chat.settings import ChatSettings
from doublure.conversation.settings import JudgeSettings, WriterSettings
from doublure.document import read
from doublure.errors import SettingsError
from doublure.media import Language
from doublure.picture.settings import FaceSettings
from doublure.settings import Settings
from doublure.voice.settings import VoiceSettings

M = TypeVar("M", bound=BaseModel)


class ShowSettings(Settings):
    """Settings of the show."""

    disclosure_minutes: float = Field(
        10.0, gt=0, le=15, description="minutes between spoken AI disclosures; 15 is the most"
    )


class RoomSettings(Settings):
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
        """File of the consent of the room's only host, whose face or voice it uses."""
        return self.face.consent or self.voice.consent


def load_room(path: Path) -> RoomSettings:
    """The room of a file. Paths in it are relative to the file's folder. Raises `SettingsError`."""
    room = _resolved(read(path, RoomSettings), path.resolve().parent)
    voice, face = room.voice, room.face
    if voice.persona is None:
        voice = voice.model_copy(update={"persona": face.persona, "consent": voice.consent or face.consent})
    elif voice.consent is None and voice.persona == face.persona:
        voice = voice.model_copy(update={"consent": face.consent})
    return room.model_copy(update={"voice": voice})


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
