"""The rendered host's mouth: what a phonetician would check by eye, held by numbers."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import anyio
import numpy as np
import pytest

from actor.articulation import DEMANDS
from actor.mouth import (
    BITE,
    CONTROLS,
    JAW,
    LOWER,
    OUT,
    PRESS,
    ROUND,
    SMILE,
    TIP,
    UPPER,
    WIDE,
    Controls,
    Style,
    controls,
)
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Language, Pcm, Phone, Speech
from doublure.voice.engines.kokoro.voice import make
from doublure.voice.phones.symbols import known_symbols
from doublure.voice.settings import VoiceSettings

EVEN = Style(variation=0.0)
LEAD = SAMPLE_RATE // 2
"""Samples of silence before the first phone of `said`."""


def said(marks: str, seconds: float = 0.1, lead: int = LEAD) -> tuple[Phone, ...]:
    """Phones of equal length; "_" is a pause."""
    each = round(seconds * SAMPLE_RATE)
    return tuple(
        Phone(mark.strip("_"), lead + n * each, lead + (n + 1) * each) for n, mark in enumerate(marks)
    )


def hum(phones: tuple[Phone, ...], level: float = 0.2) -> Pcm:
    """A tone where there are phones, and half a second more of silence."""
    pcm = np.zeros(phones[-1].end + LEAD, np.float32)
    for phone in phones:
        if phone.symbol:
            pcm[phone.start : phone.end] = level * np.sin(np.arange(phone.end - phone.start) * 0.05)
    return pcm


def shown(phones: tuple[Phone, ...], style: Style = EVEN, seed: int = 1) -> Controls:
    pcm = hum(phones)
    return controls(phones, pcm, -(-len(pcm) // SAMPLES_PER_FRAME) + FPS // 2, seed=seed, style=style)


def middle(phone: Phone) -> int:
    """The frame that is nearest to the middle of a phone."""
    return (phone.start + phone.end) // 2 // SAMPLES_PER_FRAME


def during(rows: Controls, phone: Phone) -> Controls:
    """Frames whose middle lies in a phone."""
    frames = (np.arange(len(rows)) + 0.5) * SAMPLES_PER_FRAME
    return rows[(frames >= phone.start) & (frames < phone.end)]


@pytest.mark.parametrize("mark", list("pbm"))
@pytest.mark.parametrize("around", ["a", "i", "u", "ɛ"])
@pytest.mark.parametrize("seconds", [0.025, 0.05, 0.1, 0.2])
def test_lips_shut_on_p_b_m_and_part_beside_them(mark: str, around: str, seconds: float) -> None:
    for late in range(0, SAMPLES_PER_FRAME, 160):
        start, each = LEAD + 3600 + late, round(seconds * SAMPLE_RATE)
        before = Phone(around, LEAD + late, start)
        closure = Phone(mark, start, start + each)
        after = Phone(around, start + each, start + each + 3600)
        rows = shown((before, closure, after))
        assert rows[middle(closure), PRESS] >= 0.95
        assert rows[middle(closure), JAW] <= 0.12
        assert rows[middle(closure), UPPER] < 0.02
        for vowel in (before, after):
            assert during(rows, vowel)[:, PRESS].min() == 0
            assert during(rows, vowel)[:, JAW].max() > (0.45 if around == "a" else 0.1)


@pytest.mark.parametrize("mark", list("fv"))
@pytest.mark.parametrize("seconds", [0.025, 0.05, 0.12])
def test_teeth_stand_on_the_lip_in_f_and_v(mark: str, seconds: float) -> None:
    for vowel in "aiu":
        for late in range(0, SAMPLES_PER_FRAME, 160):
            start, each = LEAD + 3600 + late, round(seconds * SAMPLE_RATE)
            bite = Phone(mark, start, start + each)
            rows = shown(
                (Phone(vowel, LEAD, start), bite, Phone(vowel, start + each, start + each + 3600)),
            )
            assert rows[middle(bite), BITE] >= 0.8
            assert rows[middle(bite), JAW] <= 0.2
            assert rows[middle(bite), [PRESS, LOWER]].max() < 0.1
            assert rows[:, PRESS].max() == 0


@pytest.mark.parametrize(
    ("mark", "control", "low", "high"),
    [
        ("a", JAW, 0.6, 0.75),
        ("ɛ", JAW, 0.35, 0.5),
        ("i", JAW, 0.1, 0.25),
        ("u", JAW, 0.1, 0.25),
        ("i", WIDE, 0.6, 1.0),
        ("u", WIDE, -1.0, -0.6),
        ("y", ROUND, 0.75, 1.0),
        ("w", ROUND, 0.8, 1.0),
        ("ʃ", ROUND, 0.4, 0.75),
        ("a", ROUND, 0.0, 0.1),
        ("s", UPPER, 0.25, 0.5),
        ("s", JAW, 0.0, 0.15),
        ("θ", OUT, 0.8, 1.0),
        ("l", TIP, 0.8, 1.0),
        ("k", CONTROLS.index("tongue_back"), 0.8, 1.0),
    ],
)
def test_each_phone_has_its_look(mark: str, control: int, low: float, high: float) -> None:
    phones = said(f"ə{mark}ə", 0.2)
    assert low <= shown(phones)[middle(phones[1]), control] <= high


def test_rounding_is_ahead_of_its_vowel_over_what_does_not_mind() -> None:
    stroop, street = said("stɹup", 0.06), said("stlip", 0.06)
    rounded, plain = shown(stroop), shown(street)
    ahead = stroop[3].start // SAMPLES_PER_FRAME - 3  # 100 to 140 ms before /u/
    assert rounded[ahead, ROUND] > 0.3
    assert plain[ahead, ROUND] < 0.1
    tree, read = shown(said("aʂu", 0.12)), shown(said("aʂa", 0.12))
    hush = middle(said("aʂu", 0.12)[1])
    assert tree[hush, ROUND] > read[hush, ROUND] + 0.3


def test_rounding_does_not_cross_a_spread_vowel() -> None:
    phones = said("tituti", 0.1)
    rows = shown(phones)
    assert rows[middle(phones[1]), ROUND] < 0.2
    assert rows[middle(phones[3]), ROUND] > 0.75


def test_k_takes_the_lips_of_its_neighbours() -> None:
    among = {vowel: shown(said(f"{vowel}k{vowel}"))[middle(said("aka")[1])] for vowel in "iua"}
    assert among["i"][WIDE] > 0.4
    assert among["u"][WIDE] < -0.5
    assert among["a"][JAW] > 0.45


@pytest.mark.parametrize(
    ("mark", "control", "falls"),
    [("A", JAW, True), ("I", JAW, True), ("W", ROUND, False), ("Y", ROUND, True), ("O", ROUND, False)],
)
def test_diphthongs_move(mark: str, control: int, falls: bool) -> None:
    phones = said(f"k{mark}k", 0.28)
    rows = during(shown(phones), phones[1])
    assert (rows[1, control] > rows[-2, control] + 0.1) == falls
    assert abs(rows[1, control] - rows[-2, control]) > 0.1


def test_silence_is_exactly_at_rest() -> None:
    phones = said("__mama___________mama", 0.1)
    rows = shown(phones)
    rest = np.zeros(len(CONTROLS), np.float32)
    rest[SMILE] = EVEN.smile_rest
    first, last = said("__m")[2].start / SAMPLES_PER_FRAME, phones[-1].end / SAMPLES_PER_FRAME
    speechless = np.delete(rows, SMILE, axis=1)
    assert (speechless[: int(first) - 5] == 0).all()
    assert (speechless[int(last) + 8 :] == 0).all()
    pause = slice(phones[5].end // SAMPLES_PER_FRAME + 8, phones[17].start // SAMPLES_PER_FRAME - 5)
    assert (speechless[pause] == 0).all()
    assert pause.stop - pause.start > 10
    assert (rows[:5] == rest).all()
    assert (rows[-3:] == rest).all()
    assert (controls((), np.zeros(960, np.float32), 7, seed=1, style=EVEN) == rest).all()


def test_lips_part_before_speech_and_close_softly_after_it() -> None:
    phones = said("hala", 0.12)
    rows = shown(phones)
    first, last = phones[0].start // SAMPLES_PER_FRAME, phones[-1].end // SAMPLES_PER_FRAME
    assert rows[first - 2, JAW] > 0.05
    assert rows[first - 5, JAW] == 0
    closing = rows[last : last + 8, JAW]
    assert closing[0] > 0.2
    assert (np.diff(closing) <= 0).all()
    assert closing[-1] == 0


@pytest.mark.parametrize(("pause", "low", "high"), [(0.12, 0.1, 0.5), (0.25, 0.05, 0.4), (0.36, 0.0, 0.03)])
def test_a_pause_relaxes_the_mouth_and_a_long_one_shuts_it(pause: float, low: float, high: float) -> None:
    first = said("ta", 0.15)
    gap = round(pause * SAMPLE_RATE)
    rows = shown((*first, *said("ta", 0.15, first[-1].end + gap)))
    inside = during(rows, Phone("", first[-1].end, first[-1].end + gap))
    assert low <= inside[:, JAW].min() <= high


@pytest.mark.parametrize("seconds", [0.02, 0.03, 0.04])
def test_fast_speech_does_not_make_the_jaw_jitter(seconds: float) -> None:
    rows = shown(said("takataɡadatiketalasaka" * 2, seconds))
    jaw = rows[LEAD // SAMPLES_PER_FRAME :, JAW]
    speed, change = np.abs(np.diff(jaw)), np.abs(np.diff(jaw, n=2))
    assert speed.max() < 0.25
    assert change.max() < 0.15
    turns = np.count_nonzero(np.diff(np.sign(np.diff(jaw))) != 0)
    assert turns / (len(jaw) / FPS) < 12  # six cycles a second are the most a jaw makes


def test_movement_is_smooth_in_long_speech() -> None:
    marks = np.random.default_rng(7).choice([mark for mark in DEMANDS if mark not in "pbmfvʋ"], 300)
    rows = shown(said("".join(marks), 0.07))
    for control in (JAW, WIDE, ROUND, UPPER, LOWER):
        speed, change = np.diff(rows[:, control]), np.diff(rows[:, control], n=2)
        assert np.sqrt(np.mean(change**2)) < 1.1 * np.sqrt(np.mean(speed**2))
        assert np.abs(speed).max() < 0.45


def test_loud_vowels_open_wider() -> None:
    phones = said("tatatata", 0.15)
    pcm = hum(phones)
    pcm[phones[5].start : phones[5].end] *= 3
    rows = controls(phones, pcm, 40, seed=1, style=EVEN)
    assert rows[middle(phones[5]), JAW] > rows[middle(phones[3]), JAW] + 0.05


def test_habits_of_a_presenter_show() -> None:
    phones = said("tatitutafa", 0.12)
    usual, emphatic = shown(phones), shown(phones, replace(EVEN, strength=1.3))
    lips = shown(phones, replace(EVEN, jaw_share=0.7))
    smiling = shown(phones, replace(EVEN, smile_talk=0.6))
    assert emphatic[:, JAW].max() > usual[:, JAW].max() * 1.15
    assert lips[:, JAW].max() < usual[:, JAW].max()
    assert lips[:, LOWER].max() > usual[:, LOWER].max()
    assert smiling[:, SMILE].max() > usual[:, SMILE].max() + 0.2


def test_the_seed_alone_makes_the_difference() -> None:
    phones = said("tatitutapama", 0.1)
    one, again, other = (shown(phones, Style(), seed) for seed in (4, 4, 5))
    assert (one == again).all()
    assert 0.005 < np.abs(one - other)[:, JAW].max() < 0.15


def test_rows_are_bounded_and_as_many_as_frames() -> None:
    random = np.random.default_rng(3)
    for style in (Style(), Style(strength=2.0, jaw_share=1.3, rounding=1.5, smile_talk=1.0, variation=3.0)):
        phones = said("".join(random.choice(["_", *DEMANDS], 200)), 0.045, lead=300)
        for frames in (0, 1, 50, 300):
            rows = controls(phones, hum(phones), frames, seed=2, style=style)
            assert rows.shape == (frames, len(CONTROLS))
            assert rows.dtype == np.float32
            assert np.isfinite(rows).all()
            assert np.delete(rows, WIDE, axis=1).min(initial=0) >= 0
            assert rows.min(initial=0) >= -1
            assert rows.max(initial=0) <= 1


def test_every_phone_that_the_product_knows_has_a_mouth() -> None:
    letters = {mark for mark in known_symbols() if unicodedata.category(mark) in ("Ll", "Lu", "Lo")}
    assert len(letters) > 80
    assert letters <= set(DEMANDS)
    assert all(len(mark) == 1 for mark in DEMANDS)


@pytest.mark.parametrize("mark", ["ʘ", "ˈ", "X"])
def test_an_unknown_phone_is_named(mark: str) -> None:
    with pytest.raises(ValueError, match=f"phone '{mark}' at sample 2400"):
        shown((Phone("a", 0, 2400), Phone(mark, 2400, 4800)))


def test_a_closure_is_found_where_it_is_heard() -> None:
    noise = (0.2 * np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE)).astype(np.float32)
    closure = Phone("p", 24000, 26400)
    noise[23000:24300] *= 0.01
    phones = (Phone("a", 12000, 24000), closure, Phone("a", 26400, 36000))
    rows = controls(phones, noise, 50, seed=1, style=EVEN)
    assert rows[23650 // SAMPLES_PER_FRAME, PRESS] >= 0.95
    assert rows[middle(closure) + 1, PRESS] < 0.05


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("妈妈买的面膜很便宜", "zh"),
        ("My family has five very simple maps", "en"),
        ("Ma femme a vu papa", "fr"),
    ],
)
def test_every_contact_of_a_real_voice_is_seen(text: str, language: Language) -> None:
    async def speak() -> list[Speech]:
        return [speech async for speech in make(VoiceSettings(), language).speak(text, language)]

    [speech] = anyio.run(speak)
    rows = controls(
        speech.phones, speech.pcm, -(-len(speech.pcm) // SAMPLES_PER_FRAME) + 9, seed=1, style=Style()
    )
    contacts = [phone for phone in speech.phones if phone.symbol and phone.symbol in "pbmfv"]
    assert len(contacts) > 3
    for phone in contacts:
        near = rows[max(0, middle(phone) - 1) : middle(phone) + 2]
        control, least = (PRESS, 0.95) if phone.symbol in "pbm" else (BITE, 0.8)
        assert near[:, control].max() >= least, phone
        assert near[near[:, control].argmax(), JAW] <= 0.2
    assert rows[:, JAW].max() > 0.4
