from dataclasses import replace

import anyio
import numpy as np
import pytest

from doublure.air.playhead import (
    CLAUSES_AHEAD,
    DYING_AWAY,
    FADE_SAMPLES,
    STOPPABLE,
    STOPPED_PAUSE,
    Making,
    Part,
    Playhead,
    Step,
)
from doublure.cue import Clause, CueKind, Utterance
from doublure.media import SAMPLES_PER_FRAME, Phone, Speech, Word


def part(sentence: str, frames: float, *, last: bool = True, level: float = 0.5) -> Part:
    samples = round(frames * SAMPLES_PER_FRAME)
    utterance = Utterance(sentence, f"cue-{sentence}", "script", sentence, "en")
    speech = Speech(np.full(samples, level, np.float32), text=sentence, last=last)
    return Part(Clause(utterance, speech), np.arange(np.ceil(frames), dtype=np.float32)[:, None])


def filled(*parts: Part) -> Playhead:
    playhead = Playhead()

    async def fill() -> None:
        for one in parts:
            await playhead.offer(one)

    anyio.run(fill)
    return playhead


def test_silence_when_nothing_waits() -> None:
    step = Playhead().step()
    assert step.clause is None
    assert step.mouth is None
    assert step.pcm.shape == (SAMPLES_PER_FRAME,)
    assert not step.pcm.any()


def test_clauses_join_without_a_lost_or_doubled_sample() -> None:
    playhead = filled(part("a", 1.5, level=0.25), part("b", 2.25, level=0.75))
    sound = np.concatenate([playhead.step().pcm for _ in range(4)])
    expected = np.concatenate([np.full(1440, 0.25), np.full(2160, 0.75), np.zeros(240)])
    np.testing.assert_allclose(sound, expected)
    assert playhead.idle


def test_the_mouth_row_follows_the_samples() -> None:
    playhead = filled(part("a", 3))
    rows = [playhead.step().mouth for _ in range(3)]
    assert [float(row[0]) for row in rows if row is not None] == [0.0, 1.0, 2.0]


def test_an_empty_clause_is_passed_over() -> None:
    playhead = filled(part("a", 0), part("b", 1))
    clause = playhead.step().clause
    assert clause is not None
    assert clause.utterance.id == "b"


def test_a_cut_fades_and_returns_what_was_not_heard() -> None:
    playhead = filled(part("a", 10), part("b", 10))
    playhead.step()
    dropped = playhead.cut()
    assert [clause.utterance.id for clause in dropped] == ["a", "b"]
    fade = playhead.step()
    assert fade.clause is None
    assert 0.49 < fade.pcm[0] <= 0.5
    assert np.all(np.diff(fade.pcm[:FADE_SAMPLES]) < 0)
    assert not fade.pcm[FADE_SAMPLES:].any()
    assert playhead.idle


def test_making_way_keeps_a_sentence_that_ends_soon() -> None:
    playhead = filled(part("a", 10, last=False), part("a", 10), part("b", 10))
    playhead.step()
    dropped = playhead.stop_within(Making(STOPPABLE, 1.0))
    assert [clause.utterance.id for clause in dropped] == ["b"]
    assert playhead.waiting == 1


def test_making_way_stops_a_long_sentence_at_its_clause() -> None:
    playhead = filled(part("a", 10, last=False), part("a", 100), part("b", 10))
    playhead.step()
    dropped = playhead.stop_within(Making(STOPPABLE, 1.0))
    assert [clause.utterance.id for clause in dropped] == ["a", "b"]
    assert playhead.waiting == 0
    assert playhead.current is not None


def test_a_sentence_whose_end_is_not_there_yet_is_not_waited_for() -> None:
    playhead = filled(part("a", 10, last=False), part("a", 2, last=False))
    playhead.step()
    assert len(playhead.stop_within(Making(STOPPABLE, 5.0))) == 1


def long_clause(kind: CueKind, frames: int = 100) -> Playhead:
    """A playhead within a clause of half-second words, each with a pause at its end. Another sentence waits
    after the clause."""
    one, other = part("a", frames), part("b", 10)
    samples = len(one.clause.speech.pcm)
    words = tuple(Word("word", at, at + 12_000) for at in range(0, samples, 12_000))
    pauses = tuple(Phone("", word.end - 2_400, word.end) for word in words)
    clause = replace(
        one.clause,
        utterance=replace(one.clause.utterance, kind=kind),
        speech=replace(one.clause.speech, words=words, phones=pauses),
    )
    playhead = filled(replace(one, clause=clause), other)
    playhead.step()
    return playhead


def heard_frames(playhead: Playhead) -> list[Step]:
    steps = []
    while not playhead.idle:
        steps.append(playhead.step())
    return steps


@pytest.mark.parametrize("kind", ["script", "filler"])
def test_a_long_clause_of_the_programme_stops_at_a_pause(kind: CueKind) -> None:
    playhead = long_clause(kind)
    dropped = playhead.stop_within(Making(STOPPABLE, 1.2, 1.0))
    assert [clause.utterance.id for clause in dropped] == ["a", "b"]
    assert len(dropped[0].speech.pcm) == 100 * SAMPLES_PER_FRAME
    sound = np.concatenate([step.pcm for step in heard_frames(playhead)])
    # the first frame was heard before; the first word fades out at half a second, and a pause follows
    end = 12_000 - SAMPLES_PER_FRAME
    assert np.all(sound[: end - FADE_SAMPLES] == 0.5)
    assert np.all(np.diff(sound[end - FADE_SAMPLES : end]) < 0)
    assert not sound[end:].any()
    assert len(sound) >= end + STOPPED_PAUSE


def test_what_stops_has_not_been_heard_to_its_end() -> None:
    playhead = long_clause("script")
    playhead.stop_within(Making(STOPPABLE, 1.2, 1.0))
    steps = heard_frames(playhead)
    assert steps[0].clause is not None
    assert not steps[0].clause.speech.last
    assert all(step.mouth is not None for step in steps if step.clause is not None)


@pytest.mark.parametrize("kind", ["disclosure", "goodbye", "operator", "answer", "welcome"])
def test_a_disclosure_and_what_is_not_said_again_are_heard_out(kind: CueKind) -> None:
    playhead = long_clause(kind)
    dropped = playhead.stop_within(Making(STOPPABLE, 1.2, 1.0))
    assert [clause.utterance.id for clause in dropped] == ["b"]
    assert len(heard_frames(playhead)) == 99


def test_a_clause_that_ends_soon_is_heard_out() -> None:
    playhead = long_clause("script", frames=24)
    assert len(playhead.stop_within(Making(STOPPABLE, 1.2, 1.0))) == 1
    assert len(heard_frames(playhead)) == 23


def sentence_with_pause(name: str, *, last: bool = True) -> Part:
    """One second of sound, then half a second of pause with a faint sound in it."""
    one = part(name, 37.5, last=last)
    pcm = np.concatenate([np.full(24_000, 0.5, np.float32), np.full(12_000, 0.01, np.float32)])
    phones = (Phone("a", 0, 24_000), Phone("", 24_000, 36_000))
    speech = replace(one.clause.speech, pcm=pcm, phones=phones)
    return replace(one, clause=replace(one.clause, speech=speech))


@pytest.mark.parametrize("kind", ["script", "disclosure"])
def test_nobody_waits_for_the_pause_behind_what_ends(kind: CueKind) -> None:
    spoken = sentence_with_pause("a")
    utterance = replace(spoken.clause.utterance, kind=kind)
    playhead = filled(replace(spoken, clause=replace(spoken.clause, utterance=utterance)), part("b", 10))
    first = playhead.step()
    assert [clause.utterance.id for clause in playhead.stop_within(Making(STOPPABLE, 0.0))] == ["b"]
    steps = [first, *heard_frames(playhead)]
    sound = np.concatenate([step.pcm for step in steps])
    assert np.all(sound[:24_000] == 0.5)
    assert len(steps) == -(-(24_000 + STOPPED_PAUSE) // SAMPLES_PER_FRAME)
    assert not sound[24_000 + DYING_AWAY + FADE_SAMPLES :].any()
    assert all(step.clause.speech.last for step in steps if step.clause is not None)
    assert len(spoken.clause.speech.pcm) == 36_000
    assert np.all(spoken.clause.speech.pcm[24_000:] == np.float32(0.01))


def test_what_was_already_silent_ends_at_once() -> None:
    playhead = filled(sentence_with_pause("a"), part("b", 10))
    for _ in range(30):
        playhead.step()
    playhead.stop_within(Making(STOPPABLE, 0.0))
    assert len(heard_frames(playhead)) <= 1


def test_a_sentence_that_is_heard_out_loses_only_its_last_pause() -> None:
    playhead = filled(sentence_with_pause("a", last=False), sentence_with_pause("a"), part("b", 10))
    playhead.step()
    assert len(playhead.stop_within(Making(STOPPABLE, 5.0))) == 1
    assert len(heard_frames(playhead)) == -(-(36_000 + 24_000 + STOPPED_PAUSE) // SAMPLES_PER_FRAME) - 1


def test_offering_waits_when_enough_clauses_wait() -> None:
    async def check() -> None:
        playhead = Playhead()
        for _ in range(CLAUSES_AHEAD):
            await playhead.offer(part("a", 1))
        with anyio.move_on_after(0.05) as scope:
            await playhead.offer(part("b", 1))
        assert scope.cancelled_caught
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(playhead.offer, part("b", 1))
            await anyio.sleep(0.01)
            playhead.step()
        assert playhead.waiting == CLAUSES_AHEAD

    anyio.run(check)
