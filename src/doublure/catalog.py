"""What the shop sells: products, their prices and facts, and the questions already answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from doublure.document import Document, Place, Problem
from doublure.media import Language

SHOP = "shop"
"""What stands for the product in the ids of questions about the whole shop."""
FIELDS = ("price", "was", "link", "stock", "name")
"""Product fields that utterances refer to as `product.field`; no fact may take these names."""
HIGHEST_PRICE = Decimal(1_000_000)
"""A price above this is a slip of the keyboard."""


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


def load_catalog(path: Path) -> Catalog:
    """The catalogue of a file; image paths in it are relative to it. Raises `SettingsError` with
    the line and what to write instead."""
    document = Document(path)
    entry = document.check(_CatalogEntry)
    problems = [*_doubled_ids(document, entry), *_wrong_prices(document, entry), *_lost_images(document, entry)]
    if problems:
        raise document.error(problems)
    return Catalog(
        shop=entry.shop,
        language=entry.language,
        products=tuple(_product(product, entry.currency, path.parent) for product in entry.products),
        questions=tuple(_question(question, "") for question in entry.questions),
    )


def price_text(price: Price, language: Language) -> str:
    """A price as written in a sentence: 59.9元, $59.90, 59,90 €."""
    amount = price.amount
    whole = amount == amount.to_integral_value()
    plain = f"{amount.to_integral_value():f}" if whole else f"{amount:.2f}"
    if language == "zh":
        return f"{plain.rstrip('0') if not whole else plain}{_ZH_UNITS[price.currency]}"
    if language == "fr":
        return f"{plain.replace('.', ',')} {_FR_UNITS[price.currency]}"
    sign = _EN_SIGNS[price.currency]
    return f"{sign}{plain}" if len(sign) == 1 else f"{plain} {sign}"


Currency = Literal["CNY", "USD", "EUR", "GBP"]
_ZH_UNITS = {"CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑"}
_FR_UNITS = {"CNY": "yuans", "USD": "$", "EUR": "€", "GBP": "£"}
_EN_SIGNS = {"CNY": "yuan", "USD": "$", "EUR": "€", "GBP": "£"}


def _amount(value: object) -> Decimal:
    """A price as a catalogue may give it: a number, or a number in quotes; a point, two decimals."""
    text = str(value).strip()
    try:
        amount = Decimal(text) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise _price_error(f"`{text}` is not a price", _price_remedy(text))
    if amount < 0:
        raise _price_error(f"a price cannot be negative, and `{text}` is", f"write {-amount}")
    if amount == 0:
        raise _price_error("a price cannot be 0", "write what it costs, for example 59.9")
    if amount != round(amount, 2):
        raise _price_error(f"`{text}` has more than two decimals", f"write {round(amount, 2)}")
    if amount > HIGHEST_PRICE:
        raise _price_error(f"`{text}` is above {HIGHEST_PRICE}", "check the zeros")
    return amount


def _price_remedy(text: str) -> str:
    digits = "".join(mark for mark in text.replace(",", ".") if mark.isdigit() or mark == ".").strip(".")
    try:
        found = Decimal(digits)
    except InvalidOperation:
        return "write a number, for example 59.9"
    return f"write {found}: digits and a point only, the currency stands under `currency`"


def _price_error(what: str, remedy: str) -> PydanticCustomError:
    # braces in a message would be read as fields
    return PydanticCustomError("price", "{what}", {"what": what, "remedy": remedy})


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _FactEntry(_Entry):
    key: Id
    label: Text
    value: Text


class _QuestionEntry(_Entry):
    id: Id
    asks: Annotated[tuple[Text, ...], Field(min_length=1)]
    answer: Text


class _ProductEntry(_Entry):
    id: Id
    name: Text
    price: Amount
    was: Amount | None = None
    link: int = Field(0, ge=0)
    stock: int | None = Field(None, ge=0)
    image: Path | None = None
    facts: tuple[_FactEntry, ...] = ()
    questions: tuple[_QuestionEntry, ...] = ()


class _CatalogEntry(_Entry):
    shop: Text
    language: Language
    currency: Currency
    products: Annotated[tuple[_ProductEntry, ...], Field(min_length=1)]
    questions: tuple[_QuestionEntry, ...] = ()


def _product(entry: _ProductEntry, currency: str, folder: Path) -> Product:
    return Product(
        id=entry.id,
        name=entry.name,
        price=Price(entry.price, currency),
        was=Price(entry.was, currency) if entry.was is not None else None,
        link=entry.link,
        stock=entry.stock,
        image=folder / entry.image if entry.image is not None else None,
        facts=tuple(Fact(f"{entry.id}.{fact.key}", fact.label, fact.value) for fact in entry.facts),
        questions=tuple(_question(question, entry.id) for question in entry.questions),
    )


def _question(entry: _QuestionEntry, product: str) -> Question:
    id = f"{product or SHOP}.{entry.id}"
    return Question(id, entry.asks, entry.answer, product)


def _ids(entry: _CatalogEntry) -> Iterator[tuple[str, Place]]:
    """Every id of the file with its place; two alike are one too many."""
    for n, product in enumerate(entry.products):
        yield product.id, ("products", n, "id")
        if product.link:
            yield f"link {product.link}", ("products", n, "link")
        for k, fact in enumerate(product.facts):
            yield f"{product.id}.{fact.key}", ("products", n, "facts", k, "key")
        for k, question in enumerate(product.questions):
            yield f"{product.id}.{question.id}", ("products", n, "questions", k, "id")
    for k, question in enumerate(entry.questions):
        yield f"{SHOP}.{question.id}", ("questions", k, "id")


def _doubled_ids(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    seen = {f"{product.id}.{field}": 0 for product in entry.products for field in FIELDS}
    for id, place in _ids(entry):
        line = document.line(place)
        if id in seen:
            first = f"it stands on line {seen[id]} already" if seen[id] else "it is kept for the product's own field"
            yield document.problem(f"`{id}` is given twice", place, f"{first}: choose another")
        seen.setdefault(id, line)
    for n, product in enumerate(entry.products):
        if product.id == SHOP:
            yield document.problem(f"a product cannot be called `{SHOP}`", ("products", n, "id"), "choose another id")


def _wrong_prices(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    for n, product in enumerate(entry.products):
        if product.was is not None and product.was <= product.price:
            what = f"the price before, {product.was}, is not above the price, {product.price}"
            yield document.problem(what, ("products", n, "was"), "write the higher one, or leave `was` out")


def _lost_images(document: Document, entry: _CatalogEntry) -> Iterator[Problem]:
    for n, product in enumerate(entry.products):
        if product.image is not None and not (document.path.parent / product.image).is_file():
            what = f"there is no image `{product.image}`"
            yield document.problem(what, ("products", n, "image"), "the path is relative to this file; leave it out for none")
