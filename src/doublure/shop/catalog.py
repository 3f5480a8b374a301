"""The catalogue: a shop's products with their prices and facts, and its prepared answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from doublure.document import Document, Place, Problem
from doublure.media import Language
from doublure.shop.prices import Currency, Money, Price

SHOP = "shop"
"""Takes the place of the product in the ids of questions about the whole shop."""
FIELDS = ("price", "was", "link", "stock", "name")
"""Product fields that utterances refer to as `product.field`; no fact may take these names."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about a product."""

    id: str
    """`product.key`; utterances and the journal refer to it."""
    label: str
    """As the shop writes it: "battery", "材质"."""
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the shop's own answer."""

    id: str
    asks: tuple[str, ...]
    """Ways to ask it."""
    answer: str
    product: str = ""
    """Product id; "" if it concerns the whole shop (delivery, returns)."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue."""

    id: str
    name: str
    price: Price
    was: Price | None = None
    """The previous price, for the card; None if there is none."""
    link: int = 0
    """Number in the cart, 0 if it has none."""
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


def load_catalog(path: Path) -> Catalog:
    """The catalogue in a file. Image paths are relative to the file. Raises `SettingsError` with the line
    and what to write instead."""
    document = Document(path)
    entry = document.check(_CatalogEntry)
    problems = [
        *_doubled_ids(document, entry),
        *_wrong_prices(document, entry),
        *_lost_images(document, entry),
    ]
    if problems:
        raise document.error(problems)
    return Catalog(
        shop=entry.shop,
        language=entry.language,
        products=tuple(_product(product, entry.currency, path.parent) for product in entry.products),
        questions=tuple(_questions(entry.questions, "")),
    )


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _FactEntry(_Entry):
    label: str = ""
    value: Text

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        # `volume: 500 ml` is short for a value without a label
        if isinstance(given, str | int | float) and not isinstance(given, bool):
            return {"value": str(given)}
        return given


class _QuestionEntry(_Entry):
    id: Id | None = None
    asks: Annotated[tuple[Text, ...], Field(min_length=1)]
    answer: Text


class _ProductEntry(_Entry):
    id: Id
    name: Text
    price: Money
    was: Money | None = None
    link: int = Field(0, ge=0)
    stock: int | None = Field(None, ge=0)
    image: Path | None = None
    facts: dict[Id, _FactEntry] = {}
    questions: tuple[_QuestionEntry, ...] = ()


class _CatalogEntry(_Entry):
    shop: Text
    language: Language
    currency: Currency | None = None
    products: Annotated[tuple[_ProductEntry, ...], Field(min_length=1)]
    questions: tuple[_QuestionEntry, ...] = ()


def _product(entry: _ProductEntry, currency: str | None, folder: Path) -> Product:
    was = entry.was
    return Product(
        id=entry.id,
        name=entry.name,
        price=Price(entry.price.amount, entry.price.currency or currency or ""),
        was=Price(was.amount, was.currency or currency or "") if was is not None else None,
        link=entry.link,
        stock=entry.stock,
        image=folder / entry.image if entry.image is not None else None,
        facts=tuple(
            Fact(f"{entry.id}.{key}", fact.label or key.replace("_", " "), fact.value)
            for key, fact in entry.facts.items()
        ),
        questions=tuple(_questions(entry.questions, entry.id)),
    )


def _questions(entries: tuple[_QuestionEntry, ...], product: str) -> Iterator[Question]:
    for number, entry in enumerate(entries, 1):
        id = f"{product or SHOP}.{entry.id or f'question{number}'}"
        yield Question(id, entry.asks, entry.answer, product)


def _ids(entry: _CatalogEntry) -> Iterator[tuple[str, Place]]:
    """Every id in the file with its place. Ids must be unique."""
    for n, product in enumerate(entry.products):
        yield product.id, ("products", n, "id")
        if product.link:
            yield f"link {product.link}", ("products", n, "link")
        for key in product.facts:
            yield f"{product.id}.{key}", ("products", n, "facts", key)
        for k, question in enumerate(product.questions):
            if question.id:
                yield f"{product.id}.{question.id}", ("products", n, "questions", k, "id")
    for k, question in enumerate(entry.questions):
        if question.id:
            yield f"{SHOP}.{question.id}", ("questions", k, "id")


def _doubled_ids(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    seen = {f"{product.id}.{field}": 0 for product in entry.products for field in FIELDS}
    for id, place in _ids(entry):
        if id in seen:
            first = (
                f"it stands on line {seen[id]} already"
                if seen[id]
                else "it is kept for the product's own field"
            )
            yield document.problem(f"`{id}` is given twice", place, f"{first}: choose another")
        seen.setdefault(id, document.line(place))
    for n, product in enumerate(entry.products):
        if product.id == SHOP:
            yield document.problem(
                f"a product cannot be called `{SHOP}`", ("products", n, "id"), "choose another id"
            )


def _wrong_prices(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    for n, product in enumerate(entry.products):
        for field, price in (("price", product.price), ("was", product.was)):
            place = ("products", n, field)
            if price is None:
                continue
            if not price.currency and entry.currency is None:
                remedy = f"write `currency: ...` at the top of the file: {', '.join(get_args(Currency))}"
                yield document.problem(f"the currency of {price.amount} is not known", place, remedy)
            elif price.currency and entry.currency not in (None, price.currency):
                what = f"the price is in {price.currency}, the file's currency is {entry.currency}"
                yield document.problem(what, place, "leave one of them out")
        if product.was is not None and product.was.amount <= product.price.amount:
            what = f"the price before, {product.was.amount}, is not above the price, {product.price.amount}"
            yield document.problem(what, ("products", n, "was"), "write the higher one, or leave `was` out")


def _lost_images(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    for n, product in enumerate(entry.products):
        if product.image is not None and not _is_file(document.path.parent / product.image):
            what = f"there is no image `{product.image}`"
            yield document.problem(
                what, ("products", n, "image"), "the path is relative to this file; leave it out for none"
            )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False
