"""Reads, bounds and writes prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from doublure.media import Language

HIGHEST_PRICE = Decimal(1_000_000)
"""A price above this is refused as a typing error."""


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of money."""

    amount: Decimal
    currency: str
    """ISO 4217: CNY, USD, EUR, GBP."""


@dataclass(frozen=True, slots=True)
class PriceParts:
    """A price as written, with the currency before or behind the amount."""

    before: str
    amount: str
    behind: str

    @property
    def text(self) -> str:
        return self.before + self.amount + self.behind


def price_parts(price: Price, language: Language) -> PriceParts:
    """A price as shown on a card: ¥129.9, $39.90, 39,90 €."""
    return _parts(price, language, _SIGNS[price.currency], behind=language == "fr")


def price_text(price: Price, language: Language) -> str:
    """A price as written in a sentence: 59.9元, $59.90, 59,90 €."""
    unit = {"zh": _ZH_UNITS, "en": _EN_SIGNS, "fr": _FR_UNITS}[language][price.currency]
    return _parts(price, language, unit, behind=language != "en" or len(unit) > 1).text


def _parts(price: Price, language: Language, unit: str, *, behind: bool) -> PriceParts:
    whole = price.amount == price.amount.to_integral_value()
    amount = f"{price.amount.to_integral_value():f}" if whole else f"{price.amount:.2f}"
    if language == "zh" and not whole:
        amount = amount.rstrip("0")
    if language == "fr":
        amount = amount.replace(".", ",")
    space = "" if language == "zh" else " "
    return PriceParts("", amount, space + unit) if behind else PriceParts(unit, amount, "")


Currency = Literal["CNY", "USD", "EUR", "GBP"]
_CURRENCIES: dict[str, str] = {
    **{code: code for code in get_args(Currency)},
    **{"¥": "CNY", "￥": "CNY", "元": "CNY", "块": "CNY", "RMB": "CNY"},
    **{"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP"},
}
_ZH_UNITS = {"CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑"}
_FR_UNITS = {"CNY": "yuans", "USD": "$", "EUR": "€", "GBP": "£"}
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_EN_SIGNS = {"CNY": "yuan", "USD": "$", "EUR": "€", "GBP": "£"}


def _price(value: object) -> Price:
    """Read a price as a catalogue may give it: 59.9, "59.90", $59.90, 59.9元, 59.90 €. The decimal mark is
    a point, with at most two decimals. The currency is "" if the price does not name it."""
    text = str(value).strip()
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    found = _PRICE.fullmatch(text) if plain else None
    if found is None:
        raise _price_error(f"`{text}` is not a price", _price_remedy(text))
    amount = Decimal(found["amount"])
    if found["minus"]:
        raise _price_error(f"a price cannot be negative, and `{text}` is", f"write {amount}")
    if amount == 0:
        raise _price_error("a price cannot be 0", "write what it costs, for example 59.9")
    if amount != round(amount, 2):
        raise _price_error(f"`{text}` has more than two decimals", f"write {round(amount, 2)}")
    if amount > HIGHEST_PRICE:
        raise _price_error(f"`{text}` is above {HIGHEST_PRICE}", "check the zeros")
    sign = (found["before"] or found["after"] or "").strip().upper()
    if sign and sign not in _CURRENCIES:
        raise _price_error(
            f"the currency `{sign}` is not known", f"there are: {', '.join(get_args(Currency))}"
        )
    return Price(amount, _CURRENCIES.get(sign, ""))


_PRICE = re.compile(
    r"(?P<before>[^\d\s.,+-]*)\s*(?P<minus>-?)(?P<amount>\d+(?:\.\d+)?)\s*(?P<after>[^\d\s.,]*)"
)


def _price_remedy(text: str) -> str:
    digits = re.search(r"\d+(?:[.,]\d+)?", text)
    if digits is None:
        return "write a number, for example 59.9"
    return f"write {digits[0].replace(',', '.')}, with a point"


def _price_error(what: str, remedy: str) -> PydanticCustomError:
    # pydantic would read braces in the message itself as fields
    return PydanticCustomError("price", "{what}", {"what": what, "remedy": remedy})


Money = Annotated[Price, BeforeValidator(_price)]
