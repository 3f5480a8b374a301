"""Converts Mandarin to Kokoro's symbols: jieba's word breaks, pypinyin's readings, misaki's symbols.

Latin letters and words sound as a Mandarin speaker says them, because the Mandarin voices were not trained on
English.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, cast

from doublure.voice.phones.english import english
from doublure.voice.phones.table import KEPT_WORDS, WordTable

if TYPE_CHECKING:
    from jieba import Tokenizer
    from pypinyin.core import Pinyin

_LETTERS = {
    "A": "ei→", "B": "pi↘", "C": "sei→", "D": "ti↘", "E": "i↘", "F": "ɛ→fu", "G": "ʨi↘", "H": "ei→ꭧʰɨ",
    "I": "ai↘", "J": "ꭧei↘", "K": "kʰei↘", "L": "ai↘lou", "M": "ɛ→mu", "N": "ɛ→n", "O": "ou→", "P": "pʰi↘",
    "Q": "kʰju→", "R": "a→ɻ", "S": "ɛ→sɨ", "T": "tʰi↘", "U": "jou→", "V": "vi↘", "W": "ta↗pu ljou",
    "X": "ɛ→kʰəs", "Y": "wai→", "Z": "ʦei↘",
}  # fmt: skip
"""Letter names as Mandarin speakers say them, in the symbols of Mandarin syllables."""
_WORDS = {"wifi": "wai↘ fai→", "app": "ei→ pʰi↘ pʰi↘", "type": "tʰai↘pʰɤ", "iphone": "ai↘ foŋ→"}
_VOWELS = {
    "A": "ei", "I": "ai", "O": "ou", "W": "au", "Y": "oi", "æ": "a", "ɑ": "a", "ʌ": "a", "ɐ": "a", "ɪ": "i",
    "ʊ": "u", "ɔ": "o", "ə": "ə", "ᵊ": "ɤ", "ᵻ": "i", "ɜ": "ɤ", "ɚ": "ɤ", "ɛ": "ɛ", "i": "i", "u": "u",
}  # fmt: skip
_CONSONANTS = {
    "ʧ": "ꭧʰ", "ʤ": "ʨ", "ʃ": "ʂ", "ʒ": "ʐ", "ɹ": "ɻ", "θ": "s", "ð": "ʦ", "p": "pʰ", "t": "tʰ", "T": "t",
    "k": "kʰ", "b": "p", "d": "t", "ɡ": "k", "z": "ʦ", "h": "x",
}  # fmt: skip
"""English sounds -> the nearest Mandarin sounds."""


_MUST = frozenset({
    "我", "你", "您", "他", "她", "它", "咱", "我们", "你们", "您们", "他们", "她们", "它们", "咱们", "大家", "还", "都",
    "也", "又", "就", "才", "可", "总", "总是", "必", "非", "只", "先",
})  # fmt: skip
"""After these words 得 means "must" (děi); dictionaries list only "gain"."""
_GAIN = frozenset({
    "获得", "取得", "难得", "所得", "不得", "不得了", "不得不", "心得", "赢得", "多得", "一得", "求得", "博得", "夺得", "分得",
    "再得", "各得", "可得", "只得", "应得", "自得", "了不得", "不见得", "不得已", "不得而知", "迫不得已", "哭笑不得", "求之不得",
    "不可多得", "一举两得", "心安理得", "罪有应得",
})  # fmt: skip
"""Words in which 得 means "gain" (dé). After other verbs and adjectives its tone is neutral: 卖得好, 放得下."""
_COUNTS, _UNITS = frozenset("零两二三四五六七八九十百千万半"), frozenset("百千万十个件张块元分份")


def mandarin(run: str) -> list[tuple[str, str]]:
    """Each word and its symbols, for a run of hanzi."""
    words = [word for word in _breaker().lcut(run) if word.strip()]
    around = zip(["", *words], words, [*words[1:], ""], strict=False)
    return [(word, _reading(word, _de(word, before, after))) for before, word, after in around]


def _de(word: str, before: str, after: str) -> str:
    """The reading of 得 in a word between two others; "" to use the dictionary, or if the word has no 得."""
    if "得" not in word:
        return ""
    if word in ("总得", "非得", "必得"):
        return "dei3"
    if word != "得":
        return "" if word.startswith("得") or word in _GAIN else "de"
    gained = after[:1] in _COUNTS or (after[:1] == "一" and after[1:2] in _UNITS)
    if after and (after == "了" or gained):
        return ""
    return "dei3" if not before or before in _MUST else "de"


def foreign(words: str) -> list[tuple[str, str]]:
    """Each Latin word and its symbols, for a run inside Mandarin. Letters joined by hyphens are spelled."""
    return [(word, " ".join(_part(part) for part in word.split("-") if part)) for word in words.split()]


def _no_readings(characters: str) -> list[str]:
    return [""] * len(characters)


# pypinyin also accepts a list; its annotation allows only a str
_unread = cast("Callable[[str], str]", _no_readings)


@lru_cache(KEPT_WORDS)
def _reading(word: str, de: str = "") -> str:
    from misaki.zh import ZHG2P
    from pypinyin import Style

    # one syllable per character, "" for characters in no dictionary
    syllables = _pinyin().lazy_pinyin(word, style=Style.TONE3, errors=_unread)
    if de:
        syllables = [de if mark == "得" else one for mark, one in zip(word, syllables, strict=True)]
    return "".join(str(ZHG2P.py2ipa(syllable)) for syllable in syllables if syllable).replace("\u032f", "")


@lru_cache(KEPT_WORDS)
def _part(part: str) -> str:
    if len(part) == 1:
        return _LETTERS.get(part.upper(), "")
    if part.lower() in _WORDS:
        return _WORDS[part.lower()]
    return _nearest("".join(symbols for _, symbols in english(part)))


def _nearest(symbols: str) -> str:
    """English symbols as Mandarin syllables: stressed vowels get a falling tone, the others a high one."""
    found = ""
    stressed = False
    marks = iter([*zip(symbols, [*symbols[1:], " "], strict=False)])
    for mark, following in marks:
        if mark in "ˈˌ":
            stressed = mark == "ˈ"
        elif mark in _VOWELS:
            found += _VOWELS[mark]
            if following in "nŋ":
                found += following
                next(marks)
            found += "↘" if stressed else "→"
            stressed = False
        else:
            found += _CONSONANTS.get(mark, mark)
    return found


# ---- jieba's and pypinyin's dictionaries as tables --------------------------------------------------

# As Python dictionaries they take 120 MB. jieba would also read its own from a file in the folder for
# temporary files, where anybody may put one.


class _Counts:
    """Word counts of jieba's dictionary, with the interface that jieba uses."""

    def __init__(self, words: WordTable) -> None:
        self._words = words

    def __contains__(self, start: str) -> bool:
        return self._words.begins(start)

    def __getitem__(self, word: str) -> int:
        # a mere prefix of a word has no count
        return int(self._words.get(word) or 0)

    get = __getitem__


@cache
def _breaker() -> Tokenizer:
    """jieba's word breaker."""
    import jieba

    entries: dict[str, str] = {}
    total = 0
    with (resources.files("jieba") / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count = line.split(" ")[:2]
            entries[word] = count
            total += int(count)
    breaker = jieba.Tokenizer()
    breaker.FREQ, breaker.total = _Counts(WordTable(entries.items())), total
    breaker.initialized = True
    return breaker


@cache
def _phrases() -> WordTable:
    """pypinyin's phrases and their syllables."""
    text = (resources.files("pypinyin") / "phrases_dict.json").read_text(encoding="utf-8")
    phrases: dict[str, list[list[str]]] = json.loads(text)
    return WordTable((phrase, " ".join(one[0] for one in readings)) for phrase, readings in phrases.items())


def _in_phrases(hanzi: str) -> Iterator[str]:
    """Split a run of hanzi into pypinyin's phrases, longest match first, and single characters."""
    phrases = _phrases()
    while hanzi:
        length = longest = 1
        while length <= len(hanzi) and phrases.begins(hanzi[:length]):
            if phrases.get(hanzi[:length]) is not None:
                longest = length
            length += 1
        if length > len(hanzi) and longest == 1:
            # the run ends inside a phrase: pypinyin then tries no shorter one
            yield from hanzi
            return
        yield hanzi[:longest]
        hanzi = hanzi[longest:]


@cache
def _pinyin() -> Pinyin:
    """pypinyin with its phrases taken from the table."""
    from pypinyin.constants import RE_HANS, Style
    from pypinyin.converter import UltimateConverter
    from pypinyin.core import Pinyin
    from pypinyin.seg.simpleseg import simple_seg

    class Converter(UltimateConverter):
        def _phrase_pinyin(
            self, phrase: str, style: Style, heteronym: bool, errors: Callable[[str], str] | str, strict: bool
        ) -> list[list[str]]:
            found = _phrases().get(phrase)
            if found is None:
                return super()._phrase_pinyin(phrase, style, heteronym, errors, strict)
            return [[syllable] for syllable in found.split(" ")]

    def parted(text: str) -> list[str]:
        runs = simple_seg(text)
        return [part for run in runs for part in (_in_phrases(run) if RE_HANS.match(run) else [run])]

    class Reader(Pinyin):
        def get_seg(self, **kwargs: object) -> Callable[[str], list[str]]:
            return parted

    return Reader(Converter(neutral_tone_with_five=True))
