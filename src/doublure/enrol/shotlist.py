"""The shot list: the shots a host records for enrolment, six minutes in all.

The texts are in `shotlist.yaml`. `read_marks` reads the marks of a recording, which say where each shot lies
in the footage.
"""

from __future__ import annotations

import re
import secrets
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from doublure.errors import FootageError, SettingsError
from doublure.media import Language

Kind = Literal["idle", "talk", "gesture", "consent"]
IDLE_SECONDS = 20.0
GESTURE_SECONDS = 4.0
TIMES = 2
"""Repetitions of each gesture."""
RATES: dict[Language, float] = {"zh": 5.0, "en": 15.5, "fr": 16.5}
"""Reading speed in characters per second, pauses and punctuation included."""
WORDS = 4
"""Number of words of the day in the consent."""
COLUMNS = 100
"""Line width of the printed list, in languages that separate words with spaces."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice on something to prepare before recording."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One thing to record."""

    kind: Kind
    name: str
    """Name in the list: idle, talk_1 .. talk_3, greet_1, greet_2 ..., consent."""
    title: str
    instruction: str
    seconds: float
    text: tuple[str, ...] = ()
    """Sentences to read aloud (talk and consent only)."""
    gesture: str = ""
    announcement: str = ""
    """Spoken before the shot; only the first shot of a kind includes the explanation."""


@dataclass(frozen=True, slots=True)
class ShotList:
    """Everything to record, in order."""

    language: Language
    advice: tuple[Advice, ...]
    shots: tuple[Shot, ...]
    words: tuple[str, ...]
    """Words of the day for the consent."""
    silent: str
    """The instruction that applies to every gesture."""

    @property
    def seconds(self) -> float:
        """Recording time, without the announcements and count-ins between shots."""
        return sum(shot.seconds for shot in self.shots)


@dataclass(frozen=True, slots=True)
class Permission:
    """The details named in the spoken consent; an empty field is left as a blank to fill in."""

    who: str = ""
    company: str = ""
    purpose: str = ""
    until: str = ""
    """Last day: an ISO date such as 2027-12-31, which is written out in the language, or free text."""
    words: tuple[str, ...] = ()
    """Words of the day; drawn at random if empty."""


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

    before: str
    recorded: str
    colon: str
    advice: tuple[_Titled, ...]
    idle: _Titled
    talk: _Titled
    consent: _Titled
    gestures: dict[str, _Titled]
    announced: str
    once_more: str
    silent: str
    talks: tuple[tuple[str, ...], ...]
    statement: tuple[str, ...]
    date: str
    first_day: str = "1"
    month_names: tuple[str, ...] = ()
    blanks: _Blanks
    between: str
    words: tuple[str, ...]


def load(language: Language, permission: Permission | None = None) -> ShotList:
    """The shot list in a language. If the permission has no words of the day, they are drawn. Raises
    `SettingsError` if it has the wrong number of words."""
    texts = _texts()[language]
    permission = permission or Permission()
    words = permission.words or draw_words(language)
    if len(words) != WORDS:
        raise SettingsError(
            f"there are {len(words)} words of the day",
            where="--words",
            remedy=f"give {WORDS} words, or leave them out",
        )
    said = _statement(language, permission, words)
    shots = (
        Shot(
            "idle",
            "idle",
            texts.idle.title,
            texts.idle.text,
            IDLE_SECONDS,
            announcement=_announced(texts.idle, texts),
        ),
        *_talks(texts, language),
        *_gestures(texts),
        Shot(
            "consent",
            "consent",
            texts.consent.title,
            texts.consent.text,
            _seconds(said, language),
            said,
            announcement=_announced(texts.consent, texts),
        ),
    )
    advice = tuple(Advice(one.title, one.text) for one in texts.advice)
    return ShotList(language, advice, shots, words, texts.silent)


def _announced(titled: _Titled, texts: _Texts) -> str:
    return texts.announced.format(title=titled.title, text=titled.text)


def _talks(texts: _Texts, language: Language) -> Iterable[Shot]:
    for number, text in enumerate(texts.talks, 1):
        title = texts.talk.title.format(n=number)
        explained = texts.announced.format(title=title, text=texts.talk.text if number == 1 else "").strip()
        seconds = _seconds(text, language)
        yield Shot("talk", f"talk_{number}", title, texts.talk.text, seconds, text, announcement=explained)


def _gestures(texts: _Texts) -> Iterable[Shot]:
    first = texts.silent
    for gesture, titled in texts.gestures.items():
        for turn in range(1, TIMES + 1):
            explained = texts.announced.format(title=titled.title, text=f"{titled.text} {first}").strip()
            said = explained if turn == 1 else texts.once_more.format(title=titled.title)
            first = ""
            yield Shot(
                "gesture",
                f"{gesture}_{turn}",
                titled.title,
                titled.text,
                GESTURE_SECONDS,
                gesture=gesture,
                announcement=said,
            )


def consent_statement(language: Language, permission: Permission, words: Sequence[str]) -> str:
    """The statement by which the host consents, with these words of the day."""
    return _blank(language).join(_statement(language, permission, words))


def _statement(language: Language, permission: Permission, words: Sequence[str]) -> tuple[str, ...]:
    texts = _texts()[language]
    return tuple(
        sentence.format(
            who=permission.who or texts.blanks.who,
            company=permission.company or texts.blanks.company,
            purpose=permission.purpose or texts.blanks.purpose,
            until=_day(permission.until, texts) or texts.blanks.until,
            words=texts.between.join(words),
        )
        for sentence in texts.statement
    )


def _day(until: str, texts: _Texts) -> str:
    """A date written out in the language; other text is returned unchanged."""
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return until
    return texts.date.format(
        year=day.year,
        month=day.month,
        month_name=texts.month_names[day.month - 1] if texts.month_names else "",
        day=day.day if day.day > 1 else texts.first_day,
    )


def draw_words(language: Language) -> tuple[str, ...]:
    """Draw the words of the day: all different, and unpredictable."""
    return tuple(secrets.SystemRandom().sample(_texts()[language].words, WORDS))


def written(shots: ShotList) -> Iterable[str]:
    """The list as lines of plain text: the advice, then each shot with its start time."""
    texts = _texts()[shots.language]
    yield texts.before
    for one in shots.advice:
        yield from _wrapped(f"{one.title}{texts.colon}{one.text}", "  ", shots.language)
    yield ""
    yield texts.recorded.format(clock=clock(shots.seconds))
    at = 0.0
    for shot in shots.shots:
        yield f"  {clock(at)}  {shot.title}  ({shot.seconds:.0f} s)"
        at += shot.seconds
        if shot.kind == "gesture" and not shot.name.endswith("_1"):
            continue
        yield from _wrapped(shot.instruction, " " * 8, shots.language)
        if shot.kind == "gesture" and shot.gesture == _first_gesture(shots):
            yield from _wrapped(shots.silent, " " * 8, shots.language)
        for sentence in shot.text:
            yield from _wrapped(sentence, " " * 10, shots.language)
    yield f"  {clock(at)}"


def _first_gesture(shots: ShotList) -> str:
    return next(shot.gesture for shot in shots.shots if shot.gesture)


def _wrapped(text: str, indent: str, language: Language) -> list[str]:
    if not _blank(language):
        return [indent + text]
    return textwrap.wrap(typeset(text), COLUMNS, initial_indent=indent, subsequent_indent=indent)


def typeset(text: str) -> str:
    """Replace the space before or after French punctuation by a no-break space."""
    return _SET_OFF.sub("\u00a0", text)


_SET_OFF = re.compile(r" (?=[!?;:»])|(?<=«) ")


def _blank(language: Language) -> str:
    """Separator of two sentences."""
    return "" if language == "zh" else " "


def clock(seconds: float) -> str:
    """Minutes and seconds, such as 5:49."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _seconds(text: Iterable[str], language: Language) -> float:
    """Reading time with half a second per sentence, rounded up to whole seconds."""
    sentences = list(text)
    return float(-(-sum(map(len, sentences)) // RATES[language]) + -(-len(sentences) // 2))


@cache
def _texts() -> dict[Language, _Texts]:
    raw = yaml.safe_load(resources.files(__package__).joinpath("shotlist.yaml").read_text(encoding="utf-8"))
    return {language: _Texts.model_validate(one) for language, one in raw.items()}


# ---- marks: where the shots lie in the recording ------------------------------------------------


class Stretch(BaseModel):
    """A stretch of the recording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Annotated[float, Field(ge=0)]
    """Seconds from the recording's beep."""
    end: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"it ends at {self.end} s, before it starts at {self.start} s")
        return self


class Mark(Stretch):
    """Position of a shot; if it was recorded more than once, of its last good take."""

    name: str
    """As in the shot list."""
    kind: Kind
    redone: Annotated[int, Field(ge=0)]
    """Number of earlier takes in the footage, which must not be used."""
    pauses: tuple[Stretch, ...] = ()
    """Pauses of the host inside the shot, in order; they do not belong to it."""

    @model_validator(mode="after")
    def _inside(self) -> Self:
        at = self.start
        for pause in self.pauses:
            if pause.start < at or pause.end > self.end:
                raise ValueError(f"shot {self.name!r} has a pause outside it or overlapping another")
            at = pause.end
        return self


class Marks(BaseModel):
    """The marks file, written by the teleprompter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["doublure-marks-1"]
    language: Language
    words: tuple[str, ...]
    """Words of the day that the consent had to name."""
    shots: tuple[Mark, ...]
    """In list order; shots that were not recorded are absent."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [mark.name for mark in self.shots]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one mark for {', '.join(twice)}")
        return self


def read_marks(file: Path) -> Marks:
    """Read the marks of a recording. Raises `FootageError`, which says what is wrong with the file."""
    remedy = "download the marks again at the end of the shot list's page"
    try:
        return Marks.model_validate_json(file.read_bytes())
    except OSError as error:
        raise FootageError(
            f"the marks cannot be read: {error.strerror}", where=str(file), remedy="check the path"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FootageError(
            f"this is not a marks file: {first['msg'].removeprefix('Value error, ')}",
            where=f"{file}, {where}" if where else str(file),
            remedy=remedy,
        ) from error
