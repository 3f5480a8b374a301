"""The product card: a white card with picture, link number, name and price, as in live shops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from doublure.log import get_log
from doublure.media import Language
from doublure.picture.lettering import LINE, fitted, letters, printable, width
from doublure.picture.raster import Rgba, blank, lay, lay_picture, rounded
from doublure.shop.catalog import Product
from doublure.shop.prices import PriceParts, price_parts

PAPER = (255, 255, 255)
SHADOW = (20, 16, 24)
WELL = (244, 243, 241)
"""Background of the product's picture."""
NAME = (38, 36, 40)
PRICE = (228, 30, 46)
"""Contrast on paper 4.7:1 (WCAG 2.1, 1.4.3 requires 4.5:1 for text)."""
WAS = (118, 114, 120)
LINK = {"zh": "{}号链接", "en": "Link {}", "fr": "Lien {}"}

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class ProductCard:
    """The drawn card with its shadow."""

    drawing: Rgba
    margin: int
    """Width of the shadow around the card in pixels."""


def sticker(product: Product, language: Language, pixels: int) -> ProductCard:
    """The card of `product`, `pixels` wide without its shadow. If its picture cannot be read, the card
    has none and the error is logged."""
    pad, margin = max(2, round(pixels * 0.055)), max(2, round(pixels * 0.09))
    inner = pixels - 2 * pad
    name = fitted(product.name, pixels * 0.108, inner, 2, pixels * 0.085)
    rows = [round(name.pixels * LINE * len(name.lines)), round(pixels * 0.25)]
    if product.was is not None:
        rows.append(round(pixels * 0.135))
    height = pad + inner + round(pixels * 0.035) + sum(rows) + pad
    drawing = blank(pixels + 2 * margin, height + 2 * margin)
    _paper(drawing, pixels, height, margin)
    top = margin + pad
    _show(drawing, product.image, margin + pad, top, inner)
    if product.link:
        _badge(drawing, LINK[language].format(product.link), margin + pad, top, pixels)
    top += inner + round(pixels * 0.035)
    for line in name.lines:
        _write(drawing, line, margin + pad, top + round(name.pixels * 0.98), name.pixels, NAME)
        top += round(name.pixels * LINE)
    top += rows[1]
    _price(
        drawing,
        price_parts(product.price, language),
        margin + pad,
        top - round(pixels * 0.035),
        inner,
        pixels,
    )
    if product.was is not None:
        was, size = price_parts(product.was, language).text, pixels * 0.1
        size *= min(1.0, inner / width(was, size))
        baseline = top + round(pixels * 0.1)
        _write(drawing, was, margin + pad, baseline, size, WAS)
        _strike(drawing, margin + pad, baseline - round(size * 0.33), round(width(was, size)), size)
    return ProductCard(drawing, margin)


def _paper(drawing: Rgba, pixels: int, height: int, margin: int) -> None:
    card = rounded(pixels, height, pixels * 0.075)
    shadow = np.zeros(drawing.shape[:2], np.float32)
    drop = margin // 3
    shadow[margin + drop : margin + drop + height, margin : margin + pixels] = card
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), margin / 2.6), np.float32)
    lay(drawing, shadow * np.float32(0.34), SHADOW)
    lay(drawing, card, PAPER, margin, margin)


def _show(drawing: Rgba, image: Path | None, left: int, top: int, side: int) -> None:
    well = rounded(side, side, side * 0.07)
    lay(drawing, well, WELL, left, top)
    if image is None:
        return
    try:
        with Image.open(image) as opened:
            picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, ValueError) as error:
        log.warning("the picture of a product cannot be shown: %s: %s", image, error)
        return
    scale = side / max(picture.size)
    shape = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = np.asarray(picture.resize(shape, Image.Resampling.LANCZOS), np.float32)
    x, y = (side - shape[0]) // 2, (side - shape[1]) // 2
    seen = well[y : y + shape[1], x : x + shape[0]] * small[..., 3] / 255.0
    lay_picture(drawing, small[..., :3], seen, left + x, top + y)


def _badge(drawing: Rgba, text: str, left: int, top: int, pixels: int) -> None:
    size = pixels * 0.088
    wide, high = round(width(text, size) + size * 1.1), round(size * 1.6)
    shape = rounded(wide, high, high * 0.42)
    # less rounded at the left, where it meets the corner of the picture
    shape[:, : high // 2] = np.maximum(
        shape[:, : high // 2], rounded(wide, high, pixels * 0.055)[:, : high // 2]
    )
    lay(drawing, shape, PRICE, left, top)
    _write(drawing, text, left + round(size * 0.55), top + round(size * 1.16), size, PAPER)


def _price(drawing: Rgba, price: PriceParts, left: int, baseline: int, inner: int, pixels: int) -> None:
    big, small = pixels * 0.215, pixels * 0.13
    wide = width(price.amount, big) + width(price.before + price.behind, small)
    scale = min(1.0, inner / wide)
    big, small = big * scale, small * scale
    for text, size in ((price.before, small), (price.amount, big), (price.behind, small)):
        if text.strip():
            space = width(" ", size) * 0.8 if text.startswith(" ") else 0.0
            _write(drawing, text.strip(), left + round(space), baseline, size, PRICE)
            left += round(space + width(text.strip(), size) + size * 0.04)


def _strike(drawing: Rgba, left: int, middle: int, wide: int, size: float) -> None:
    thick = max(1, round(size * 0.085))
    lay(drawing, np.ones((thick, wide + 2), np.float32), WAS, left - 1, middle - thick // 2)


def _write(
    drawing: Rgba, text: str, left: int, baseline: int, pixels: float, colour: tuple[int, int, int]
) -> None:
    mask, x, y = letters(printable(text), pixels)
    lay(drawing, mask, colour, left + x, baseline + y)
