"""The truth gate: checks the sentences of an answer against the catalogue before they are spoken.

Prices and claims must be in the catalogue. The viewer's text is no source for them; only the sizes and
weights in a question ("I'm 183 cm") may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from doublure.conversation.moderation import WordList, banned, claims
from doublure.conversation.wording import fold
from doublure.cue import Cue
from doublure.sentences import Number, found_numbers, numbers
from doublure.shop.catalog import Catalog, Product

_PRICE_BEFORE = re.compile(
    r"(?:[$€£¥￥]|\b(?:usd|eur|gbp|cny|rmb)|价格?|[只仅]要|[只仅]需|[只仅]售|[只仅]卖|才卖|卖|售|原来|到手|便宜|优惠|立?减|省"
    r"|\b(?:costs?|prices?|priced|save|pay|coute(?:nt)?|prix|vaut|payer|payez))"
    r"(?:\s|[:：是为了在]|\b(?:is|are|was|at|only|just|about|now|you|it|de|est|a|que|seulement)\b)*$"
)
_PRICE_AFTER = re.compile(
    r"\s?(?:[$€£¥￥元块]|钱|人民币|美[元金]|欧元|英镑"
    r"|(?:dollars?|euros?|pounds?|yuans?|bucks?|cents?|centimes?|quid|usd|eur|gbp|cny|rmb)\b)"
)
_BEFORE_CHARACTERS = 24
"""Characters before a number in which a price word is searched."""
_SIZE = re.compile(
    r"身高|体重|[腰胸臀脚]围|脚长|尺码|[码岁斤寸]|公分|厘米|公斤"
    r"|\d\s?(?:cm|mm|m|kg|kilos?|lbs?|g|ml|l|inch(?:es)?|feet|foot|ft|years?|ans|[\"'])(?![a-z])"
    r"|\b(?:size|height|tall|weigh\w*|waist|chest|foot|feet|taille|pointure|mesure|pese|tour)\b"
)
"""Words that show that a comment states a size."""
_UNIT_AFTER = re.compile(
    r"\s?(?:cm|mm|m|kg|lbs?|in(?:ch(?:es)?)?|ft|feet|公分|厘米|米|公斤|斤|寸|码)(?![a-z])", re.IGNORECASE
)


def refusal(text: str, cue: Cue, catalog: Catalog, own: WordList | None = None) -> str:
    """Why a written sentence may not be spoken, or "". `own` is the room's list of banned words (including
    those of all languages), None if it has none of its own."""
    known = {number for source in _numbered(catalog) for number in numbers(source)}
    prices = {number for source in _priced(catalog) for number in numbers(source)}
    asked = _sizes(cue)
    wrong = []
    for number in found_numbers(text):
        priced = is_price(number, text)
        if number.value not in prices and (priced or number.value not in known | asked):
            wrong.append(number.value)
    if wrong:
        return f"{', '.join(f'{number:f}' for number in wrong)} stands nowhere in the catalogue"
    told = [fold(source) for source in _priced(catalog)]
    for word in claims(catalog.language).every(text):
        if not any(word in source for source in told):
            return f"the claim {word!r}"
    word = (own or banned()).find(text)
    return f"the word {word!r}" if word else ""


def is_price(number: Number, text: str) -> bool:
    """Whether a number is next to a currency or a price word."""
    before = fold(text[max(0, number.start - _BEFORE_CHARACTERS) : number.start])
    return bool(_PRICE_BEFORE.search(before) or _PRICE_AFTER.match(text.casefold(), number.end))


def _sizes(cue: Cue) -> set[Decimal]:
    """Numbers that may be repeated: the sizes in the question, and how many viewers asked it. Prices, and
    decimals without a unit, do not count as sizes."""
    if cue.comment is None:
        return set()
    text = cue.comment.text
    found = set(numbers(str(cue.comment.count)))
    if _SIZE.search(fold(text)):
        for number in found_numbers(text):
            whole = number.value == number.value.to_integral_value()
            if not is_price(number, text) and (whole or _UNIT_AFTER.match(text, number.end)):
                found.add(number.value)
    return found


def _numbered(catalog: Catalog) -> Iterator[str]:
    """Every catalogue text that a number may come from, including link and stock, which are not prices."""
    yield from _priced(catalog)
    for product in catalog.products:
        yield str(product.link)
        if product.stock is not None:
            yield str(product.stock)


def _priced(catalog: Catalog) -> Iterator[str]:
    """Every catalogue text that a price or a claim may come from. They stay separate: joined, they could make
    a claim that none of them makes alone."""
    for question in catalog.questions:
        yield from (*question.asks, question.answer)
    for product in catalog.products:
        yield from _product(product)


def _product(product: Product) -> Iterator[str]:
    yield product.name
    yield f"{product.price.amount}"
    if product.was is not None:
        yield f"{product.was.amount}"
    for fact in product.facts:
        yield from (fact.label, fact.value)
    for question in product.questions:
        yield from (*question.asks, question.answer)
