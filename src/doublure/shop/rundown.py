"""Reads the rundown of the show and checks it against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from doublure.cue import PLAIN, Delivery, Energy
from doublure.document import Document, Problem, close
from doublure.shop.catalog import Catalog
from doublure.shop.prices import Price, price_text


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a script."""

    text: str
    gesture: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """The part of the show that sells one product."""

    product: str
    """Product id; "" for a part without one (opening, thanks)."""
    lines: tuple[Line, ...]
    delivery: Delivery = PLAIN


@dataclass(frozen=True, slots=True)
class Rundown:
    """The plan of the show. It starts again after the last slot."""

    slots: tuple[Slot, ...]


GESTURES = ("greet", "point_up", "point_down", "present", "count", "emphasise", "thank")
"""Gestures a script may mark: towards the follow button, the cart, the product, and so on."""

_AMOUNT = re.compile(
    r"[$€£¥￥]\s?(\d+(?:[.,]\d{1,2})?)"
    r"|(\d+(?:[.,]\d{1,2})?)\s?(?:元|块|美元|欧元|英镑|[$€£]|euros?\b|dollars?\b|pounds?\b|yuans?\b)",
    re.IGNORECASE,
)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _LineEntry(_Entry):
    say: Annotated[str, Field(min_length=1, max_length=300)]
    gesture: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        # a sentence without a gesture is written without keys
        return {"say": given} if isinstance(given, str) else given


class _SlotEntry(_Entry):
    product: str = ""
    rate: Annotated[float, Field(ge=0.7, le=1.3)] = 1.0
    energy: Energy = "normal"
    lines: Annotated[tuple[_LineEntry, ...], Field(min_length=1)]


class _RundownEntry(_Entry):
    slots: Annotated[tuple[_SlotEntry, ...], Field(min_length=1)]


def load_rundown(path: Path, catalog: Catalog) -> Rundown:
    """The rundown in a file. Raises `SettingsError` with the line for a product that is not in the
    catalogue, an unknown gesture, or an amount in a script that is no amount of the catalogue."""
    document = Document(path)
    entry = document.check(_RundownEntry)
    problems = list(_problems(document, entry, catalog))
    if problems:
        raise document.error(problems)
    return Rundown(
        tuple(
            Slot(
                slot.product,
                tuple(Line(line.say.strip(), line.gesture) for line in slot.lines),
                Delivery(slot.rate, slot.energy),
            )
            for slot in entry.slots
        )
    )


def _problems(document: Document, entry: _RundownEntry, catalog: Catalog) -> Iterator[Problem]:
    known = [product.id for product in catalog.products]
    amounts = _amounts(catalog)
    for s, slot in enumerate(entry.slots):
        if slot.product and slot.product not in known:
            what = f"the catalogue has no product `{slot.product}`"
            yield document.problem(what, ("slots", s, "product"), close(slot.product, known))
        for n, line in enumerate(slot.lines):
            place = ("slots", s, "lines", n)
            if line.gesture and line.gesture not in GESTURES:
                what = f"there is no gesture `{line.gesture}`"
                yield document.problem(what, (*place, "gesture"), close(line.gesture, GESTURES))
            for amount in _said_amounts(line.say):
                if amount not in amounts:
                    what = f"the script says {amount}, which is no price in the catalogue"
                    yield document.problem(what, (*place, "say"), _prices(slot.product, catalog))


def _said_amounts(text: str) -> Iterator[Decimal]:
    for found in _AMOUNT.finditer(text):
        yield Decimal((found[1] or found[2]).replace(",", "."))


def _amounts(catalog: Catalog) -> set[Decimal]:
    """Every amount of money in the catalogue's prices, facts and answers."""
    amounts: set[Decimal] = set()
    texts = [question.answer for question in catalog.questions]
    for product in catalog.products:
        prices: tuple[Price | None, ...] = (product.price, product.was)
        amounts |= {price.amount for price in prices if price is not None}
        texts += [fact.value for fact in product.facts]
        texts += [question.answer for question in product.questions]
    for text in texts:
        amounts |= set(_said_amounts(text))
    return amounts


def _prices(product_id: str, catalog: Catalog) -> str:
    product = catalog.product(product_id)
    if product is None:
        return "put it in the catalogue, or take it out"
    return f"{product.name} costs {price_text(product.price, catalog.language)}"
