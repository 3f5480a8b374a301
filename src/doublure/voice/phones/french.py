"""Converts French words to Kokoro's symbols: gruut's lexicon and grapheme model, elisions and liaisons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import yaml

from doublure.voice.phones.table import KEPT_WORDS

VOWELS = frozenset("aeiouyøœɔəɛɑ")


@dataclass(frozen=True, slots=True)
class WordList:
    """`phones_french.yaml`."""

    own: Mapping[str, str]
    letters: Mapping[str, str]
    liaison: Mapping[str, str]
    """Word -> its liaison consonant before a vowel."""
    aspirated: tuple[str, ...]
    light: frozenset[str]


@cache
def _list() -> WordList:
    text = resources.files(__package__).joinpath("french.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    return WordList(
        {str(word): sound for word, sound in content["own"].items()},
        {str(letter): name for letter, name in content["letters"].items()},
        {word: sound for sound, words in content["liaison"].items() for word in words.split()},
        tuple(_plain(word) for word in content["aspirated"].split()),
        frozenset(content["light"].split()),
    )


_BEFORE_CONSONANT = {"six": "si", "dix": "di", "huit": "ɥi", "cinq": "sɛ̃k"}
_ALONE = {"six": "sˈis", "dix": "dˈis", "huit": "ɥˈit", "cinq": "sˈɛ̃k"}
_NUMBERS = frozenset(
    {"un", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "virgule"}
)


_ELIDED = frozenset({"l", "d", "j", "c", "n", "s", "m", "t", "qu"})


def french(words: str) -> list[tuple[str, str]]:
    """Each word and its symbols, for a run without punctuation."""
    tokens = words.split()
    found: list[tuple[str, str]] = []
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        found.append((token, _token(token, following)))
    return found


def _token(token: str, following: str) -> str:
    head, apostrophe, tail = token.partition("'")
    if apostrophe and len(head) <= 2 and re.fullmatch(r"[A-Z](?:-[A-Z])+", tail):
        return _onset(head.lower()) + _token(tail, following)
    parts = token.split("-")
    if len(parts) > 1 and all(len(part) == 1 for part in parts):
        spelled = "".join(_list().letters.get(_plain(part), "") for part in parts)
        return _stressed(spelled)
    if len(token) == 1 and token.isupper() and token not in "ÀY":
        return _stressed(_list().letters.get(_plain(token), ""))
    sound = ""
    for index, part in enumerate(parts):
        after = parts[index + 1] if index + 1 < len(parts) else following
        sound += _word(part.lower(), after.lower())
    return sound


def _word(word: str, following: str) -> str:
    vowel = _opens_with_vowel(following)
    if word in _BEFORE_CONSONANT:
        if vowel:
            return _BEFORE_CONSONANT[word] + {"six": "z", "dix": "z", "huit": "t", "cinq": ""}[word]
        return (
            _BEFORE_CONSONANT[word]
            if following and word != "cinq" and following not in _NUMBERS
            else _ALONE[word]
        )
    sound, liaison = _sound(word), _list().liaison
    if vowel and word in liaison and not sound.endswith(liaison[word]):
        sound += liaison[word]
    if word == "vingt" and following in _NUMBERS and not vowel:
        sound += "t"
    if word not in _list().light:
        return sound if "ˈ" in sound else _stressed(sound)
    return sound


@lru_cache(KEPT_WORDS)
def _sound(word: str) -> str:
    onsets = ""
    while word not in _list().own:
        head, apostrophe, tail = word.partition("'")
        if not (apostrophe and tail and head in _ELIDED):
            return onsets + _looked_up(word)
        onsets += _onset(head)
        word = tail
    return onsets + _list().own[word]


def _onset(elided: str) -> str:
    return {"c": "s", "qu": "k", "j": "ʒ"}.get(elided, elided)


def _looked_up(word: str) -> str:
    import gruut

    symbols = "".join(
        phone
        for sentence in gruut.sentences(word, lang="fr-fr", espeak=False, pos=False)
        for token in sentence
        if not token.is_break
        for phone in token.phonemes or ()
    )
    return symbols.replace("g", "ɡ").replace("t͡ʃ", "ʧ").replace("d͡ʒ", "ʤ").replace("\u0361", "")


def _stressed(sound: str) -> str:
    """The sound with stress on the last full vowel, as in espeak-ng and Kokoro's training."""
    for index in range(len(sound) - 1, -1, -1):
        if sound[index] in VOWELS and sound[index] != "ə":
            return f"{sound[:index]}ˈ{sound[index:]}"
    return sound


def _opens_with_vowel(word: str) -> bool:
    plain = _plain(word.lower())
    if not plain or plain.startswith(_list().aspirated):
        return False
    return bool(re.match(r"[aeiouhœ]|y(?![aeiou])", plain))


def _plain(word: str) -> str:
    """The word without accents."""
    return "".join(
        mark for mark in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(mark)
    )
