"""The shot list: what a host records for enrolment, shot after shot, in six minutes.

Texts stand in `shotlist.yaml`. The recording's marks, which say where each shot lies in the footage, are
read by `read_marks`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from doublure.errors import FootageError, SettingsError
from doublure.media import Language

Kind = Literal["idle", "talk", "gesture", "consent"]
IDLE_SECONDS = 20.0
GESTURE_SECONDS = 4.0
TIMES = 2
"""How often each gesture is made."""
RATES: dict[Language, float] = {"zh": 5.0, "en": 16.5, "fr": 16.5}
"""Characters of a text that a presenter reads in a second, pauses and punctuation included."""
WORDS = 4
"""Words of the day in the consent."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to see to before recording."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One thing to record."""

    kind: Kind
    name: str
    """Its name in the list: idle, talk_1 .. talk_3, greet_1, greet_2 ..., consent."""
    title: str
    instruction: str
    seconds: float
    text: tuple[str, ...] = ()
    """Sentences to read aloud, of talk and consent."""
    gesture: str = ""


@dataclass(frozen=True, slots=True)
class ShotList:
    """Everything to record, in order."""

    language: Language
    advice: tuple[Advice, ...]
    shots: tuple[Shot, ...]
    words: tuple[str, ...]
    """The consent's words of the day."""

    @property
    def seconds(self) -> float:
        """Of recording, without the count-ins between the shots."""
        return sum(shot.seconds for shot in self.shots)


@dataclass(frozen=True, slots=True)
class Permission:
    """What the spoken consent names; an empty field stays a blank to fill in."""

    who: str = ""
    company: str = ""
    purpose: str = ""
    until: str = ""
    words: tuple[str, ...] = ()
    """The words of the day; drawn anew when there are none."""


class _Titled(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    text: str


class _Blanks(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    who: str
    company: str
    purpose: str
    until: str


class _Texts(BaseModel):
    """One language of `shotlist.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    advice: tuple[_Titled, ...]
    idle: _Titled
    talk: _Titled
    consent: _Titled
    gestures: dict[str, _Titled]
    silent: str
    talks: tuple[tuple[str, ...], ...]
    statement: str
    blanks: _Blanks
    between: str
    words: tuple[str, ...]


def load(language: Language, permission: Permission | None = None) -> ShotList:
    """The shot list in a language; words of the day are drawn when the permission names none. Raises
    `SettingsError` when it names another number of words."""
    texts = _texts()[language]
    permission = permission or Permission()
    words = permission.words or draw_words(language)
    if len(words) != WORDS:
        raise SettingsError(
            f"there are {len(words)} words of the day",
            where="--words",
            remedy=f"give {WORDS}, or none at all",
        )
    said = (consent_statement(language, permission, words),)
    shots = [Shot("idle", "idle", texts.idle.title, texts.idle.text, IDLE_SECONDS)]
    for number, text in enumerate(texts.talks, 1):
        title = texts.talk.title.format(n=number)
        shots.append(Shot("talk", f"talk_{number}", title, texts.talk.text, _seconds(text, language), text))
    for gesture, words_of in texts.gestures.items():
        instruction = f"{words_of.text} {texts.silent}" if language != "zh" else words_of.text + texts.silent
        shots += [
            Shot(
                "gesture", f"{gesture}_{turn}", words_of.title, instruction, GESTURE_SECONDS, gesture=gesture
            )
            for turn in range(1, TIMES + 1)
        ]
    consent = texts.consent
    shots.append(Shot("consent", "consent", consent.title, consent.text, _seconds(said, language), said))
    advice = tuple(Advice(one.title, one.text) for one in texts.advice)
    return ShotList(language, advice, tuple(shots), words)


def consent_statement(language: Language, permission: Permission, words: Sequence[str]) -> str:
    """What the host says to consent, with these words of the day."""
    texts = _texts()[language]
    return texts.statement.format(
        who=permission.who or texts.blanks.who,
        company=permission.company or texts.blanks.company,
        purpose=permission.purpose or texts.blanks.purpose,
        until=permission.until or texts.blanks.until,
        words=texts.between.join(words),
    )


def draw_words(language: Language) -> tuple[str, ...]:
    """Words of the day: different ones, drawn so that nobody can foresee them."""
    return tuple(secrets.SystemRandom().sample(_texts()[language].words, WORDS))


def written(shots: ShotList) -> Iterable[str]:
    """The list as lines of plain text."""
    for one in shots.advice:
        yield f"{one.title}: {one.text}" if shots.language != "zh" else f"{one.title}：{one.text}"
    yield ""
    at = 0.0
    for shot in shots.shots:
        yield f"{_clock(at)}  {shot.title}  ({shot.seconds:.0f} s)  {shot.instruction}"
        yield from (f"         {sentence}" for sentence in shot.text)
        at += shot.seconds
    yield f"{_clock(at)}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _seconds(text: Iterable[str], language: Language) -> float:
    """What reading takes, half a second between sentences, rounded up to whole seconds."""
    sentences = list(text)
    return float(-(-sum(map(len, sentences)) // RATES[language]) + -(-len(sentences) // 2))


@cache
def _texts() -> dict[Language, _Texts]:
    raw = yaml.safe_load(resources.files(__package__).joinpath("shotlist.yaml").read_text(encoding="utf-8"))
    return {language: _Texts.model_validate(one) for language, one in raw.items()}


# ---- marks: where the shots lie in the recording ------------------------------------------------


class Mark(BaseModel):
    """Where a shot lies, seconds from the recording's beep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    start: Annotated[float, Field(ge=0)]
    end: float

    @model_validator(mode="after")
    def _ordered(self) -> Mark:
        if self.end <= self.start:
            raise ValueError(f"shot {self.name!r} ends at {self.end} s, before it starts at {self.start} s")
        return self


class Marks(BaseModel):
    """The file that the teleprompter writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["doublure-marks-1"]
    language: Language
    words: tuple[str, ...]
    shots: tuple[Mark, ...]


def read_marks(file: Path) -> Marks:
    """Read the marks of a recording. Raises `FootageError` saying what is wrong with the file."""
    remedy = "download the marks again at the end of the shot list's page"
    try:
        return Marks.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise FootageError(
            f"the marks cannot be read: {error.strerror}", where=str(file), remedy="check the path"
        ) from error
    except (ValueError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, first["loc"])) if first else ""
        raise FootageError(
            f"these are no marks of a recording: {first['msg'] if first else error}",
            where=f"{file}, {where}" if where else str(file),
            remedy=remedy,
        ) from error
