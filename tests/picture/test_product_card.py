from __future__ import annotations

import logging
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from doublure.picture.product_card import sticker
from doublure.shop.catalog import Product
from doublure.shop.prices import Price


def product(**changes: object) -> Product:
    fields: dict[str, object] = {
        "id": "cup",
        "name": "Cup",
        "price": Price(Decimal("24.90"), "USD"),
        **changes,
    }
    return Product(**fields)  # type: ignore[arg-type]


def test_the_card_shows_the_picture_and_grows_with_what_it_says(tmp_path: Path) -> None:
    image = tmp_path / "green.png"
    Image.new("RGB", (300, 200), (10, 200, 30)).save(image)
    plain = sticker(product(), "en", 200).drawing
    shown = sticker(product(image=image), "en", 200).drawing
    assert plain.shape == shown.shape
    # two thirds of the square are the picture's
    green = (np.abs(shown[..., :3].astype(int) - (10, 200, 30)).max(axis=2) < 12).mean()
    assert green > 0.25
    full = sticker(
        product(name="A Cup With a Name of Two Lines", was=Price(Decimal(30), "USD")), "en", 200
    ).drawing
    assert full.shape[0] > plain.shape[0] + 30
    assert full.shape[1] == plain.shape[1]


def test_a_picture_that_cannot_be_read_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    with caplog.at_level(logging.WARNING):
        card = sticker(product(image=broken), "en", 200)
    assert (card.drawing == sticker(product(), "en", 200).drawing).all()
    assert "broken.png" in caplog.text


@pytest.mark.parametrize("pixels", [20, 67, 200, 600])
def test_long_names_and_prices_stay_on_the_card(pixels: int) -> None:
    one = product(
        name="An extraordinarily long name 超长的商品名称🙂" * 6,
        price=Price(Decimal("999999.99"), "CNY"),
        was=Price(Decimal("1000000"), "CNY"),
        link=12345,
    )
    card = sticker(one, "zh", pixels)
    ink = card.drawing[..., :3].astype(int)
    edge = card.margin
    # the rim of the paper stays white: nothing runs over it
    pad = max(1, round(pixels * 0.03))
    rows = slice(edge + pixels // 8, -edge - pixels // 8)
    assert (ink[rows, edge + 1 : edge + pad] > 240).all()
    assert (ink[rows, -edge - pad : -edge - 1] > 240).all()
