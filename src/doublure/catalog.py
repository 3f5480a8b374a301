"""What the shop sells: products, their prices and facts, and the questions already answered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from doublure.media import Language


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of money."""

    amount: Decimal
    currency: str
    """ISO 4217: CNY, USD, EUR, GBP."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true of a product."""

    id: str
    """`product.key`: what utterances and the journal refer to."""
    label: str
    """As a shop writes it: "battery", "材质"."""
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the shop has answered itself."""

    id: str
    asks: tuple[str, ...]
    """Ways to ask it."""
    answer: str
    product: str = ""
    """Product id; "" when it concerns the whole shop (delivery, returns)."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue."""

    id: str
    name: str
    price: Price
    was: Price | None = None
    """The price before, for the card; None when there is none."""
    link: int = 0
    """Number in the cart, 0 when it has none."""
    stock: int | None = None
    image: Path | None = None
    facts: tuple[Fact, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """All products of a room, in one language."""

    shop: str
    language: Language
    products: tuple[Product, ...]
    questions: tuple[Question, ...] = ()
    """Questions about the shop as a whole."""

    def product(self, id: str) -> Product | None:
        """The product with this id, or None."""
        return next((product for product in self.products if product.id == id), None)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a script."""

    text: str
    gesture: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """The stretch of the show that sells one product."""

    product: str
    """Product id; "" for a stretch without one (opening, thanks)."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Rundown:
    """The plan of the show; it begins again after the last slot."""

    slots: tuple[Slot, ...]
