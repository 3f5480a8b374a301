"""Spoken form: the words as said. Prices, units, dates and abbreviations are put into words, emoji
are dropped, punctuation stays, for it makes the pauses. And the clauses in which a text is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable

from doublure import spoken_en, spoken_fr, spoken_zh
from doublure.media import Language
from doublure.spoken_lexicon import EMPTY, Lexicon, unmarked
from doublure.spoken_signs import plain_signs

_SPEAK: dict[Language, Callable[[str], str]] = {
    "zh": spoken_zh.speak,
    "en": spoken_en.speak,
    "fr": spoken_fr.speak,
}


def spoken(text: str, language: Language, lexicon: Lexicon = EMPTY) -> str:
    """`text` as it is said in `language`: words and punctuation, no digits and no signs. Spelled
    abbreviations are letters joined by hyphens, the shop's own words as its lexicon says them. ""
    when nothing in it can be said."""
    plain, said = lexicon.marked(plain_signs(text, "，" if language == "zh" else ","))
    return unmarked(_SPEAK[language](plain), said)


# ---- clauses ---------------------------------------------------------------------------------------

FIRST_SECONDS = 1.0
"""The first clause ends as soon as it is this long, for air waits for its synthesis."""
SHORTEST_SECONDS = 1.4
"""A later clause is at least this long, unless the text ends: very short ones sound chopped."""
SHORTEST_SENTENCE_SECONDS = 0.6
"""A sentence that is shorter goes with the next one."""
LONGEST_FIRST_SECONDS = 3.5
SOON_SECONDS = (0.8, 1.2, 1.8)
"""Where air waits, the first clause is at least, best and at most this long, if it can be parted so behind
a mark or at a joint of its sentence."""
LONGEST_SECONDS = 6.0
"""Longer ones are split between words: what waits behind them waits too long."""
HAN_SECONDS = 0.215
LETTER_SECONDS: dict[Language, float] = {"zh": 0.09, "en": 0.068, "fr": 0.070}
"""Time of a hanzi and of a Latin letter in spoken form, measured with Kokoro at speed 1."""

_END = re.compile(
    r"[。！？!?；;…]+[”’\"'」』）)】》]*\s*"
    r"|(?<![A-Z])\.(?=\s|$|[\u4e00-\u9fff])[”’\"')]*\s*|\.{3}\s*"
    r"|[，、：]+[”’\"']*\s*|(?<!\d)[,:]+\s*|[,:](?!\d)\s*|\s[—–]+\s|\n+"
)
"""Where a clause may end: not inside 59.9, 1,299 or 20:30."""
_FULL_STOP = re.compile(r"[。！？!?.…；;\n]")
_JOINTS = {
    "en": r"\s(?=(?:and|but|or|so|which|that|because|when|while|if|with|for|from|in|on|at|to|than|of)\s)",
    "fr": r"\s(?=(?:et|mais|ou|donc|qui|que|parce|quand|si|avec|pour|dans|sur|en|à|de|du|des)\s)",
    "zh": r"(?=但是|而且|所以|因为|如果|还有|或者|然后|并且|可以|就是|不用|也|都能|都是|(?<!不)建议|需要|一般)"
    r"|(?<=[的了呢吧])|(?<=以后|之后|以内|的话)",
}
"""Where a long clause may be split, best before these words."""


def clauses(text: str, language: Language, *, soon: bool = False) -> list[str]:
    """The clauses of a text as written, in order: joined again they are the text but for blanks.
    The first is short (about 1 to 2.5 s, with `soon` 1 to 1.8 s where the sentence has a joint there),
    none is over about 6 s, and numbers stay whole."""
    pieces = [piece for whole in _pieces(text) for piece in _split(whole, language, LONGEST_SECONDS)]
    if pieces:
        pieces[:1] = _split(pieces[0], language, LONGEST_FIRST_SECONDS)
    found: list[str] = []
    for piece in pieces:
        if found and _joins(found, piece, language):
            found[-1] += piece
        else:
            found.append(piece)
    if found and soon:
        found[:1] = _parted(found[0], language)
    return [clause.strip() for clause in found]


def seconds(text: str, language: Language) -> float:
    """About how long a text takes to say, seconds."""
    said = spoken(text, language)
    han = len(re.findall(r"[\u3400-\u9fff]", said))
    latin = len(re.findall(r"[^\W\d_]", said)) - han
    return han * HAN_SECONDS + latin * LETTER_SECONDS[language]


def _pieces(text: str) -> list[str]:
    """Text cut behind its punctuation; a piece without words goes to the one before."""
    pieces: list[str] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        piece = text[start:end]
        if pieces and not re.search(r"\w", piece):
            pieces[-1] += piece
        elif piece.strip():
            pieces.append(piece)
        start = end
    return pieces if any(re.search(r"\w", piece) for piece in pieces) else []


def _joins(found: list[str], piece: str, language: Language) -> bool:
    """Whether a piece belongs to the clause before it."""
    before = seconds(found[-1], language)
    together = before + seconds(piece, language)
    if len(found) == 1:
        return before < FIRST_SECONDS and together <= LONGEST_FIRST_SECONDS
    if together > LONGEST_SECONDS:
        return False
    if _FULL_STOP.search(found[-1].rstrip()[-1:]):
        return before < SHORTEST_SENTENCE_SECONDS
    return min(before, seconds(piece, language)) < SHORTEST_SECONDS


def _parted(clause: str, language: Language) -> list[str]:
    """A first clause with its beginning apart, where it is long and has a place for it."""
    least, best, most = SOON_SECONDS
    if seconds(clause, language) <= most:
        return [clause]
    places = [match.end() for match in re.finditer(f"{_END.pattern}|{_JOINTS[language]}", clause)]
    lengths = {place: seconds(clause[:place], language) for place in places}
    fitting = [
        place
        for place in places
        if least <= lengths[place] <= most and seconds(clause[place:], language) >= least
    ]
    if not fitting:
        return [clause]
    place = min(fitting, key=lambda one: abs(lengths[one] - best))
    return [clause[:place], clause[place:]]


def _split(piece: str, language: Language, longest: float) -> list[str]:
    """A piece in parts of at most about `longest` seconds, cut near its middle."""
    if seconds(piece, language) <= longest:
        return [piece]
    joints = [match.end() for match in re.finditer(_JOINTS[language], piece)]
    joints = [joint for joint in joints if _balanced(piece, joint)]
    if not joints:
        blank = r"\s" if language != "zh" else r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])|\s"
        joints = [match.end() for match in re.finditer(blank, piece) if _balanced(piece, match.end())]
    if not joints:
        return [piece]
    middle = min(joints, key=lambda joint: abs(joint - len(piece) / 2))
    return [*_split(piece[:middle], language, longest), *_split(piece[middle:], language, longest)]


def _balanced(piece: str, joint: int) -> bool:
    return 0.25 < joint / len(piece) < 0.75
