"""Text in the shipped font: which characters can be drawn, line breaking and rasterising."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from doublure.picture.raster import Mask

FONT = "NotoSansSC-SemiBold.ttf"
"""Noto Sans SC SemiBold, SIL Open Font License 1.1 (fonts/OFL.txt)."""
CAPITAL = 0.733
"""Height of a capital letter in ems (the font's OS/2 table, sCapHeight 733 of 1000)."""
LINE = 1.24
"""Line spacing in ems: hanzi of this font fill 0.95 em, outlines take the rest."""

_NOT_FIRST = set("，。！？、；：”’）》」』】〉…—·%％℃,.!?;:)]}»›°")
_NOT_LAST = set("“‘（《「『【〈([{«‹¥€$£")
_WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")
_PAUSES = set("，。！？、；：,.!?;:…—")
_MID_PHRASE = 1.6
"""Cost, in ems, of a break inside a phrase compared with one after a comma."""


@lru_cache(maxsize=256)
def font(pixels: float) -> ImageFont.FreeTypeFont:
    """The font at `pixels` to the em."""
    # the basic layout draws the same on every machine; the other one needs a system library
    with as_file(files("doublure.picture") / "fonts" / FONT) as path:
        return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _shape(mark: str) -> tuple[tuple[int, int], bytes]:
    drawn = font(16).getmask(mark)
    return drawn.size, bytes(drawn)


def _drawable(mark: str) -> bool:
    # the font draws the same box for every character it lacks
    return mark.isspace() or _shape(mark) != _shape("\U0010ffff")


def printable(text: str) -> str:
    """`text` reduced to drawable characters: each one that the font lacks becomes a space, invisible
    marks are removed, runs of spaces become one."""
    kept = (mark if _drawable(mark) else " " for mark in _composed(text))
    return " ".join("".join(kept).split())


def _composed(text: str) -> Iterator[str]:
    for mark in unicodedata.normalize("NFC", text):
        category = unicodedata.category(mark)
        if category == "Cc":
            yield " "
        elif category not in ("Cf", "Mn", "Me", "Cs"):
            yield mark


def width(text: str, pixels: float) -> float:
    """Advance width of one line in pixels; this layout has no kerning."""
    return sum(_advance(mark) for mark in text) * pixels


@lru_cache(maxsize=8192)
def _advance(mark: str) -> float:
    # in ems; measured at a large size, where hinting no longer rounds it
    return float(font(200).getlength(mark)) / 200.0


def _wide(mark: str) -> bool:
    return unicodedata.name(mark, "").startswith(_WIDE)


def _pieces(text: str) -> list[str]:
    """The unbreakable pieces of `text`; the caller strips leading spaces at the start of a line."""
    pieces: list[str] = []
    for mark in text:
        last = pieces[-1][-1] if pieces else ""
        joined = last and (
            mark in _NOT_FIRST
            or last in _NOT_LAST
            or (
                not mark.isspace()
                and not _wide(mark)
                and not _wide(last)
                and last not in _NOT_FIRST - set(",.:%")
            )
        )
        if joined:
            pieces[-1] += mark
        else:
            pieces.append(mark)
    return pieces


def _filled(pieces: list[str], pixels: float, limit: float) -> list[str]:
    lines = [""]
    for piece in pieces:
        if lines[-1] and width(lines[-1] + piece, pixels) > limit:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def _broken(pieces: list[str], pixels: float, limit: float) -> list[str]:
    """The pieces, with those wider than `limit` cut between letters."""
    short: list[str] = []
    for piece in pieces:
        if width(piece, pixels) <= limit:
            short.append(piece)
            continue
        start = len(short)
        for mark in piece:
            if len(short) > start and width(short[-1] + mark, pixels) <= limit:
                short[-1] += mark
            else:
                short.append(mark)
    return short


def wrapped(text: str, pixels: float, limit: float) -> list[str]:
    """The fewest lines no wider than `limit` pixels; two lines are balanced in length, with a
    preference for a break after a comma."""
    pieces = _broken(_pieces(printable(text)), pixels, limit)
    lines = _filled(pieces, pixels, limit)
    return _halves(pieces, pixels, limit) if len(lines) == 2 else [line for line in lines if line]


def _halves(pieces: list[str], pixels: float, limit: float) -> list[str]:
    ways: list[tuple[float, list[str]]] = []
    for cut in range(1, len(pieces)):
        lines = ["".join(pieces[:cut]).strip(), "".join(pieces[cut:]).strip()]
        widest = max(width(line, pixels) for line in lines)
        if widest <= limit:
            ways.append((widest + pixels * _MID_PHRASE * (lines[0][-1] not in _PAUSES), lines))
    return min(ways)[1]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text broken into lines at a size that fits."""

    lines: tuple[str, ...]
    pixels: float
    """Size of the em."""


def fitted(text: str, pixels: float, limit: float, most_lines: int, least_pixels: float) -> Fitted:
    """`text` in at most `most_lines` lines of `limit` pixels: shrunk from `pixels` down to
    `least_pixels`, then cut with an ellipsis."""
    size = pixels
    while True:
        lines = wrapped(text, size, limit)
        if len(lines) <= most_lines:
            return Fitted(tuple(lines), size)
        if size <= least_pixels:
            break
        size = max(least_pixels, size * 0.93)
    kept = _filled(_broken(_pieces(printable(text)), size, limit), size, limit)[:most_lines]
    last = kept[-1]
    while last and width(last + "…", size) > limit:
        last = last[:-1]
    return Fitted((*kept[:-1], last.rstrip("，,、 ") + "…"), size)


def letters(text: str, pixels: float, stroke: float = 0.0) -> tuple[Mask, int, int]:
    """Coverage of one line, and the offset (x, y) of its top left corner from the start of its baseline."""
    face = font(pixels)
    left, top, right, bottom = face.getbbox(text, stroke_width=stroke, anchor="ls")
    x, y = int(np.floor(left)) - 1, int(np.floor(top)) - 1
    canvas = Image.new("L", (max(1, int(np.ceil(right)) + 1 - x), max(1, int(np.ceil(bottom)) + 1 - y)))
    ImageDraw.Draw(canvas).text((-x, -y), text, font=face, fill=255, anchor="ls", stroke_width=stroke)
    return np.asarray(canvas, np.float32) / 255.0, x, y
