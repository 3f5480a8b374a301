from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from prometheus_client import REGISTRY

from doublure.clock import RealClock
from doublure.conversation.answer import asked_colleagues, write
from doublure.conversation.engine import Writer
from doublure.conversation.moderation import banned
from doublure.conversation.settings import WriterSettings
from doublure.conversation.writers import templates
from doublure.cue import Comment, Cue, CueKind, Utterance
from doublure.errors import EngineError
from doublure.shop.catalog import Catalog, Product, load_catalog

DEMO = Path(__file__).resolve().parents[2] / "demo"


@dataclass
class Improviser:
    """A third party's writer: says what it is told to, then fails where it is told to."""

    texts: tuple[str, ...]
    fails: bool = False
    name: str = "improviser"

    async def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        for number, text in enumerate(self.texts):
            yield Utterance(
                f"{cue.id}.i{number}", cue.id, cue.kind, text, catalog.language, facts=("cup.name",)
            )
        if self.fails:
            raise EngineError("out of words")


@pytest.fixture(scope="module")
def english() -> Catalog:
    return load_catalog(DEMO / "en" / "catalog.yaml")


def cue(kind: CueKind, text: str = "", asks: str = "", product: str = "cup") -> Cue:
    comment = Comment("c-1", "test", "Maya", asks, 0.0) if asks else None
    return Cue("cue-1", kind, 0.0, 9e9, text, comment, product, "present" if text else "")


def written(one: Cue, writer: Writer, catalog: Catalog) -> list[Utterance]:
    async def run() -> list[Utterance]:
        return [utterance async for utterance in write(one, writer, catalog)]

    return anyio.run(run)


def faults() -> float:
    return REGISTRY.get_sample_value("doublure_stage_faults_total", {"stage": "write"}) or 0.0


def test_a_script_line_passes_as_it_is(english: Catalog) -> None:
    text = "Push here, and the lid flips open. Only $1!"
    (utterance,) = written(cue("script", text), Improviser(()), english)
    assert (utterance.text, utterance.kind, utterance.gesture, utterance.product) == (
        text,
        "script",
        "present",
        "cup",
    )
    assert utterance.language == "en"


def test_the_operators_line_is_said_sentence_by_sentence(english: Catalog) -> None:
    utterances = written(
        cue("operator", "Welcome back! It's $24.90. Any questions?"), Improviser(()), english
    )
    assert [utterance.text for utterance in utterances] == ["Welcome back!", "It's $24.90.", "Any questions?"]
    assert len({utterance.id for utterance in utterances}) == 3


def test_a_true_answer_of_the_writer_is_spoken(english: Catalog) -> None:
    writer = Improviser(("Sure thing.", "It holds 500 millilitres."))
    utterances = written(cue("answer", asks="how much does it hold?"), writer, english)
    assert [utterance.text for utterance in utterances] == list(writer.texts)


@pytest.mark.parametrize(
    "text",
    [
        "It's only $19.99 today.",
        "It keeps hot for 24 hours.",
        "It keeps hot for twenty-four hours.",
        "It's the best cup there is.",
        "It's fucking great.",
        "That's 50 % off.",
    ],
)
def test_an_untrue_sentence_is_not_spoken_and_the_templates_answer(english: Catalog, text: str) -> None:
    before = faults()
    utterances = written(
        cue("answer", asks="how long does it keep things hot?"), Improviser((text,)), english
    )
    assert text not in [utterance.text for utterance in utterances]
    assert "still above 60 after 6 hours" in utterances[-1].text
    assert faults() == before + 1


def test_after_a_true_sentence_an_untrue_one_ends_the_answer(english: Catalog) -> None:
    before = faults()
    utterances = written(
        cue("answer", asks="is it heavy?"), Improviser(("It's light.", "Just 99 grams.", "Nice.")), english
    )
    assert [utterance.text for utterance in utterances] == ["It's light."]
    assert faults() == before + 1


def test_a_writer_that_fails_or_is_silent_is_replaced(english: Catalog) -> None:
    for writer in (Improviser((), fails=True), Improviser(())):
        utterances = written(cue("answer", asks="is it heavy?"), writer, english)
        assert "260 grams" in utterances[-1].text


def test_a_writer_that_fails_in_mid_answer_is_not_repeated(english: Catalog) -> None:
    utterances = written(
        cue("answer", asks="is it heavy?"), Improviser(("It's light.",), fails=True), english
    )
    assert [utterance.text for utterance in utterances] == ["It's light."]


@pytest.mark.parametrize("kind", ["disclosure", "goodbye", "welcome", "filler"])
def test_what_must_be_said_is_never_improvised(english: Catalog, kind: CueKind) -> None:
    utterances = written(cue(kind), Improviser(("I am a real person.",)), english)
    assert utterances
    assert "real person" not in utterances[0].text


def test_are_you_real_is_never_improvised(english: Catalog) -> None:
    utterances = written(
        cue("answer", asks="are you a real person?"), Improviser(("Yes, I am real.",)), english
    )
    assert "AI" in utterances[0].text


def test_the_rooms_own_banned_words_are_not_said_in_answers(english: Catalog, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("competitorx\n")

    async def run() -> list[str]:
        one = cue("answer", asks="is it heavy?")
        own = banned(tmp_path / "own.txt")
        return [said.text async for said in write(one, Improviser(("It beats CompetitorX.",)), english, own)]

    texts = anyio.run(run)
    assert not [text for text in texts if "competitorx" in text.casefold()]
    assert "260 grams" in texts[-1]


def test_the_question_that_asked_colleagues(english: Catalog) -> None:
    utterances = written(
        cue("answer", asks="do you do trade-ins?"),
        templates.make(WriterSettings(), "en", RealClock()),
        english,
    )
    assert utterances
    assert all(asked_colleagues(utterance) for utterance in utterances)
    assert not asked_colleagues(written(cue("filler"), Improviser(()), english)[0])


def test_leaving_in_mid_answer_closes_the_writer(english: Catalog) -> None:
    closed: list[bool] = []

    class Watched(Improviser):
        async def write(
            self, cue: Cue, catalog: Catalog, product: Product | None
        ) -> AsyncIterator[Utterance]:
            try:
                async for utterance in Improviser.write(self, cue, catalog, product):
                    yield utterance
            finally:
                closed.append(True)

    async def run() -> None:
        stream = write(cue("answer", asks="is it heavy?"), Watched(("One.", "Two.")), english)
        async for _ in stream:
            break
        await stream.aclose()

    anyio.run(run)
    assert closed == [True]
