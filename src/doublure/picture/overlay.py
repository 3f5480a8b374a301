"""The overlay on the host's picture: subtitles, the product card and, drawn last, the AI label.

Platforms cover the top 8 %, the right-hand column and the bottom quarter of a portrait picture with
their own buttons and comments, so nothing is drawn there.

The label stands at the top or above the subtitles. The product card stands at the left, between label and
subtitles, or above the label.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from doublure.media import Box, Language, Picture, Size
from doublure.picture.label import EDGE, LABEL_TOP, WHITE, Label, covered
from doublure.picture.lettering import LINE, fitted, letters, printable, width
from doublure.picture.product_card import sticker
from doublure.picture.raster import Rgba, Stamp, blank, lay, stamp
from doublure.shop.catalog import Product

GAP = 0.022
"""Least distance between label, card and subtitles, as a share of the short side."""
FACE_SHARE = 0.75
"""Width of the face as a share of the head's width with hair. The card may cover hair, never the face."""
CARD_SCALES = (1.0, 0.9, 0.8, 0.7)
"""Scales of the card, tried in order until it does not cover the face."""
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
        self._label = Label(size, language, rows, head)
        self.label = self._label.box
        """The label's place in the picture."""

    def draw(self, picture: Picture, state: OverlayState) -> None:
        """Draw `state` and the label on `picture` (I420 of the overlay's size) in place."""
        for drawn in (self._card(state.product), self._caption(state.caption)):
            if drawn is not None:
                drawn.blend(picture, self._size)
        self._label.draw(picture)

    def label_present(self, picture: Picture) -> bool:
        """True if `picture` has the whole label, in its place and with enough contrast."""
        return self._label.present(picture)

    def _caption(self, caption: str) -> Stamp | None:
        if caption not in self._captions:
            self._captions[caption] = self._draw_caption(caption)
            if len(self._captions) > KEPT:
                self._captions.popitem(last=False)
        self._captions.move_to_end(caption)
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
        self._cards.move_to_end(product)
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
