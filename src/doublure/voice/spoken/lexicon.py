"""Lexicon of a shop: the pronunciation of its brands, product lines and names.

Pinyin is replaced by characters that have only that reading. So every Mandarin voice says it right, and the
spoken form needs no markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import Match

from pydantic import RootModel

from doublure.document import Document
from doublure.errors import SettingsError
from doublure.media import Language
from doublure.voice.phones.symbols import Sounds, sounds_of, symbols_of, whole
from doublure.voice.spoken.signs import plain_signs

_SYLLABLE = re.compile(r"[a-zü]+[1-5]|[a-zü]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zü]*")
"""A pinyin syllable with its tone, `xi1` or `xī`."""
_FIRST_MARK = 0xE000
"""First of the private characters. Each stands in the text for one word of the lexicon; no rule changes it."""
MOST = 1000
"""Most entries of a lexicon; there are 6,400 private characters."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words in search order, longest first."""

    pattern: re.Pattern[str] | None
    """Matches each word; None if there are no words."""
    said: Mapping[str, str]
    """Word in lower case -> spoken form."""
    sounds: Sounds | None = None
    """Words, as in the spoken form, with given phones."""

    def marked(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with each word of the shop replaced by a private character, and their spoken forms."""
        if self.pattern is None:
            return text, ()
        said: list[str] = []

        def mark(match: Match[str]) -> str:
            said.append(self.said[match[0].lower()])
            return chr(_FIRST_MARK + (len(said) - 1) % MOST)

        marked = self.pattern.sub(mark, text)
        return (marked, tuple(said)) if len(said) <= MOST else (text, ())


EMPTY = Lexicon(None, {})
_PHONES = re.compile(r"(?P<words>[^/]*?)\s*/(?P<phones>[^/]+)/")
"""Words, which are optional, and phones between slashes."""


def lexicon(words: Mapping[str, str], language: Language) -> Lexicon:
    """A lexicon of written words and their pronunciation: ordinary words (`Es-Kay Two`), in Mandarin pinyin
    with tones (`xi1 bei4`, `xī bèi`), or phones (`/lymea/`). Optional words before the phones are for voices
    that take no phones. Case does not matter. Raises `SettingsError` if an entry is empty, has digits that are not
    tones, is not a syllable, or has phones that Kokoro does not know."""
    if len(words) > MOST:
        raise SettingsError(f"the lexicon has {len(words)} words", remedy=f"keep it below {MOST}")
    said: dict[str, str] = {}
    sounds: dict[str, str] = {}
    for written, how in words.items():
        plain = plain_signs(written, "").strip().lower()
        parts = _PHONES.fullmatch(how.strip())
        if "/" in how and not parts:
            raise SettingsError(
                f"{written!r} is said with strokes: {how!r}",
                remedy="write phones between two strokes, behind the words, or none",
            )
        spoken = _spoken((parts["words"] or written if parts else how).strip(), language)
        if parts:
            sounds[spoken] = _symbols(written, parts["phones"].strip(), language)
        if not plain or not spoken:
            raise SettingsError(
                f"the lexicon has an empty entry: {written!r}", remedy="write word: how it is said"
            )
        if re.search(r"\d", spoken):
            raise SettingsError(f"{written!r} is said with digits: {how!r}", remedy="write numbers as words")
        said[plain] = spoken
    if not said:
        return EMPTY
    return Lexicon(
        re.compile("|".join(whole(word) for word in sorted(said, key=len, reverse=True)), re.I),
        said,
        sounds_of(sounds),
    )


class _LexiconEntry(RootModel[dict[str, str]]):
    """The file: written word and pronunciation."""


def load_lexicon(path: Path, language: Language) -> Lexicon:
    """The lexicon in a YAML file of `word: pronunciation`. Raises `SettingsError` with the line."""
    document = Document(path)
    words = document.check(_LexiconEntry).root
    for written, how in words.items():
        try:
            lexicon({written: how}, language)
        except SettingsError as error:
            raise document.error([document.problem(error.what, (written,), error.remedy)]) from error
    return lexicon(words, language)


def unmarked(text: str, said: tuple[str, ...]) -> str:
    """The text with its private characters replaced by their spoken forms; blanks between Latin words."""
    for number, words in enumerate(said):
        mark = chr(_FIRST_MARK + number)
        before = " " if words[0].isascii() else ""
        after = " " if words[-1].isascii() else ""
        text = re.sub(rf"(?<=[A-Za-zÀ-ÿ]){mark}", before + mark, text)
        text = re.sub(rf"{mark}(?=[A-Za-zÀ-ÿ])", mark + after, text).replace(mark, words)
    return text


def _symbols(written: str, phones: str, language: Language) -> str:
    try:
        return symbols_of(phones, language)
    except ValueError as error:
        raise SettingsError(
            f"no voice knows the phone {str(error)!r} of {written!r}",
            remedy="write it in IPA without marks for narrow sounds, or in ordinary letters",
        ) from error


def _spoken(how: str, language: Language) -> str:
    syllables = how.lower().replace("u:", "ü").replace("v", "ü").split()
    if language != "zh" or not syllables or not all(_SYLLABLE.fullmatch(one) for one in syllables):
        return how
    return "".join(_character(one, how) for one in syllables)


def _character(syllable: str, how: str) -> str:
    from pypinyin.contrib.tone_convert import to_tone3

    toned: Callable[..., str] = to_tone3
    key = syllable if syllable[-1].isdigit() else toned(syllable, v_to_u=True)
    found = _characters().get(key)
    if found is None:
        raise SettingsError(
            f"no character is read {syllable!r}, in {how!r}", remedy="write pinyin as in xi1 bei4"
        )
    return found


@cache
def _characters() -> Mapping[str, str]:
    """Maps each syllable with its tone (`lü4`) to a character: a common one with only this reading, else a
    common one mostly read so, else a rare one."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_tone3

    best: dict[str, tuple[int, str]] = {}
    for code, readings in PINYIN_DICT.items():
        if not 0x4E00 <= code <= 0x9FA5:
            continue
        character, each = chr(code), str(readings).split(",")
        for place, reading in enumerate(each):
            key = str(to_tone3(reading, v_to_u=True, neutral_tone_with_five=True))
            rank = 3 * _rarity(character) + (0 if len(each) == 1 else 1 if place == 0 else 9)
            # a single character takes its first reading; only an unstressed reading is close enough to another
            if (place == 0 or key.endswith("5")) and rank < best.get(key, (99, ""))[0]:
                best[key] = (rank, character)
    return {key: character for key, (_, character) in best.items()}


def _rarity(character: str) -> int:
    """0 for the 3,755 common characters (level 1 of GB 2312), 1 for its others, 2 for the rest."""
    try:
        return 0 if character.encode("gb2312")[0] <= 0xD7 else 1
    except UnicodeEncodeError:
        return 2
