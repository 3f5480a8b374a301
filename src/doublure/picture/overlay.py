"""The overlay on the host's picture: subtitles, the product card and, drawn last, the AI label.

The label follows GB 45438-2025 (letters at least 5 % of the short side; 6 % here, measured on the
capitals) and the draft rules for digital humans (its wording, always visible). Nothing switches it off.
Platforms cover the top 8 %, the right-hand column and the bottom quarter of a portrait picture with
their own buttons and comments, so nothing is drawn there.

The label avoids the host's head in every take. It stands at the top, where viewers look for it, or above
the subtitles if the head leaves no room at the top. The product card stands at the left, between label
and subtitles, or above the label.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from doublure.media import Box, Language, Picture, Size
from doublure.picture.lettering import CAPITAL, LINE, fitted, font, letters, printable, width
from doublure.picture.product_card import sticker
from doublure.picture.raster import Rgba, Stamp, blank, lay, planes, rounded, stamp
from doublure.shop.catalog import Product

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
GAP = 0.022
"""Least distance between label, card and subtitles, as a share of the short side."""
FACE_SHARE = 0.75
"""Width of the face as a share of the head's width with hair. The card may cover hair, never the face."""
CARD_SCALES = (1.0, 0.9, 0.8, 0.7)
"""Scales of the card, tried in order until it does not cover the face."""
PLATE = (24, 26, 34)
"""sRGB; the contrast of white on it is 16:1 (WCAG 2.1 requires 4.5:1)."""
RIM = (236, 238, 244)
"""The plate's outline, which makes the plate visible on dark pictures."""
WHITE = (255, 255, 255)
OUTLINE = (12, 12, 18)

CAPTION_SHARE = 0.058
"""Em of subtitles as a share of the short side."""
CAPTION_LEAST = 0.6
"""Smallest em of a long subtitle, as a share of the usual one."""
CAPTION_WIDTH = 0.78
"""Widest subtitle, as a share of the picture's width; it stays clear of the right-hand column."""
CAPTION_MIDDLE = {True: 0.66, False: 0.87}
"""Vertical middle of the subtitles as a share of the height, portrait and landscape."""
CARD_SHARE = 0.28
"""Width of the product card as a share of the short side."""
KEPT = 8
"""Number of drawn subtitles, and of cards, kept for reuse."""

CELL = 0.045
"""Side of the cells compared by the label check, as a share of the short side."""
CELL_ERROR = 26.0
"""Largest mean difference of a cell in levels of Y. Compression at 500 kbit/s stays under 12; a missing
letter gives 40 or more."""
FAINTEST = 0.8
"""Smallest contrast of the label, as a share of its contrast when drawn."""


@dataclass(frozen=True, slots=True)
class OverlayState:
    """The content of the overlay."""

    caption: str
    """The clause in its written form; "" for none."""
    product: Product | None


class Overlay:
    """Draws on pictures of one size. Drawings are kept, so a picture whose state did not change costs
    only the blending."""

    def __init__(self, size: Size, language: Language, head: Box | None = None) -> None:
        """`head` holds the host's head, hair included, in every frame; None if unknown."""
        self._size = size
        self._language = language
        self._head = head
        self._captions: OrderedDict[str, Stamp | None] = OrderedDict()
        self._cards: OrderedDict[Product, Stamp | None] = OrderedDict()
        self._gap = GAP * size.short_side
        portrait = size.height > size.width
        self._top = round(LABEL_TOP[portrait] * size.height)
        self._middle = CAPTION_MIDDLE[portrait] * size.height
        self._floor = self._middle - LINE * CAPTION_SHARE * size.short_side - self._gap
        rows = (self._top, math.floor(self._floor))
        plate, self.label = _placed(LABELS[language], size, rows, head)
        """The label's place in the picture."""
        mark = stamp(plate, self.label.left, self.label.top, size)
        assert mark is not None
        self._mark = mark
        self._proof = self._label_luma(self._proof_picture())

    def draw(self, picture: Picture, state: OverlayState) -> None:
        """Draw `state` and the label on `picture` (I420 of the overlay's size) in place."""
        for drawn in (self._card(state.product), self._caption(state.caption)):
            if drawn is not None:
                drawn.blend(picture, self._size)
        self._mark.blend(picture, self._size)

    def label_present(self, picture: Picture) -> bool:
        """True if `picture` has the whole label, in its place and with enough contrast."""
        seen, proof = self._label_luma(picture).astype(np.float32), self._proof.astype(np.float32)
        contrast = float(np.sum((seen - seen.mean()) * (proof - proof.mean())))
        if contrast < FAINTEST * float(np.sum((proof - proof.mean()) ** 2)):
            return False
        cell = max(4, round(self._size.short_side * CELL))
        cells = (max(1, seen.shape[1] // cell), max(1, seen.shape[0] // cell))
        error = cv2.resize(np.abs(seen - proof), cells, interpolation=cv2.INTER_AREA)
        return bool(error.max() <= CELL_ERROR)

    def _label_luma(self, picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        # the plate without its rim and corners, where the host's picture shows through
        box, rim = self.label, max(2, self.label.height // 12)
        luma = planes(picture, self._size)[0]
        return luma[box.top + rim : box.top + box.height - rim, box.left + rim : box.left + box.width - rim]

    def _proof_picture(self) -> Picture:
        picture = np.full((self._size.height * 3 // 2, self._size.width), 128, np.uint8)
        self._mark.blend(picture, self._size)
        return picture

    def _caption(self, caption: str) -> Stamp | None:
        if caption not in self._captions:
            self._captions[caption] = self._draw_caption(caption)
            if len(self._captions) > KEPT:
                self._captions.popitem(last=False)
        return self._captions[caption]

    def _draw_caption(self, caption: str) -> Stamp | None:
        text = printable(caption)
        if not text:
            return None
        drawing = _subtitle(text, self._size)
        left = (self._size.width - drawing.shape[1]) // 2
        return stamp(drawing, left, round(self._middle - drawing.shape[0] / 2), self._size)

    def _card(self, product: Product | None) -> Stamp | None:
        if product is None:
            return None
        if product not in self._cards:
            self._cards[product] = self._draw_card(product)
            if len(self._cards) > KEPT:
                self._cards.popitem(last=False)
        return self._cards[product]

    def _draw_card(self, product: Product) -> Stamp | None:
        label_at_top = self.label.top == self._top
        top = self.label.top + self.label.height + self._gap if label_at_top else self._top
        bottom = self._floor if label_at_top else self.label.top - self._gap
        left = round(EDGE * self._size.width)
        for scale in CARD_SCALES:
            pixels = max(16, round(scale * CARD_SHARE * self._size.short_side))
            card = sticker(product, self._language, pixels)
            tall = card.drawing.shape[0] - 2 * card.margin
            if tall > bottom - top:
                pixels = max(16, math.floor(pixels * (bottom - top) / tall))
                card = sticker(product, self._language, pixels)
                tall = card.drawing.shape[0] - 2 * card.margin
            if not covered(Box(left, round(top), pixels, tall), self._head, FACE_SHARE):
                break
        return stamp(card.drawing, left - card.margin, round(top) - card.margin, self._size)


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


def _subtitle(text: str, size: Size) -> Rgba:
    """One or two lines, white with an outline and a soft shadow."""
    nominal = max(6.0, CAPTION_SHARE * size.short_side)
    fit = fitted(text, nominal, CAPTION_WIDTH * size.width, 2, CAPTION_LEAST * nominal)
    pixels = fit.pixels
    stroke = max(1, round(pixels * 0.085))
    margin = stroke + math.ceil(pixels * 0.2)
    step = round(pixels * LINE)
    wide = max(math.ceil(width(line, pixels)) for line in fit.lines) + 2 * margin
    drawing = blank(wide, step * len(fit.lines) + 2 * margin)
    edges = np.zeros(drawing.shape[:2], np.float32)
    fills = np.zeros_like(edges)
    baseline = margin + round(pixels * 0.9)
    for line in fit.lines:
        start = round((wide - width(line, pixels)) / 2)
        for plane, thick in ((edges, stroke), (fills, 0)):
            mask, x, y = letters(line, pixels, thick)
            there = plane[baseline + y : baseline + y + mask.shape[0], start + x : start + x + mask.shape[1]]
            np.maximum(there, mask[: there.shape[0], : there.shape[1]], out=there)
        baseline += step
    shadow = np.asarray(cv2.GaussianBlur(edges, (0, 0), pixels * 0.09), np.float32)
    lay(drawing, shadow * np.float32(0.5), OUTLINE, 0, round(pixels * 0.04))
    lay(drawing, edges, OUTLINE)
    lay(drawing, fills, WHITE)
    return drawing
