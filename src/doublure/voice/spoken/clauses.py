"""Splits a text into clauses for speech and estimates their durations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from doublure.media import Language
from doublure.sentences import abbreviated
from doublure.voice.spoken.form import spoken

FIRST_SECONDS = 1.0
"""The first clause ends once it is this long, because air waits for its synthesis."""
SHORTEST_SECONDS = 1.4
"""Least length of a later clause, except at the end of the text: very short clauses sound chopped."""
SHORTEST_SENTENCE_SECONDS = 0.6
"""A shorter sentence is joined with the next one."""
LONGEST_FIRST_SECONDS = 3.5
SOON_SECONDS = (0.8, 1.2, 1.8)
"""Least, best and greatest length of the first clause while air waits. It applies if the sentence can be split
there, after a mark or at a joint."""
LONGEST_SECONDS = 6.0
"""Longer clauses are split between words, because the next one would wait too long."""
HAN_SECONDS = 0.215
LETTER_SECONDS: dict[Language, float] = {"zh": 0.09, "en": 0.068, "fr": 0.070}
"""Time of a hanzi (above) and of a Latin letter in spoken form, measured with Kokoro at speed 1."""

_END = re.compile(
    r"[。！？!?；;…]+[”’\"'」』）)】》]*\s*"
    r"|(?<![A-Z])\.(?=\s|$|[\u4e00-\u9fff])[”’\"')]*\s*|\.{3}\s*"
    r"|[，、：]+[”’\"']*\s*|(?<!\d)[,:]+\s*|[,:](?!\d)\s*|\s[—–]+\s|\n+"
)
"""Matches the end of a clause, but nothing inside 59.9, 1,299 or 20:30."""
_FULL_STOP = re.compile(r"[。！？!?.…；;\n]")
_JOINTS: dict[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\s(?=(?:and|but|or|so|which|that|because|when|while|if|with|for|from|in|on|at|to|than|of)\s)"
    ),
    "fr": re.compile(r"\s(?=(?:et|mais|ou|donc|qui|que|parce|quand|si|avec|pour|dans|sur|en|à|de|du|des)\s)"),
    "zh": re.compile(
        r"(?=但是|而且|所以|因为|如果|还有|或者|然后|并且|可以|就是|不用|也|都能|都是|(?<!不)建议|需要|一般)"
        r"|(?<=[的了呢吧])|(?<=以后|之后|以内|的话)"
    ),
}
"""Joints: preferred places to split a long clause, most of them before these words."""
_PLACES = {language: re.compile(f"{_END.pattern}|{joints.pattern}") for language, joints in _JOINTS.items()}
"""Places to split the beginning off a first clause."""
_LONGEST_ABBREVIATION = 12
"""Characters, including the blanks after it."""
_BLANKS, _BLANKS_ZH = re.compile(r"\s"), re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])|\s")
_LETTER = re.compile(r"[^\W_]")
_SAID, _SAID_HAN = re.compile(r"[^\W\d_]"), re.compile(r"[\u3400-\u9fff]")


def clauses(text: str, language: Language, *, soon: bool = False) -> list[str]:
    """The clauses of a text as written, in order. Joined, they give the text again except for blanks. The first
    is short: about 1 to 2.5 s, or 1 to 1.8 s with `soon` if the sentence has a joint there. None is over about
    6 s. Numbers stay whole."""
    pieces = [part for whole in _pieces(text, language) for part in _split(whole, language, LONGEST_SECONDS)]
    if pieces:
        pieces[:1] = _split(pieces[0], language, LONGEST_FIRST_SECONDS)
    found: list[_Piece] = []
    for piece in pieces:
        if found and _joins(found[-1], piece, first=len(found) == 1):
            found[-1] = _Piece(found[-1].text + piece.text, found[-1].seconds + piece.seconds)
        else:
            found.append(piece)
    texts = [piece.text for piece in found]
    if found and soon:
        texts[:1] = _parted(found[0], language)
    return [text.strip() for text in texts]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a text with its duration. The duration is computed once: the durations of joined stretches
    add up."""

    text: str
    seconds: float


def seconds(text: str, language: Language) -> float:
    """Estimated duration of a text in speech, seconds."""
    said = spoken(text, language)
    han = len(_SAID_HAN.findall(said))
    latin = len(_SAID.findall(said)) - han
    return han * HAN_SECONDS + latin * LETTER_SECONDS[language]


def _pieces(text: str, language: Language) -> list[_Piece]:
    """The text cut after its punctuation. A piece without words is joined to the one before."""
    pieces: list[str] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        piece = text[start:end]
        if abbreviated(piece[-_LONGEST_ABBREVIATION:].rstrip(), text[end : end + 1]) and end < len(text):
            continue
        if pieces and not _LETTER.search(piece):
            pieces[-1] += piece
        elif piece.strip():
            pieces.append(piece)
        start = end
    if not any(_LETTER.search(piece) for piece in pieces):
        return []
    return [_Piece(piece, seconds(piece, language)) for piece in pieces]


def _joins(before: _Piece, piece: _Piece, *, first: bool) -> bool:
    """Whether a piece belongs to the clause before it."""
    if not piece.seconds:
        return True
    together = before.seconds + piece.seconds
    if first:
        return before.seconds < FIRST_SECONDS and together <= LONGEST_FIRST_SECONDS
    if together > LONGEST_SECONDS:
        return False
    if _FULL_STOP.search(before.text.rstrip()[-1:]):
        return before.seconds < SHORTEST_SENTENCE_SECONDS
    return min(before.seconds, piece.seconds) < SHORTEST_SECONDS


def _parted(clause: _Piece, language: Language) -> list[str]:
    """A first clause; if it is long and has a suitable place, its beginning is split off."""
    least, best, most = SOON_SECONDS
    if clause.seconds <= most:
        return [clause.text]
    lengths: dict[int, float] = {}
    start, length = 0, 0.0
    for match in _PLACES[language].finditer(clause.text):
        length += seconds(clause.text[start : match.end()], language)
        start = match.end()
        if length > most:
            break
        if length >= least and clause.seconds - length >= least:
            lengths[start] = length
    if not lengths:
        return [clause.text]
    place = min(lengths, key=lambda one: abs(lengths[one] - best))
    return [clause.text[:place], clause.text[place:]]


def _split(piece: _Piece, language: Language, longest: float) -> list[_Piece]:
    """Split a piece near its middle into parts of at most about `longest` seconds."""
    if piece.seconds <= longest:
        return [piece]
    text = piece.text
    joints = [match.end() for match in _JOINTS[language].finditer(text) if _balanced(text, match.end())]
    if not joints:
        blank = _BLANKS if language != "zh" else _BLANKS_ZH
        joints = [match.end() for match in blank.finditer(text) if _balanced(text, match.end())]
    if not joints:
        return [piece]
    middle = min(joints, key=lambda joint: abs(joint - len(text) / 2))
    parts = []
    for half in (text[:middle], text[middle:]):
        length = piece.seconds * len(half) / len(text)
        if length < 2 * longest:  # a far longer half is split again anyway
            length = seconds(half, language)
        parts += _split(_Piece(half, length), language, longest)
    return parts


def _balanced(piece: str, joint: int) -> bool:
    return 0.25 < joint / len(piece) < 0.75
