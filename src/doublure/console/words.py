"""The console's own words, in each of its languages; they stand in `words.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, RootModel

from doublure.media import LANGUAGES, Language

NAMES: dict[Language, str] = {"zh": "中文", "en": "English", "fr": "Français"}
"""The languages as their own speakers write them, for the switch."""


class _Phrase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    fr: str


class _Phrases(RootModel[dict[str, _Phrase]]):
    """Key -> phrase."""


@dataclass(frozen=True, slots=True)
class Words:
    """The console's words in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The phrase, its {braces} filled in; raises `KeyError` for a key that is not there."""
        phrase: str = getattr(_phrases()[key], self.language)
        return phrase.format(**values) if values else phrase

    def age(self, seconds: int) -> str:
        """How long ago, in steps coarse enough that a list does not change every second."""
        if seconds < 10:
            return self("age_now")
        if seconds < 60:
            return self("age_seconds", count=seconds // 10 * 10)
        return self("age_minutes", count=seconds // 60)


@cache
def _phrases(file: str = "words.yaml") -> dict[str, _Phrase]:
    text = files(__package__).joinpath(file).read_text("utf-8")
    return _Phrases.model_validate(yaml.safe_load(text)).root


def phrases(file: str, language: Language) -> dict[str, str]:
    """All phrases of one of the console's files in a language, by key, their {braces} as they stand."""
    return {key: getattr(phrase, language) for key, phrase in _phrases(file).items()}


def every_key() -> tuple[str, ...]:
    """Every key, in the order of the file."""
    return tuple(_phrases())


def choose(chosen: str | None, show: Language) -> Words:
    """The language that the operator chose, else the show's."""
    return Words(next((language for language in LANGUAGES if language == chosen), show))
