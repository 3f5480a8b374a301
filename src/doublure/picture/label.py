"""The AI label: its wording, its place, and the check that it stands in a picture.

It follows GB 45438-2025 (letters at least 5 % of the short side; 6 % here, measured on the capitals) and the draft
rules for digital humans (its wording, always visible). Nothing switches it off.

It avoids the host's head in every take. It stands at the top, where viewers look for it, or at the bottom of the
rows it is given if the head leaves no room at the top.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from doublure.media import Box, Language, Picture, Size
from doublure.picture.lettering import CAPITAL, LINE, fitted, font, letters, width
from doublure.picture.raster import Rgba, blank, lay, planes, rounded, stamp

LABELS: dict[Language, str] = {
    "zh": "AI生成·数字人",
    "en": "AI-generated · digital human",
    "fr": "Généré par IA · humain numérique",
}
"""The label. It is set in two lines, broken at the dot, so that it fits beside the host's face."""
LABEL_SHARES = (0.06, 0.055, 0.052)
"""Heights of the label's capitals as shares of the picture's short side; the first one that finds room is
used. GB 45438-2025 requires 0.05."""
LABEL_TOP = {True: 0.082, False: 0.04}
"""Top of the label as a share of the height, portrait and landscape."""
EDGE = 0.025
"""Distance from label and card to the picture's left edge, as a share of the width."""
RIGHT = 0.9
"""Right-hand limit of the label, as a share of the width."""
PLATE = (24, 26, 34)
"""sRGB; the contrast of white on it is 16:1 (WCAG 2.1 requires 4.5:1)."""
RIM = (236, 238, 244)
"""The plate's outline, which makes the plate visible on dark pictures."""
WHITE = (255, 255, 255)
CELL = 0.045
"""Side of the cells compared by the label check, as a share of the short side."""
CELL_ERROR = 26.0
"""Largest mean difference of a cell in levels of Y. Compression at 500 kbit/s stays under 12; a missing
letter gives 40 or more."""
FAINTEST = 0.8
"""Smallest contrast of the label, as a share of its contrast when drawn."""


class Label:
    """The label on pictures of one size."""

    def __init__(self, size: Size, language: Language, rows: tuple[int, int], head: Box | None) -> None:
        """`rows` are the highest and lowest rows that the label may use; `head` holds the host's head, hair
        included, in every frame; None if unknown."""
        self._size = size
        plate, self.box = _placed(LABELS[language], size, rows, head)
        """Its place in the picture."""
        mark = stamp(plate, self.box.left, self.box.top, size)
        assert mark is not None
        self._mark = mark
        self._proof = self._luma(self._proof_picture())

    def draw(self, picture: Picture) -> None:
        """Draw the label on `picture` (I420 of the label's size) in place."""
        self._mark.blend(picture, self._size)

    def present(self, picture: Picture) -> bool:
        """True if `picture` has the whole label, in its place and with enough contrast."""
        seen, proof = self._luma(picture).astype(np.float32), self._proof.astype(np.float32)
        contrast = float(np.sum((seen - seen.mean()) * (proof - proof.mean())))
        if contrast < FAINTEST * float(np.sum((proof - proof.mean()) ** 2)):
            return False
        cell = max(4, round(self._size.short_side * CELL))
        cells = (max(1, seen.shape[1] // cell), max(1, seen.shape[0] // cell))
        error = cv2.resize(np.abs(seen - proof), cells, interpolation=cv2.INTER_AREA)
        return bool(error.max() <= CELL_ERROR)

    def _luma(self, picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        # the plate without its rim and corners, where the host's picture shows through
        box, rim = self.box, max(2, self.box.height // 12)
        luma = planes(picture, self._size)[0]
        return luma[box.top + rim : box.top + box.height - rim, box.left + rim : box.left + box.width - rim]

    def _proof_picture(self) -> Picture:
        picture = np.full((self._size.height * 3 // 2, self._size.width), 128, np.uint8)
        self._mark.blend(picture, self._size)
        return picture


def covered(box: Box, head: Box | None, share: float = 1.0) -> int:
    """Number of pixels of `box` on the head: the ellipse in its box, narrowed to `share` of its width."""
    if head is None or not head.width or not head.height:
        return 0
    x = box.left + 0.5 + np.arange(box.width) - (head.left + head.width / 2)
    y = box.top + 0.5 + np.arange(box.height) - (head.top + head.height / 2)
    across = (x / (share * head.width / 2)) ** 2
    down = (y / (head.height / 2)) ** 2
    return int((across[None, :] + down[:, None] < 1).sum())


def _placed(text: str, size: Size, rows: tuple[int, int], head: Box | None) -> tuple[Rgba, Box]:
    """The label and its place: the first that covers nothing of the head, else the one that covers least.
    `rows` are the highest and the lowest row it may use."""
    edge = round(EDGE * size.width)
    found: list[tuple[int, Rgba, Box]] = []
    plates = [_label(text, size, share) for share in LABEL_SHARES]
    for at_top in (True, False):
        for plate in plates:
            high, wide = plate.shape[:2]
            top = rows[0] if at_top else max(rows[0], rows[1] - high)
            for left in (edge, max(edge, math.floor(RIGHT * size.width) - wide)):
                place = Box(left, top, wide, high)
                found.append((covered(place, head), plate, place))
                if found[-1][0] == 0:
                    return plate, place
    _, plate, place = min(found, key=lambda one: one[0])
    return plate, place


def _label(text: str, size: Size, share: float) -> Rgba:
    """The label on its plate, with capitals of `share` of the short side."""
    least = share * size.short_side
    pixels = math.ceil(least / CAPITAL)
    while -font(pixels).getbbox("I", anchor="ls")[1] < least:
        pixels += 1
    lines = [line.strip() for line in text.split("·")]
    pad = round(pixels * 0.34)
    limit = math.floor(RIGHT * size.width) - round(EDGE * size.width) - 2 * pad
    lines = [line for part in lines for line in fitted(part, pixels, limit, 2, pixels).lines]
    step = round(pixels * LINE * 0.98)
    wide = max(math.ceil(width(line, pixels)) for line in lines) + 2 * pad
    high = math.ceil(pixels * 0.95) + step * (len(lines) - 1) + pad * 3 // 2
    drawing = blank(wide, high)
    rim = max(1, round(pixels * 0.045))
    radius = pixels * 0.28
    lay(drawing, rounded(wide, high, radius), RIM)
    lay(drawing, rounded(wide - 2 * rim, high - 2 * rim, radius - rim), PLATE, rim, rim)
    baseline = pad * 3 // 4 + round(pixels * 0.84)
    for line in lines:
        mask, x, y = letters(line, pixels)
        lay(drawing, mask, WHITE, pad + x, baseline + y)
        baseline += step
    return drawing
