"""Converts English words to Kokoro's symbols: by misaki's lexicons (used to train Kokoro), then gruut."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources
from typing import cast

from doublure.voice.phones.table import KEPT_WORDS, WordTable

VOWELS = frozenset("AIOQWYaeiouæɑɐɒɔəɚɛɜɪʊʌᵊᵻ")
_WEAK = {"a": "ɐ", "an": "ən", "and": "ænd", "of": "ʌv", "i": "ˌI"}
"""Weak forms of function words inside a sentence."""
IPA = {
    "t͡ʃ": "ʧ", "d͡ʒ": "ʤ", "tʃ": "ʧ", "dʒ": "ʤ", "eɪ": "A", "aɪ": "I", "oʊ": "O", "aʊ": "W", "ɔɪ": "Y",
    "ˈɚ": "ˈɜɹ", "ˌɚ": "ˌɜɹ", "ɚ": "əɹ", "g": "ɡ", "ɫ": "l", "\u0361": "",
}  # fmt: skip
"""gruut's IPA to misaki's: diphthongs and affricates are one symbol."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")

Entry = str | dict[str, str | None]


def english(words: str) -> list[tuple[str, str]]:
    """Each word and its symbols, for a run without punctuation. Letters joined by hyphens are spelled; other
    hyphens join words."""
    found: list[tuple[str, str]] = []
    tokens = words.split()
    kinds = _parts_of_speech(words, tokens)
    for token, kind in zip(tokens, kinds, strict=True):
        found.append((token, _token(token, kind)))
    for index, (word, _) in enumerate(found):
        follows = found[index + 1][1].lstrip("ˈˌ") if index + 1 < len(found) else ""
        weak = _weak(word, follows)
        if weak:
            found[index] = (word, weak)
    return found


def _weak(word: str, follows: str) -> str:
    lower = word.lower()
    vowel = follows[:1] in VOWELS
    if lower == "the":
        return "ði" if vowel else "ðə"
    if lower == "to":
        return "tʊ" if vowel or not follows else "tə"
    return _WEAK.get(lower, "") if follows or lower == "i" else ""


def _token(token: str, kind: str) -> str:
    known = _known(token, kind)
    if known:
        return known
    parts = token.split("-")
    if len(parts) > 1 and all(len(part) == 1 for part in parts):
        return _spelled(parts)
    return "".join(_known(part, kind) or _guessed(part) for part in parts if part)


def _spelled(letters: list[str]) -> str:
    """The letter names; the last one is stressed, as in spoken abbreviations."""
    names = [_known(letter.upper(), "") or "" for letter in letters]
    return "".join([*(name.replace("ˈ", "ˌ") for name in names[:-1]), names[-1]])


def _known(word: str, kind: str) -> str:
    for form in (word, word.lower(), word.capitalize()):
        entry = _entry("us_gold", form) or _entry("us_silver", form)
        if isinstance(entry, str):
            return _closed(entry)
        if entry:
            return _closed(entry.get(kind) or entry.get(_parent(kind)) or entry["DEFAULT"] or "")
    return ""


def _closed(symbols: str) -> str:
    # Kokoro's training text writes the lexicon's flap and glottal stop with these letters
    return symbols.replace("ɾ", "T").replace("ʔ", "t")


def _parent(kind: str) -> str:
    for start, parent in (("VB", "VERB"), ("NN", "NOUN"), ("RB", "ADV"), ("JJ", "ADJ")):
        if kind.startswith(start):
            return parent
    return kind


def _entry(name: str, word: str) -> Entry | None:
    """A lexicon's entry for a word: its symbols, or the symbols for each part of speech."""
    found = _lexicon(name).get(word)
    return None if found is None else cast(Entry, json.loads(found))


@cache
def _lexicon(name: str) -> WordTable:
    text = (resources.files("misaki") / "data" / f"{name}.json").read_text(encoding="utf-8")
    return WordTable(
        (word, json.dumps(entry, ensure_ascii=False)) for word, entry in json.loads(text).items()
    )


def _parts_of_speech(words: str, tokens: list[str]) -> list[str]:
    """gruut's tag of each word, if any of them sounds different as a noun and as a verb."""
    if not any(isinstance(_entry("us_gold", token.lower()), dict) for token in tokens):
        return [""] * len(tokens)
    import gruut

    tagged = [
        (word.text, word.pos or "")
        for sentence in gruut.sentences(words, lang="en-us", espeak=False, phonemes=False)
        for word in sentence
    ]
    if [text.lower() for text, _ in tagged] != [token.lower() for token in tokens]:
        return [""] * len(tokens)
    return [kind for _, kind in tagged]


@lru_cache(KEPT_WORDS)
def _guessed(word: str) -> str:
    """Symbols from gruut's lexicon, else from its grapheme model."""
    import gruut

    symbols = "".join(
        phone
        for sentence in gruut.sentences(word, lang="en-us", espeak=False, pos=False)
        for token in sentence
        if not token.is_break
        for phone in token.phonemes or ()
    )
    for ipa, ours in IPA.items():
        symbols = symbols.replace(ipa, ours)
    return symbols
