"""Scripted shows: who has the floor, who may interrupt whom, what is repeated, and what counts as said."""

from __future__ import annotations

from itertools import pairwise
from string import ascii_lowercase

import pytest

from doublure.cue import CueKind
from doublure.errors import EngineError
from doublure.show.director import MOST_OPERATOR_LINES
from doublure.show.floor import QUIET_SECONDS
from doublure.show.production import CLAUSE_SECONDS
from tests.shows import Show

SLOTS = {"A": ["A1", "A2", "A3"], "B": ["B1", "B2", "B3"], "C": ["C1", "C2", "C3"]}
LETTERS = [*ascii_lowercase, *(f"a{letter}" for letter in ascii_lowercase)]
"""Labels without digits, because the truth gate refuses numbers that the catalogue does not hold."""
DISCLOSED = 4.0
"""Length of the first disclosure, seconds: two clauses."""


def long(name: str, count: int) -> str:
    """A line of many clauses."""
    return "|".join(f"{name} {LETTERS[number]}" for number in range(count))


# ---- cut -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["script", "operator", "answer", "welcome", "disclosure", "goodbye", "filler"]
)
@pytest.mark.parametrize("after", [0.1, 1.0, 3.0])
def test_after_a_cut_nothing_of_any_speech_is_heard(kind: CueKind, after: float) -> None:
    slots = {"A": [long("A", 9), "A2"]} if kind != "filler" else {}

    async def script(show: Show) -> None:
        if kind != "disclosure":
            await show.clock.advance(DISCLOSED + 0.5)
        if kind == "operator":
            show.order(show.director.say, long("operator", 30))
        if kind in ("answer", "welcome"):
            show.ask("c1", long("answer", 9), "comment" if kind == "answer" else "follow")
        if kind == "goodbye":
            show.order(show.director.wrap)
        await show.until_heard(kind)
        await show.clock.advance(after)
        await show.director.cut()
        at = show.clock.now()
        await show.clock.advance(20)
        begun = [time for time, what, _ in show.reader.log if what and time > at]
        assert not begun or begun[0] >= at + QUIET_SECONDS - 0.001
        again = [text for time, what, text in show.reader.log if what == kind and time > at]
        if kind in ("operator", "answer", "welcome", "goodbye"):
            assert again == []  # cut on purpose: not repeated
        if kind == "script":
            assert again[0] == "A2"
        if kind == "disclosure":
            assert again[:2] == ["I am", "an AI"]  # the law requires it whole

    Show(slots).run(script)


def test_a_cut_while_an_operators_line_is_being_made_stops_it_too() -> None:
    async def script(show: Show) -> None:
        show.voice.seconds["operator"] = 3.0
        await show.clock.advance(DISCLOSED + 1)
        show.order(show.director.say, "one")
        show.order(show.director.say, "two")
        await show.clock.advance(1)
        await show.director.cut()
        await show.clock.advance(20)
        assert show.heard("operator") == []

    Show(SLOTS).run(script)


def test_a_cut_stops_at_once_while_the_journal_hangs() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.journal.hangs_seconds = 1000.0
        show.order(show.director.cut)
        await show.clock.advance(0.08)
        assert show.reader.log[-1][1] == ""
        await show.clock.advance(30)
        assert show.heard(since=DISCLOSED + 1.1) == []  # nothing may air unrecorded

    Show(SLOTS).run(script)


# ---- the operator ------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [0.0, 0.5, 2.5])
def test_two_lines_of_the_operator_are_both_heard_in_their_order(apart: float) -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.order(show.director.say, long("first", 6))
        await show.clock.advance(apart)
        show.order(show.director.say, long("second", 2))
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert show.heard("operator") == [*long("first", 6).split("|"), *long("second", 2).split("|")]
    assert show.whole(*long("first", 6).split("|"), *long("second", 2).split("|"))


def test_a_line_goes_before_an_answer_that_is_heard_and_the_question_is_answered_again() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", long("answer", 4))
        await show.until_heard("answer")
        show.order(show.director.say, "operator")
        await show.clock.advance(40)

    show = Show(SLOTS).run(script)
    assert show.heard("operator") == ["operator"]
    assert ("c1", "waiting", "") in show.judge.fates
    assert show.judge.fates[-1][:2] == ("c1", "answered")
    assert show.whole(*long("answer", 4).split("|"))


def test_too_many_lines_are_refused_and_said_so() -> None:
    async def script(show: Show) -> None:
        show.voice.seconds["operator"] = 5.0
        await show.clock.advance(1)
        for number in range(MOST_OPERATOR_LINES + 3):
            show.order(show.director.say, f"line {number}")
        await show.clock.advance(100)

    show = Show(SLOTS).run(script)
    assert len(show.refused) == 3
    assert "wait" in show.refused[0]
    assert show.heard("operator") == [f"line {number}" for number in range(MOST_OPERATOR_LINES)]


# ---- answers -----------------------------------------------------------------------------------------


def test_the_next_answer_waits_until_the_last_was_heard() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", long("red", 7))
        show.ask("c2", long("blue", 2))
        await show.clock.advance(60)

    show = Show(SLOTS, gap_seconds=6.0).run(script)
    assert show.whole(*long("red", 7).split("|"))
    assert show.whole(*long("blue", 2).split("|"))
    assert [(id, fate) for id, fate, _ in show.judge.fates if fate != "answering"] == [
        ("c1", "answered"),
        ("c2", "answered"),
    ]
    begun = {text: at for at, _, text in show.reader.log}
    assert begun["blue a"] >= begun["red g"] + 2.0 + 6.0


def test_an_answer_counts_only_when_it_is_heard() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", long("answer", 3))
        await show.until_heard("answer")
        await show.clock.advance(1)
        assert show.judge.fates == [("c1", "answering", "")]
        await show.director.cut()
        assert show.judge.fates[-1] == ("c1", "cut", "")

    Show(SLOTS).run(script)


def test_a_script_that_made_way_is_said_again_from_its_start() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", "answer")
        await show.clock.advance(30)

    show = Show({"A": ["one|two|three", "four"]}).run(script)
    scripts = show.heard("script")
    assert scripts[:2] == ["one", "one"]
    assert show.whole("one", "two", "three", "four")


def test_an_answer_that_comes_too_late_is_not_said() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.order(show.director.say, long("operator", 30))
        await show.clock.advance(1)
        show.ask("c1", "late")
        await show.clock.advance(90)

    show = Show(SLOTS).run(script)
    assert show.heard("answer") == []
    assert show.judge.fates == [("c1", "expired", "")]


# ---- the disclosure ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["operator", "answer", "skip"])
@pytest.mark.parametrize("after", [0.1, 1.9, 2.1, 3.9])
def test_a_disclosure_is_never_interrupted(who: str, after: float) -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(after)
        if who == "operator":
            show.order(show.director.say, "operator")
        elif who == "answer":
            show.ask("c1", "answer")
        else:
            await show.director.skip()
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert show.whole("I am", "an AI")
    assert show.heard("disclosure") == ["I am", "an AI"]


def test_a_disclosure_that_failed_is_due_again_at_once() -> None:
    async def script(show: Show) -> None:
        show.voice.once = True
        show.voice.faults = {"an AI": EngineError("the voice is down")}
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert show.whole("I am", "an AI")
    assert show.reader.log[-1][0] > 20
    begun = [at for at, _, text in show.reader.log if text == "an AI"]
    assert begun[0] < 10


def test_the_disclosure_comes_again_after_its_time() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(1300)

    show = Show(SLOTS).run(script)
    begun = [at for at, kind, text in show.reader.log if text == "I am"]
    assert len(begun) == 3
    assert all(600 <= later - sooner < 615 for sooner, later in pairwise(begun))


def test_a_show_goes_on_when_no_disclosure_can_be_spoken() -> None:
    async def script(show: Show) -> None:
        show.voice.faults = {"I am": EngineError("unspeakable")}
        await show.clock.advance(30)
        assert any("unspeakable" in alarm for alarm in show.watchdog.alarms)

    show = Show(SLOTS).run(script)
    assert show.heard("disclosure") == []
    assert len(show.heard("script")) > 10


# ---- skip --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [step / 2 + 0.1 * (step % 3) for step in range(0, 13)])
def test_a_skip_at_any_moment_of_a_slot_leads_to_the_next_one(after: float) -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + after)
        slot = next((text[0] for text in reversed(show.heard("script"))), "A")
        at = show.clock.now()
        await show.director.skip()
        await show.clock.advance(12)
        later = show.heard("script", since=at + 0.001)
        following = {"A": "B1", "B": "C1", "C": "A1"}[slot]
        assert later[0] == following
        assert later[:3] == [following, following[0] + "2", following[0] + "3"]

    Show(SLOTS).run(script)


def test_two_skips_of_the_same_product_are_one() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        await show.director.skip("A")
        await show.director.skip("A")
        at = show.clock.now()
        await show.clock.advance(8)
        assert show.heard("script", since=at + 0.001)[0] == "B1"

    Show(SLOTS).run(script)


def test_two_skips_are_two_where_nobody_says_from_where() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        await show.director.skip()
        await show.director.skip()
        at = show.clock.now()
        await show.clock.advance(8)
        assert show.heard("script", since=at + 0.001)[0] == "C1"

    Show(SLOTS).run(script)


def test_a_skip_during_an_answer_lets_it_end() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", long("answer", 3))
        await show.until_heard("answer")
        await show.director.skip()
        at = show.clock.now()
        await show.clock.advance(20)
        assert show.heard("script", since=at)[0] == "B1"

    show = Show(SLOTS).run(script)
    assert show.whole(*long("answer", 3).split("|"))


# ---- wrap --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0.0, 0.3, 1.0, 2.0, 2.6, 4.0])
def test_a_wrap_discloses_and_says_goodbye_whole_whatever_is_under_way(after: float) -> None:
    async def script(show: Show) -> None:
        show.voice.seconds = {"answer": 2.5, "operator": 2.5}
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", "answer one|answer two|answer three/answer four")
        show.order(show.director.say, long("operator", 5))
        await show.clock.advance(after)
        await_end = show.clock.now() + 40
        show.order(show.director.wrap)
        await show.clock.advance(40)
        assert show.clock.now() == await_end

    show = Show(SLOTS).run(script)
    assert show.whole("I am", "an AI", "good", "bye")
    assert show.heard()[-4:] == ["I am", "an AI", "good", "bye"]


def test_a_wrap_lets_the_sentence_end() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.order(show.director.wrap)
        await show.clock.advance(30)

    show = Show({"A": ["one|two|three"]}).run(script)
    assert show.heard()[2:] == ["one", "two", "three", "I am", "an AI", "good", "bye"]


def test_a_line_after_the_wrap_is_refused_and_not_lost_in_silence() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.order(show.director.wrap)
        await show.clock.advance(1)
        show.order(show.director.say, "one more thing")
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert show.heard("operator") == []
    assert "ending" in show.refused[0]


def test_the_goodbye_is_tried_again_when_the_voice_fails_once() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 1)
        show.voice.once = True
        show.voice.faults = {"bye": EngineError("down"), "I am": EngineError("down")}
        show.order(show.director.wrap)
        await show.clock.advance(40)

    show = Show(SLOTS).run(script)
    assert show.whole("I am", "an AI", "good")
    assert "bye" in show.heard("goodbye")


# ---- faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [ValueError("broken"), EngineError("broken"), None], ids=["any", "ours", "hangs"]
)
def test_a_line_that_cannot_be_digested_is_dropped_and_shown(error: Exception | None) -> None:
    async def script(show: Show) -> None:
        show.voice.faults = {"A2": error}
        await show.clock.advance(60)
        assert any("A2" in alarm for alarm in show.watchdog.alarms)

    show = Show(SLOTS).run(script)
    heard = show.heard("script")
    assert heard[:4] == ["A1", "A3", "B1", "B2"]
    assert len(heard) > 8
    assert all(length < CLAUSE_SECONDS for _, length in show.silences(60.0))


def test_an_answer_that_cannot_be_made_leaves_the_show_alone() -> None:
    async def script(show: Show) -> None:
        show.voice.faults = {"broken": RuntimeError("no")}
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", "broken")
        show.ask("c2", "whole")
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert ("c2", "answered", "whole") in show.judge.fates
    assert show.silences(34.0) == []


def test_the_words_before_an_answer_are_no_answer() -> None:
    async def script(show: Show) -> None:
        show.voice.faults = {"broken": RuntimeError("no")}
        await show.clock.advance(DISCLOSED + 1)
        show.ask("c1", "broken")
        await show.clock.advance(30)

    show = Show(SLOTS).run(script)
    assert len(show.heard("answer")) == 1  # the opening was on air already
    assert show.judge.fates[-1] == ("c1", "expired", "")


def test_a_voice_that_always_fails_does_not_spin() -> None:
    async def script(show: Show) -> None:
        show.voice.faults = {"": EngineError("dead")}
        await show.clock.advance(60)
        assert len(show.journal.entries) < 200

    Show(SLOTS).run(script)


def test_a_full_disk_silences_the_host_keeps_the_line_and_says_so() -> None:
    async def script(show: Show) -> None:
        await show.clock.advance(DISCLOSED + 0.5)
        show.journal.fails = True
        await show.clock.advance(60)
        assert "nothing airs unrecorded" in show.director.production.silenced
        heard = show.heard("script")
        show.journal.fails = False
        await show.clock.advance(10)
        assert show.director.production.silenced == ""
        assert (
            show.heard("script")[: len(heard) + 2]
            == [f"{slot}{n}" for slot in "ABC" for n in "123"][: len(heard) + 2]
        )

    Show(SLOTS).run(script)
