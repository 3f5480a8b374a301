from decimal import Decimal
from pathlib import Path

import pytest

from doublure.errors import SettingsError
from doublure.media import LANGUAGES, Language
from doublure.shop.catalog import load_catalog
from doublure.shop.prices import Price, price_parts, price_text

DEMO = Path(__file__).resolve().parents[2] / "demo"
TEXT = """\
shop: Shop
language: zh
currency: CNY
products:
  - id: cup
    name: 杯子
    price: 59.9
    link: 1
    facts:
      weight: {label: 重量, value: 260克}
    questions:
      - id: tea
        asks: [能泡茶吗]
        answer: 可以。
  - id: lamp
    name: 台灯
    price: 99
    link: 2
"""


def fails(tmp_path: Path, old: str, new: str) -> SettingsError:
    assert old in TEXT
    file = tmp_path / "catalog.yaml"
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load_catalog(file)
    return caught.value


def test_a_catalogue_as_written(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(TEXT)
    catalog = load_catalog(file)
    cup = catalog.product("cup")
    assert cup is not None
    assert cup.price == Price(Decimal("59.9"), "CNY")
    assert [(fact.id, fact.label, fact.value) for fact in cup.facts] == [("cup.weight", "重量", "260克")]
    assert cup.questions[0].id == "cup.tea"
    assert cup.questions[0].product == "cup"
    assert catalog.product("nothing") is None


def test_the_short_forms(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(
        "shop: Shop\nlanguage: en\nproducts:\n"
        "  - {id: cup, name: Cup, price: $19.90, was: 25.00 $, facts: {inner_volume: 500 ml, parts: 3},\n"
        "     questions: [{asks: [tea], answer: 'Yes.'}]}\n"
        "questions: [{asks: [delivery], answer: 'Two days.'}]\n"
    )
    catalog = load_catalog(file)
    cup = catalog.products[0]
    assert (cup.price, cup.was) == (Price(Decimal("19.90"), "USD"), Price(Decimal("25.00"), "USD"))
    assert [(fact.label, fact.value) for fact in cup.facts] == [("inner volume", "500 ml"), ("parts", "3")]
    assert cup.questions[0].id == "cup.question1"
    assert catalog.questions[0].id == "shop.question1"


@pytest.mark.parametrize(
    ("price", "what", "remedy"),
    [
        ("59,9", "`59,9` is not a price", "write 59.9, with a point"),
        ("abc", "`abc` is not a price", "write a number, for example 59.9"),
        ("-5", "a price cannot be negative, and `-5` is", "write 5"),
        ("0", "a price cannot be 0", "write what it costs, for example 59.9"),
        ("59.999", "`59.999` has more than two decimals", "write 60.00"),
        ("1e3", "`1e3` is not a price", "write 1, with a point"),
        (".nan", "`nan` is not a price", "write a number, for example 59.9"),
        ("true", "`True` is not a price", "write a number, for example 59.9"),
        ("[1]", "`[1]` is not a price", "write 1, with a point"),
        ("99999999", "`99999999` is above 1000000", "check the zeros"),
        ("59.9卢布", "the currency `卢布` is not known", "there are: CNY, USD, EUR, GBP"),
        ("$59.9", "the price is in USD, the file's currency is CNY", "leave one of them out"),
    ],
)
def test_a_wrong_price_says_what_to_write(tmp_path: Path, price: str, what: str, remedy: str) -> None:
    error = fails(tmp_path, "59.9", price)
    assert error.where.endswith("catalog.yaml:7")
    assert (error.what, error.remedy) == (what, remedy)


def test_an_unknown_currency(tmp_path: Path) -> None:
    error = fails(tmp_path, "CNY", "CNH")
    assert error.where.endswith(":3")
    assert "did you mean `CNY`?" in error.remedy


def test_no_currency_at_all(tmp_path: Path) -> None:
    error = fails(tmp_path, "currency: CNY\n", "")
    assert "currency" in error.what
    assert "currency: ..." in error.remedy


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("id: lamp", "id: cup", 15, "`cup` is given twice"),
        ("link: 2", "link: 1", 18, "`link 1` is given twice"),
        ("id: tea", "id: weight", 12, "`cup.weight` is given twice"),
        ("weight:", "price:", 10, "`cup.price` is given twice"),
        ("id: lamp", "id: shop", 15, "a product cannot be called `shop`"),
    ],
)
def test_ids_are_unique(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    error = fails(tmp_path, old, new)
    assert error.where.endswith(f":{line}")
    assert error.what == what


def test_a_price_before_that_is_lower(tmp_path: Path) -> None:
    error = fails(tmp_path, "price: 59.9", "price: 59.9\n    was: 49")
    assert error.where.endswith(":8")
    assert "not above" in error.what


def test_a_lost_image(tmp_path: Path) -> None:
    error = fails(tmp_path, "link: 1", "link: 1\n    image: cup.png")
    assert error.where.endswith(":9")
    assert error.what == "there is no image `cup.png`"
    # a name longer than any file system takes is lost as well
    assert "there is no image" in fails(tmp_path, "link: 1", f"link: 1\n    image: {'c' * 300}.png").what


def test_an_unknown_key_of_a_fact(tmp_path: Path) -> None:
    error = fails(tmp_path, "value: 260克", "valeu: 260克")
    assert error.where.endswith(":10")
    assert "did you mean `value`?" in str(error)


def test_a_misspelt_key_of_a_product(tmp_path: Path) -> None:
    error = fails(tmp_path, "price: 99", "prise: 99")
    assert (error.what, error.remedy) == ("unknown key `prise`", "did you mean `price`?")


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        ("59.9", "CNY", "zh", "59.9元"),
        ("100", "CNY", "zh", "100元"),
        ("59.95", "USD", "zh", "59.95美元"),
        ("59.9", "USD", "en", "$59.90"),
        ("69", "GBP", "en", "£69"),
        ("59.9", "CNY", "en", "59.90 yuan"),
        ("39.9", "EUR", "fr", "39,90 €"),
        ("120.00", "EUR", "fr", "120 €"),
    ],
)
def test_prices_as_written_in_sentences(amount: str, currency: str, language: Language, text: str) -> None:
    assert price_text(Price(Decimal(amount), currency), language) == text


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        ("129.9", "CNY", "zh", "¥129.9"),
        ("69.90", "CNY", "zh", "¥69.9"),
        ("159", "CNY", "zh", "¥159"),
        ("39.9", "USD", "en", "$39.90"),
        ("69.00", "GBP", "en", "£69"),
        ("49.9", "EUR", "fr", "49,90 €"),
    ],
)
def test_prices_as_shops_write_them_on_a_card(
    amount: str, currency: str, language: Language, text: str
) -> None:
    assert price_parts(Price(Decimal(amount), currency), language).text == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_catalogues(language: Language) -> None:
    catalog = load_catalog(DEMO / language / "catalog.yaml")
    assert catalog.language == language
    assert [product.id for product in catalog.products] == ["toothbrush", "cup", "jacket"]
    for product in catalog.products:
        assert product.was is not None
        assert product.stock
        assert len(product.facts) >= 8
        assert len(product.questions) >= 6
