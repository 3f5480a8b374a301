"""The console's texts in each of its languages, from `words.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, RootModel

from doublure.media import LANGUAGES, Language

NAMES: dict[Language, str] = {"zh": "中文", "en": "English", "fr": "Français"}
"""Native names of the languages, for the language switch."""


class _Phrase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    fr: str


class _Phrases(RootModel[dict[str, _Phrase]]):
    """Key -> phrase."""


@dataclass(frozen=True, slots=True)
class Words:
    """The console's texts in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The phrase with its {braces} filled in. Raises `KeyError` for an unknown key."""
        phrase: str = getattr(_phrases()[key], self.language)
        return phrase.format(**values) if values else phrase

    def age(self, seconds: int) -> str:
        """A phrase for "so long ago", in coarse steps, so that a list does not change every second."""
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
    """All phrases of one file in one language, by key; {braces} are not filled in."""
    return {key: getattr(phrase, language) for key, phrase in _phrases(file).items()}


def every_key() -> tuple[str, ...]:
    """Every key, in the order of the file."""
    return tuple(_phrases())


def choose(chosen: str | None, show: Language) -> Words:
    """The texts in the language that the operator chose, else in the show's."""
    return Words(next((language for language in LANGUAGES if language == chosen), show))
