"""Mandarin to Kokoro's symbols: jieba's word breaks, pypinyin's readings, misaki's symbols; and
Latin letters and words as a Mandarin speaker says them, for the Mandarin voices never heard English.
"""

from __future__ import annotations

from functools import cache

from doublure.phones_english import english

_LETTERS = {
    "A": "ei→", "B": "pi↘", "C": "sei→", "D": "ti↘", "E": "i↘", "F": "ɛ→fu", "G": "ʨi↘", "H": "ei→ꭧʰɨ",
    "I": "ai↘", "J": "ꭧei↘", "K": "kʰei↘", "L": "ai↘lou", "M": "ɛ→mu", "N": "ɛ→n", "O": "ou→", "P": "pʰi↘",
    "Q": "kʰju→", "R": "a→ɻ", "S": "ɛ→sɨ", "T": "tʰi↘", "U": "jou→", "V": "vi↘", "W": "ta↗pu ljou",
    "X": "ai↘kʰɤsɨ", "Y": "wai→", "Z": "ʦei↘",
}  # fmt: skip
"""Letter names as said in Mandarin, in the symbols of Mandarin syllables."""
_WORDS = {"wifi": "wai↘ fai→", "app": "ei→ pʰi↘ pʰi↘", "type": "tʰai↘pʰɤ", "iphone": "ai↘ foŋ→"}
_VOWELS = {
    "A": "ei", "I": "ai", "O": "ou", "W": "au", "Y": "oi", "æ": "a", "ɑ": "a", "ʌ": "a", "ɐ": "a", "ɪ": "i",
    "ʊ": "u", "ɔ": "o", "ə": "ə", "ᵊ": "ɤ", "ᵻ": "i", "ɜ": "ɤ", "ɚ": "ɤ", "ɛ": "ɛ", "i": "i", "u": "u",
}  # fmt: skip
_CONSONANTS = {
    "ʧ": "ꭧʰ", "ʤ": "ʨ", "ʃ": "ʂ", "ʒ": "ʐ", "ɹ": "ɻ", "θ": "s", "ð": "ʦ", "p": "pʰ", "t": "tʰ", "T": "t",
    "k": "kʰ", "b": "p", "d": "t", "ɡ": "k", "z": "ʦ", "h": "x",
}  # fmt: skip
"""English sounds and the nearest ones of Mandarin."""


def mandarin(run: str) -> list[tuple[str, str]]:
    """Word and symbols of each word of a run of hanzi."""
    import jieba

    jieba.setLogLevel("ERROR")
    return [(word, _reading(word)) for word in jieba.lcut(run) if word.strip()]


def foreign(words: str) -> list[tuple[str, str]]:
    """Word and symbols of each Latin word of a run inside Mandarin; hyphens between letters spell."""
    return [(word, " ".join(_part(part) for part in word.split("-") if part)) for word in words.split()]


@cache
def _reading(word: str) -> str:
    from misaki.zh import ZHG2P

    return str(ZHG2P.word2ipa(word)).replace("\u032f", "")


@cache
def _part(part: str) -> str:
    if len(part) == 1:
        return _LETTERS.get(part.upper(), "")
    if part.lower() in _WORDS:
        return _WORDS[part.lower()]
    return _nearest("".join(symbols for _, symbols in english(part)))


def _nearest(symbols: str) -> str:
    """English symbols as Mandarin syllables: a stressed vowel falls, the others stay high."""
    found = ""
    stressed = False
    marks = iter([*zip(symbols, symbols[1:] + " ", strict=True)])
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
