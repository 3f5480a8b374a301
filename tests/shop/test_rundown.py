from pathlib import Path

import pytest

from doublure.conversation.moderation import banned, claims
from doublure.cue import PLAIN, Delivery
from doublure.errors import SettingsError
from doublure.media import LANGUAGES, Language
from doublure.sentences import sentences, unfounded
from doublure.shop.catalog import Catalog, load_catalog
from doublure.shop.rundown import GESTURES, load_rundown

DEMO = Path(__file__).resolve().parents[2] / "demo"
CATALOG = """\
shop: Shop
language: en
currency: USD
products:
  - {id: cup, name: Cup, price: 19.90, was: 25, facts: {postage: from $50 on it is free}}
  - {id: lamp, name: Lamp, price: 39}
"""
LONGEST_LINE: dict[Language, int] = {"zh": 26, "en": 60, "fr": 62}
"""Characters said in about four seconds (hanzi 4.5 a second, marks aside; Latin letters 15 a second)."""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return load_catalog(tmp_path / "catalog.yaml")


def fails(folder: Path, catalog: Catalog, text: str) -> SettingsError:
    (folder / "rundown.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_rundown(folder / "rundown.yaml", catalog)
    return caught.value


def test_lines_with_and_without_gestures(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "rundown.yaml"
    file.write_text(
        "slots:\n  - lines: [Hello.]\n  - product: cup\n    lines:\n      - {say: Look., gesture: present}\n"
    )
    rundown = load_rundown(file, catalog)
    assert [(slot.product, [(line.text, line.gesture) for line in slot.lines]) for slot in rundown.slots] == [
        ("", [("Hello.", "")]),
        ("cup", [("Look.", "present")]),
    ]


def test_a_missing_product_names_the_like_one(tmp_path: Path, catalog: Catalog) -> None:
    error = fails(tmp_path, catalog, "slots:\n  - lines: [Hello.]\n  - product: cupp\n    lines: [Look.]\n")
    assert error.where.endswith("rundown.yaml:3")
    assert error.what == "the catalogue has no product `cupp`"
    assert error.remedy == "did you mean `cup`?"


def test_an_unknown_gesture(tmp_path: Path, catalog: Catalog) -> None:
    error = fails(tmp_path, catalog, "slots:\n  - lines:\n      - {say: Hi., gesture: point_dwn}\n")
    assert error.where.endswith(":3")
    assert error.remedy == "did you mean `point_down`?"


@pytest.mark.parametrize("text", ["Only $9.90 today.", "Only 9.90 dollars.", "It's 9,90 € now."])
def test_a_price_that_is_not_the_catalogues(tmp_path: Path, catalog: Catalog, text: str) -> None:
    error = fails(tmp_path, catalog, f"slots:\n  - product: cup\n    lines:\n      - {text}\n")
    assert error.where.endswith(":4")
    assert "9.9" in error.what
    assert "Cup costs $19.90" in error.remedy


def test_prices_of_the_catalogue_may_be_said(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "rundown.yaml"
    file.write_text(
        "slots:\n  - product: cup\n    lines: ['Was $25, now $19.90. Free from $50, 3 for you.']\n"
    )
    assert load_rundown(file, catalog).slots


def test_empty_rundowns_are_refused(tmp_path: Path, catalog: Catalog) -> None:
    assert "slots" in fails(tmp_path, catalog, "slots: []\n").what
    assert "lines" in fails(tmp_path, catalog, "slots:\n  - {product: cup, lines: []}\n").what


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_scripts_are_spoken_true_and_gestured(language: Language) -> None:
    folder = DEMO / language
    catalog = load_catalog(folder / "catalog.yaml")
    rundown = load_rundown(folder / "rundown.yaml", catalog)
    assert [slot.product for slot in rundown.slots] == ["", "toothbrush", "cup", "jacket", ""]
    sources = (folder / "catalog.yaml").read_text()
    for slot in rundown.slots:
        assert len(slot.lines) >= (14 if slot.product else 5)
        for line in slot.lines:
            assert len(line.text) <= LONGEST_LINE[language], line.text
            # counting things and ordering them ("number three") is no claim
            if slot.product:
                assert unfounded(line.text, [sources, "1 2 3"]) == [], line.text
            assert not claims(language).find(line.text), line.text
            assert not banned().find(line.text), line.text
            assert sentences(line.text)
    used = {line.gesture for slot in rundown.slots for line in slot.lines} - {""}
    assert used == set(GESTURES)


def test_a_slot_says_how_it_is_spoken(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "rundown.yaml"
    file.write_text("slots:\n  - {rate: 1.1, energy: lively, lines: [Hello.]}\n  - {lines: [Bye.]}\n")
    first, second = load_rundown(file, catalog).slots
    assert first.delivery == Delivery(1.1, "lively")
    assert second.delivery == PLAIN
    assert fails(tmp_path, catalog, "slots:\n  - lines: [Hello.]\n    rate: 3\n").where.endswith(":3")
    wrong = fails(tmp_path, catalog, "slots:\n  - lines: [Hello.]\n    energy: wild\n")
    assert "calm" in str(wrong)
