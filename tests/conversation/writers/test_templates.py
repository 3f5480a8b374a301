import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio
import pytest
from pydantic import BaseModel

from doublure.clock import RealClock
from doublure.conversation import retrieval
from doublure.conversation.answer import asked_colleagues, opening, opens
from doublure.conversation.moderation import banned, claims
from doublure.conversation.phrases import AI, SENTENCES_PER_ANSWER, ready, texts
from doublure.conversation.settings import WriterSettings
from doublure.conversation.truth import refusal
from doublure.conversation.writers import templates
from doublure.conversation.writers.templates import TemplatesWriter
from doublure.cue import Comment, Cue, CueKind, EventKind, Utterance
from doublure.document import read
from doublure.media import LANGUAGES, Language
from doublure.sentences import sentences, unfounded
from doublure.shop.catalog import Catalog, load_catalog

ROOT = Path(__file__).resolve().parents[3]
AIR = "toothbrush"
OPENING: dict[Language, int] = {"zh": 12, "en": 38, "fr": 38}
"""Characters of the words before an answer: about two seconds at most."""


class Asked(BaseModel):
    """A line of questions.yaml."""

    air: str
    ask: str
    wants: tuple[str, ...]


class Parts(BaseModel):
    chosen: tuple[Asked, ...]
    unseen: tuple[Asked, ...]


class Questions(BaseModel):
    zh: Parts
    en: Parts
    fr: Parts


@dataclass(frozen=True)
class Score:
    answerable: int
    top: int
    """The best candidate is a right one, whatever its score."""
    right: int
    wrong: int
    unanswerable: int
    false: int
    """Answered although the catalogue does not say."""


@cache
def catalog(language: Language) -> Catalog:
    return load_catalog(ROOT / "demo" / language / "catalog.yaml")


@cache
def finder(language: Language) -> retrieval.Finder:
    return retrieval.Finder(catalog(language))


def score(language: Language, part: str) -> Score:
    asked: tuple[Asked, ...] = getattr(
        getattr(read(ROOT / "tests" / "questions.yaml", Questions), language), part
    )
    top = right = wrong = false = 0
    answerable = [one for one in asked if one.wants]
    for one in asked:
        found = finder(language).find(one.ask, one.air)
        if one.wants:
            top += finder(language).rank(one.ask, one.air)[0].id in one.wants
            right += found is not None and found.id in one.wants
            wrong += found is not None and found.id not in one.wants
        else:
            false += found is not None and found.kind != "which"
    return Score(len(answerable), top, right, wrong, len(asked) - len(answerable), false)


def cue(
    text: str = "",
    kind: CueKind = "answer",
    *,
    air: str = AIR,
    author: str = "",
    event: EventKind = "comment",
    id: str = "c-1",
) -> Cue:
    comment = Comment(id, "test", author, text, 0.0, event) if text or author or kind == "welcome" else None
    return Cue(f"cue-{id}", kind, 0.0, 9e9, comment=comment, product=air)


@cache
def shared(language: Language) -> TemplatesWriter:
    """One writer for many cues, also across event loops."""
    return templates.make(WriterSettings(), language, RealClock())


def written(language: Language, *cues: Cue, of: Catalog | None = None) -> list[Utterance]:
    async def write() -> list[Utterance]:
        writer = shared(language) if of is None else templates.make(WriterSettings(), language, RealClock())
        known = of or catalog(language)
        return [
            utterance
            for one in cues
            async for utterance in writer.write(one, known, known.product(one.product))
        ]

    return anyio.run(write)


def said(language: Language, text: str, air: str = AIR) -> str:
    return " ".join(utterance.text for utterance in written(language, cue(text, air=air)))


# ---- finding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_found(language: Language) -> None:
    """Measured when the weights were chosen: chosen 193 of 200 on top, 1 of 57 answered falsely;
    unseen 60 of 66 on top, 49 answered rightly, 3 wrongly, 6 of 19 answered falsely."""
    chosen, unseen = score(language, "chosen"), score(language, "unseen")
    assert chosen.answerable + chosen.unanswerable >= 25
    assert chosen.top >= 0.94 * chosen.answerable
    assert chosen.right >= 0.9 * chosen.answerable
    assert chosen.wrong <= 0.05 * chosen.answerable
    assert chosen.false <= 1
    assert unseen.top >= 0.85 * unseen.answerable
    assert unseen.right >= 0.5 * unseen.answerable
    assert unseen.wrong <= 0.1 * unseen.answerable
    assert unseen.false <= 2


@pytest.mark.parametrize(
    ("language", "text", "air", "id"),
    [
        ("zh", "杯子多少钱", "toothbrush", "cup.price"),
        ("zh", "三号链接多少钱", "toothbrush", "jacket.price"),
        ("zh", "2号有货吗", "toothbrush", "cup.stock"),
        ("zh", "how much is the jacket", "toothbrush", "jacket.price"),
        ("en", "how much is number 2", "toothbrush", "cup.price"),
        ("en", "杯子多少钱", "cup", "cup.price"),
        ("fr", "combien la veste", "toothbrush", "jacket.price"),
        ("fr", "how much is the cup", "toothbrush", "cup.price"),
    ],
)
def test_the_product_asked_about(language: Language, text: str, air: str, id: str) -> None:
    found = finder(language).find(text, air)
    assert found is not None
    assert found.id == id


def test_with_nothing_on_air_it_asks_which_one() -> None:
    assert "Link 2 is the flip-lid thermos cup." in said("en", "how much is it?", air="")
    assert "2号是弹盖保温杯。" in said("zh", "多少钱", air="")
    assert "$24.90" in said("en", "how much is the cup?", air="")


def test_a_fact_the_catalogue_gives_is_no_longer_beyond_it(tmp_path: Path) -> None:
    text = (
        (ROOT / "demo" / "en" / "catalog.yaml")
        .read_text()
        .replace("../images", str(ROOT / "demo" / "images"))
    )
    (tmp_path / "catalog.yaml").write_text(
        text.replace(
            "      modes: ", "      origin: {label: origin, value: it is made in Portugal}\n      modes: "
        )
    )
    origin = load_catalog(tmp_path / "catalog.yaml")
    assert asked_colleagues(written("en", cue("where is it made?"))[0])
    assert "Portugal" in written("en", cue("where is it made?"), of=origin)[1].text


def test_a_bare_catalogue_answers_what_it_can(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "shop: S\nlanguage: en\nproducts:\n  - {id: mug, name: Mug, price: £4}\n"
    )
    bare = load_catalog(tmp_path / "c.yaml")
    price = written("en", cue("how much is it?", air="mug"), of=bare)
    assert "£4" in price[1].text
    assert price[1].facts == ("mug.price",)
    assert "cart" in written("en", cue("where can I buy it", air="mug"), of=bare)[1].text
    assert "order page" in written("en", cue("is it in stock?", air="mug"), of=bare)[1].text
    assert asked_colleagues(written("en", cue("does it leak?", air="mug"), of=bare)[0])


# ---- saying -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "wants", "facts"),
    [
        ("zh", "多少钱", ["129.9元", "159元", "1号"], "toothbrush.price"),
        ("zh", "有优惠吗", ["129.9元", "这就是今天的价格"], "toothbrush.price"),
        ("zh", "几号链接", ["1号链接"], "toothbrush.link"),
        ("zh", "还有货吗", ["320件"], "toothbrush.stock"),
        ("zh", "续航多久", ["30天"], "toothbrush.battery"),
        ("en", "how much is it", ["$39.90", "$49.90", "link 1"], "toothbrush.price"),
        ("en", "any discount?", ["$39.90", "today's price"], "toothbrush.price"),
        ("en", "is it in stock", ["320"], "toothbrush.stock"),
        ("en", "how long does the battery last", ["30 days"], "toothbrush.battery"),
        ("fr", "c'est combien", ["39,90 €", "49,90 €", "lien 1"], "toothbrush.price"),
        ("fr", "il en reste ?", ["320"], "toothbrush.stock"),
        ("fr", "la batterie tient combien de temps", ["30 jours"], "toothbrush.battery"),
    ],
)
def test_what_is_said_and_what_it_rests_on(
    language: Language, text: str, wants: list[str], facts: str
) -> None:
    utterances = written(language, cue(text))
    whole = " ".join(utterance.text for utterance in utterances)
    assert all(want in whole for want in wants), whole
    assert all(utterance.facts for utterance in utterances)
    assert facts in {fact for utterance in utterances for fact in utterance.facts}
    assert {utterance.comment for utterance in utterances} == {"c-1"}
    assert {utterance.product for utterance in utterances} == {AIR}


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_short_begin_short_and_are_true(language: Language) -> None:
    known = catalog(language)
    asks = [ask for product in known.products for question in product.questions for ask in question.asks]
    asks += [f"{fact.label}?" for product in known.products for fact in product.facts]
    for number, ask in enumerate(asks):
        asked = cue(
            ask,
            air=known.products[number % 3].id,
            id=f"c-{number}",
            author="小雨" if language == "zh" else "Inès",
        )
        utterances = written(language, asked)
        assert 1 <= len(utterances) <= SENTENCES_PER_ANSWER + 1
        first = opening(asked, language)
        assert first is not None
        assert len(first.text) <= OPENING[language], first.text
        assert first.text in ready(language)
        assert opens(first)
        assert not any(opens(utterance) for utterance in utterances)
        assert len({utterance.id for utterance in utterances}) == len(utterances)
        for utterance in utterances:
            assert refusal(utterance.text, asked, known) == "", utterance.text
            assert len(sentences(utterance.text)) == 1 or "：" in utterance.text or ":" in utterance.text


@pytest.mark.parametrize(
    ("language", "text", "truth"),
    [("zh", "你是真人吗", "AI"), ("zh", "主播是机器人吗", "AI"), ("zh", "are you real or a bot? are you human", "AI"),
     ("en", "are you a real person?", "AI"), ("en", "is this a robot", "AI"), ("fr", "vous êtes une vraie personne ?", "IA")],
)  # fmt: skip
def test_are_you_real_is_answered_with_the_truth_whatever_the_id(
    language: Language, text: str, truth: str
) -> None:
    for number in range(8):
        utterances = written(language, cue(text, id=str(number)))
        assert truth in utterances[0].text
        assert utterances[0].facts == (AI,)
        assert not asked_colleagues(utterances[0])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "支持以旧换新吗"),
        ("en", "does it connect to an app?"),
        ("fr", "elle a un capteur de pression ?"),
    ],
)
def test_what_the_catalogue_does_not_say_is_asked(language: Language, text: str) -> None:
    utterances = written(language, cue(text))
    assert all(asked_colleagues(utterance) for utterance in utterances)
    assert any(
        word in " ".join(utterance.text for utterance in utterances)
        for word in ("同事", "colleagues", "collègues")
    )


def test_wordings_vary_by_comment_and_never_for_one() -> None:
    leads = {written("zh", cue("能机洗吗", air="jacket", id=f"x{n}"))[0].text for n in range(12)}
    assert len(leads) > 1
    assert written("zh", cue("能机洗吗", air="jacket")) == written("zh", cue("能机洗吗", air="jacket"))


def test_names_are_said_only_when_harmless_and_for_one_alone() -> None:
    assert "小雨" in written("zh", cue("能机洗吗", air="jacket", author="小雨"))[0].text
    for author in ("推广888", "傻逼", "a very long name indeed"):
        assert author not in written("zh", cue("能机洗吗", air="jacket", author=author))[0].text
    many = Comment("c-1", "test", "小雨", "能机洗吗", 0.0, count=3)
    merged = Cue("q", "answer", 0.0, 9e9, comment=many, product="jacket")
    assert "小雨" not in written("zh", merged)[0].text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "event", "gesture"),
    [("disclosure", "comment", ""), ("goodbye", "comment", "thank"), ("filler", "comment", ""), ("welcome", "enter", "greet"), ("welcome", "gift", "thank"), ("welcome", "follow", "thank")],
)  # fmt: skip
def test_remarks(language: Language, kind: CueKind, event: EventKind, gesture: str) -> None:
    utterances = written(language, cue(kind=kind, event=event, author="Léa"))
    assert utterances
    assert utterances[0].gesture == gesture
    assert {utterance.kind for utterance in utterances} == {kind}
    if kind == "disclosure":
        assert utterances[0].facts == (AI,)
        assert {"zh": "人工智能", "en": "AI", "fr": "IA"}[language] in utterances[0].text
    if kind == "welcome":
        assert "Léa" in utterances[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_offends_claims_or_counts(language: Language) -> None:
    for choice in texts(language).model_dump().values():
        for text in [choice] if isinstance(choice, str) else choice:
            assert not banned().find(text)
            assert not claims(language).find(text)
            assert unfounded(text, []) == []


def test_the_other_languages_keep_their_count_of_texts() -> None:
    assert texts("zh").model_fields_set == texts("en").model_fields_set == texts("fr").model_fields_set


def test_half_a_character_in_a_question_does_no_harm() -> None:
    found = finder("en").find("how \ud800 heavy is the cup?", "cup")
    assert found is not None
    assert found.id == "cup.weight"


def test_a_closed_writer_leaves_no_lane() -> None:
    before = set(threading.enumerate())
    writer = templates.make(WriterSettings(), "en", RealClock())
    cue = Cue("c", "filler", 0.0, 9e9)

    async def run() -> list[Utterance]:
        said = [said async for said in writer.write(cue, catalog("en"), None)]
        lanes.update(set(threading.enumerate()) - before)
        await writer.close()
        return said

    lanes: set[threading.Thread] = set()
    assert anyio.run(run)
    for lane in lanes:
        lane.join(60.0)
    assert lanes
    assert not [lane for lane in lanes if lane.is_alive()]


def test_a_question_without_end_is_read_as_far_as_a_comment_goes() -> None:
    text = ("how heavy is the cup? " * 20)[: retrieval.LONGEST_QUESTION]
    assert finder("en").rank(text + "and does it leak? " * 500, "cup") == finder("en").rank(text, "cup")
