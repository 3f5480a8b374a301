"""Spoken form: the words as said. Prices, units, dates and abbreviations are put into words, emoji
are dropped, punctuation stays, because it makes the pauses."""

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
    """`text` as it is said in `language`: words and punctuation, no digits and no signs. Spelled
    abbreviations are letters joined by hyphens, the shop's own words as its lexicon says them. ""
    when nothing in it can be said."""
    plain, said = lexicon.marked(plain_signs(text, "，" if language == "zh" else ","))
    return unmarked(_SPEAK[language](plain), said)
