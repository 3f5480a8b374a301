"""The shot list: what a host records for enrolment, shot after shot, in six minutes.

Texts stand in `shotlist.yaml`. The marks of a recording, which say where each shot lies in the footage,
are read by `read_marks`.
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
"""How often each gesture is made."""
RATES: dict[Language, float] = {"zh": 5.0, "en": 15.5, "fr": 16.5}
"""Characters of a text that a presenter reads in a second, pauses and punctuation included."""
WORDS = 4
"""Words of the day in the consent."""
COLUMNS = 100
"""Width of the printed list, where a language has blanks to break its lines at."""


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
    announcement: str = ""
    """What a voice says before it; only the first shot of a kind explains itself."""


@dataclass(frozen=True, slots=True)
class ShotList:
    """Everything to record, in order."""

    language: Language
    advice: tuple[Advice, ...]
    shots: tuple[Shot, ...]
    words: tuple[str, ...]
    """The consent's words of the day."""
    silent: str
    """What holds for every gesture."""

    @property
    def seconds(self) -> float:
        """Of recording, without the announcements and count-ins between the shots."""
        return sum(shot.seconds for shot in self.shots)


@dataclass(frozen=True, slots=True)
class Permission:
    """What the spoken consent names; an empty field stays a blank to fill in."""

    who: str = ""
    company: str = ""
    purpose: str = ""
    until: str = ""
    """Last day: a date such as 2027-12-31, which is written as it is said, or any other words."""
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
    """What the host says to consent, with these words of the day."""
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
    """A date as its language writes it; what is no date stays."""
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
    """Words of the day: different ones, drawn so that nobody can foresee them."""
    return tuple(secrets.SystemRandom().sample(_texts()[language].words, WORDS))


def written(shots: ShotList) -> Iterable[str]:
    """The list as lines of plain text: what to see to, then shot after shot with its time of recording."""
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
    """For the eye: no line breaks before the marks that French sets off by a blank."""
    return _SET_OFF.sub("\u00a0", text)


_SET_OFF = re.compile(r" (?=[!?;:»])|(?<=«) ")


def _blank(language: Language) -> str:
    """What stands between two sentences."""
    return "" if language == "zh" else " "


def clock(seconds: float) -> str:
    """Minutes and seconds, 5:49."""
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
    """Where a shot lies: its last good turn, when it was recorded more than once."""

    name: str
    """As in the shot list."""
    kind: Kind
    redone: Annotated[int, Field(ge=0)]
    """How many earlier turns lie in the footage and are not to be used."""
    pauses: tuple[Stretch, ...] = ()
    """Where the host stopped inside of it, in order; nothing there belongs to the shot."""

    @model_validator(mode="after")
    def _inside(self) -> Self:
        at = self.start
        for pause in self.pauses:
            if pause.start < at or pause.end > self.end:
                raise ValueError(f"shot {self.name!r} has a pause that lies outside of it or in another")
            at = pause.end
        return self


class Marks(BaseModel):
    """The file that the teleprompter writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["doublure-marks-1"]
    language: Language
    words: tuple[str, ...]
    """The words of the day that the consent was to name."""
    shots: tuple[Mark, ...]
    """In the order of the list; shots that were not recorded are missing."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [mark.name for mark in self.shots]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one mark for {', '.join(twice)}")
        return self


def read_marks(file: Path) -> Marks:
    """Read the marks of a recording. Raises `FootageError` saying what is wrong with the file."""
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
            f"these are no marks of a recording: {first['msg'].removeprefix('Value error, ')}",
            where=f"{file}, {where}" if where else str(file),
            remedy=remedy,
        ) from error
