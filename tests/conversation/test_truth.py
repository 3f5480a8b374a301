"""The truth gate: what it lets through and what it holds back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from doublure.conversation.moderation import banned
from doublure.conversation.truth import refusal
from doublure.cue import Comment, Cue
from doublure.shop.catalog import Catalog, Fact, Product, load_catalog
from doublure.shop.prices import Price

DEMO = Path(__file__).resolve().parents[2] / "demo"
FACTS = (Fact("cup.volume", "volume", "500 ml"), Fact("cup.heat", "keeps hot", "6 hours"))
CUP = Product(
    "cup", "Travel Cup", Price(Decimal("19.9"), "USD"), Price(Decimal(25), "USD"), 2, 12, None, FACTS
)
ENGLISH = Catalog("Shop", "en", (CUP,))
CHINESE = Catalog("店", "zh", (Product("cup", "旅行杯", Price(Decimal("59.9"), "CNY"), None, 2, 30),))
FRENCH = Catalog("Boutique", "fr", (Product("cup", "Tasse", Price(Decimal("24.9"), "EUR"), None, 3, 40),))


def asked(question: str, author: str = "x", count: int = 1) -> Cue:
    comment = Comment("c", "chat", author, question, 0.0, count=count)
    return Cue("cue", "answer", 0.0, 9e9, comment=comment, product="cup")


@pytest.mark.parametrize(
    ("catalog", "question", "said"),
    [
        # what the viewer named as a price
        (ENGLISH, "Is the cup 9.90 today?", "Yes, the cup is 9.90 today."),
        (ENGLISH, "so it costs 9 right?", "Yes, it costs 9."),
        (ENGLISH, "I'm 183 cm, is it $9?", "Yes, it's $9."),
        (ENGLISH, "size 38 for 9 dollars?", "It's nine dollars."),
        (CHINESE, "今天只要9块9吗", "对，今天只要九块九。"),
        (CHINESE, "我身高183，183元吗", "是的，183元。"),
        (FRENCH, "je mesure 183 cm, c'est 9 euros ?", "Oui, c'est 9 euros."),
        # a size of the viewer as a price
        (ENGLISH, "I'm 183 cm, how much?", "It costs 183."),
        (CHINESE, "我身高183，多少钱", "价格是183。"),
        # links and stock as a price
        (ENGLISH, "how much is the cup", "The cup costs 2 dollars."),
        (ENGLISH, "how much is the cup", "It's only $12."),
        (ENGLISH, "how much is the cup", "It costs twelve."),
        (CHINESE, "多少钱", "只要2元。"),
        (CHINESE, "多少钱", "今天三十块钱。"),
        (FRENCH, "combien", "Elle coûte 40."),
        # claims of the viewer
        (ENGLISH, "is it the best cup?", "Yes, it is the best cup."),
        (ENGLISH, "Best safest cup?", "It's the safest."),
        # a number in the author's name
        (ENGLISH, "how much?", "It's 77 for you, user77."),
    ],
)
def test_what_only_a_viewer_said_is_not_spoken(catalog: Catalog, question: str, said: str) -> None:
    author = "user77" if "user77" in said else "x"
    assert refusal(said, asked(question, author), catalog)


@pytest.mark.parametrize(
    ("catalog", "question", "said"),
    [
        (ENGLISH, "I'm 183 cm, which size?", "At 183, take your usual one."),
        (ENGLISH, "I weigh 70.5 kg", "For 70.5 kg take M."),
        (CHINESE, "身高175体重60公斤穿什么码", "175、60公斤的话穿平时的码就行。"),
        (FRENCH, "je mesure 1,75 m", "Pour 1,75 m, prenez la taille habituelle."),
        (ENGLISH, "how much is the cup", "It costs $19.90, it was 25 dollars."),
        (ENGLISH, "how long does it keep hot", "It keeps hot for 6 hours and holds 500 ml."),
        (ENGLISH, "any left?", "There are only 12 left."),
        (ENGLISH, "which link", "It's number 2 in the cart, $19.90."),
        (CHINESE, "几号链接", "2号链接，59.9元，只剩30件。"),
        (FRENCH, "combien", "Elle est à 24,90 €, lien numéro 3."),
    ],
)
def test_what_the_catalogue_says_may_be_said_and_a_size_repeated(
    catalog: Catalog, question: str, said: str
) -> None:
    assert refusal(said, asked(question), catalog) == ""


def test_how_many_asked_may_be_said_and_is_no_price() -> None:
    assert refusal("14 of you asked.", asked("how much", count=14), ENGLISH) == ""
    assert refusal("It costs 14.", asked("how much", count=14), ENGLISH)


def test_a_number_that_is_near_a_size_is_none() -> None:
    assert "184" in refusal("At 184, take your usual one.", asked("I'm 183 cm, which size?"), ENGLISH)


def test_a_claim_the_shop_makes_itself_may_be_said(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "shop: S\nlanguage: en\nproducts:\n  - {id: oil, name: Oil, price: $4, facts: {grade: best of the harvest}}\n"
    )
    catalog = load_catalog(tmp_path / "c.yaml")
    assert refusal("It's the best of the harvest.", asked("?"), catalog) == ""
    # each claim counts, not the first one alone
    assert "safest" in refusal("It's the best and the safest.", asked("?"), catalog)


def test_no_claim_arises_between_two_texts_of_the_catalogue() -> None:
    facts = (Fact("a.x", "first", "the be"), Fact("a.y", "st of it", "no"))
    catalog = Catalog("S", "en", (Product("a", "Oil", Price(Decimal(4), "USD"), facts=facts),))
    assert "best" in refusal("It's the best.", asked("?"), catalog)


def test_accents_of_a_claim_in_the_catalogue_do_not_matter() -> None:
    facts = (Fact("a.x", "avis", "Élu meilleure crème"),)
    catalog = Catalog("S", "fr", (Product("a", "Crème", Price(Decimal(4), "EUR"), facts=facts),))
    assert refusal("C'est la meilleure.", asked("?"), catalog) == ""


def test_banned_words_and_the_rooms_own(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("competitorx\n")
    assert "fuck" in refusal("It's fucking light.", asked("?"), ENGLISH)
    assert refusal("It beats competitorx.", asked("?"), ENGLISH) == ""
    assert "competitorx" in refusal(
        "It beats CompetitorX.", asked("?"), ENGLISH, banned(tmp_path / "own.txt")
    )
