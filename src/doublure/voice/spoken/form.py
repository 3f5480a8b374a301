"""Spoken form: a text as words. Prices, units, dates and abbreviations become words, emoji are dropped, and
punctuation stays because it makes the pauses."""

from __future__ import annotations

from collections.abc import Callable

from doublure.media import Language
from doublure.voice.spoken import english, french, mandarin
from doublure.voice.spoken.lexicon import EMPTY, Lexicon, unmarked
from doublure.voice.spoken.signs import plain_signs

_SPEAK: dict[Language, Callable[[str], str]] = {
    "zh": mandarin.speak,
    "en": english.speak,
    "fr": french.speak,
}


def spoken(text: str, language: Language, lexicon: Lexicon = EMPTY) -> str:
    """The spoken form of `text` in `language`: words and punctuation, without digits and signs. Spelled
    abbreviations become letters joined by hyphens; the shop's own words follow its lexicon. "" if nothing can
    be said."""
    plain, said = lexicon.marked(plain_signs(text, "，" if language == "zh" else ","))
    return unmarked(_SPEAK[language](plain), said)
