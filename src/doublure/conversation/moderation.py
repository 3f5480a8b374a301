"""Word lists of banned words and claims, matched despite simple evasion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from doublure.conversation.wording import HANZI, fold, gives_contact, joined, words
from doublure.errors import SettingsError
from doublure.files import contents
from doublure.media import LANGUAGES, Language

LONGEST_NAME = 8
"""Longest author's name, in characters, that the host may say."""
LARGEST_LIST_BYTES = 1_000_000
"""Size limit of a room's own list of banned words."""
_LEET = str.maketrans("013457@$!", "oieastasi")
_LETTER = re.compile(r"[a-z]")
_NAME = re.compile(rf"[A-Za-z\u00c0-\u024f{HANZI}]{{1,{LONGEST_NAME}}}")


class WordList:
    """A matcher for listed words: Chinese ones anywhere, Latin ones as whole words."""

    def __init__(self, listed: Iterable[str]) -> None:
        folded = sorted({fold(word) for word in listed if word.strip()}, key=len, reverse=True)
        hanzi = [re.escape(word) for word in folded if re.search(f"[{HANZI}]", word)]
        latin = [re.escape(word) for word in folded if not re.search(f"[{HANZI}]", word)]
        self._hanzi = re.compile("|".join(hanzi)) if hanzi else None
        self._latin = (
            re.compile(rf"(?<![^\W_{HANZI}])(?:{_by_first(latin)})(?![^\W_{HANZI}])") if latin else None
        )

    def find(self, text: str) -> str:
        """The first listed word in `text`, or ""."""
        return next(self.every(text), "")

    def every(self, text: str) -> Iterator[str]:
        """The listed words found in `text`, in folded form; some may occur more than once."""
        folded = fold(text)
        closed = joined(folded)
        for form in dict.fromkeys((folded, closed, _unleet(closed))):
            for pattern in (self._hanzi, self._latin):
                if pattern is not None:
                    yield from (found[0] for found in pattern.finditer(form))


def _by_first(listed: list[str]) -> str:
    """A pattern for escaped words, grouped by first letter so that most positions need one test. Letters
    stretched to evade the list ("fuuuck") match too."""
    groups: dict[str, list[str]] = {}
    for word in listed:
        first, rest = re.fullmatch(r"(\\?.)(.*)", word, re.DOTALL).groups()  # type: ignore[union-attr]
        again = f"{first}*" if first.isalnum() or first == "_" else ""
        groups.setdefault(first, []).append(again + re.sub(r"(\w)", r"\1+", rest))
    return "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in groups.items())


def _unleet(text: str) -> str:
    """Reads digits inside words as letters, `sh1t` as `shit`; standalone numbers stay numbers."""
    return re.sub(r"\S+", lambda word: word[0].translate(_LEET) if _LETTER.search(word[0]) else word[0], text)


@cache
def banned(further: Path | None = None) -> WordList:
    """The lists of all three languages, because viewers write in any. `further` is the file of a room's own
    words, one per line. Raises `SettingsError`."""
    listed = [word for language in LANGUAGES for word in words(f"banned_{language}.txt")]
    if further is not None:
        try:
            text = contents(further, LARGEST_LIST_BYTES).decode("utf-8-sig")
            listed += [line.strip() for line in text.splitlines() if not line.startswith("#")]
        except (OSError, UnicodeDecodeError) as error:
            remedy = "judge: words: names a UTF-8 text file, one word a line"
            raise SettingsError(
                "the list of banned words cannot be read", where=str(further), remedy=remedy
            ) from error
    return WordList(listed)


@cache
def claims(language: Language) -> WordList:
    """Claims that may not be made about a product."""
    return WordList(words(f"claims_{language}.txt"))


def speakable_name(author: str) -> str:
    """The author's name if the host may say it, else ""."""
    name = author.strip()
    return name if _NAME.fullmatch(name) and not banned().find(name) and not gives_contact(name) else ""
