from __future__ import annotations

import numpy as np
import pytest

from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Phone, Speech
from doublure.visemes import COLUMNS, EMPHASIS, SHAPE_OF, mouth_rows

OPENING, SPREAD, BITE, PRESS = range(4)


def said(*phones: str, seconds: float = 0.16) -> Speech:
    """Phones of equal length over a hum."""
    each = round(seconds * SAMPLE_RATE)
    pcm = (0.2 * np.sin(np.arange(each * len(phones)) * 0.05)).astype(np.float32)
    return Speech(pcm, phones=tuple(Phone(mark, n * each, (n + 1) * each) for n, mark in enumerate(phones)))


def during(speech: Speech, n: int) -> np.ndarray:
    """The rows of phone `n` without its edges."""
    phone = speech.phones[n]
    first, last = phone.start // SAMPLES_PER_FRAME + 1, phone.end // SAMPLES_PER_FRAME
    return mouth_rows(speech)[first:last]


@pytest.mark.parametrize("mark", list("pbm"))
@pytest.mark.parametrize("seconds", [0.03, 0.05, 0.08, 0.2])
def test_lips_close_on_p_b_m_however_short(mark: str, seconds: float) -> None:
    for before in range(0, 960, 120):
        each = round(seconds * SAMPLE_RATE)
        start = 4000 + before
        phones = (Phone("a", 0, start), Phone(mark, start, start + each), Phone("a", start + each, 12000))
        rows = mouth_rows(Speech(np.full(12000, 0.1, np.float32), phones=phones))
        middle = (start + each // 2) // SAMPLES_PER_FRAME
        assert rows[middle, OPENING] == 0
        assert rows[middle, PRESS] == 1
        assert rows[1, OPENING] > 0.7
        assert rows[-2, OPENING] > 0.7


@pytest.mark.parametrize("mark", list("fv"))
def test_teeth_meet_the_lip_on_f_and_v(mark: str) -> None:
    rows = during(said("a", mark, "a", seconds=0.09), 1)
    assert rows[:, BITE].max() == 1
    assert rows[rows[:, BITE].argmax(), OPENING] < 0.1


def test_vowels_have_their_shapes() -> None:
    a, i, u = (during(said("k", mark, "k"), 1).mean(axis=0) for mark in "aiu")
    assert a[OPENING] > 0.7
    assert i[OPENING] < 0.45
    assert i[SPREAD] > 0.7
    assert u[SPREAD] < -0.7


def test_neighbours_share_consonants_made_behind_the_lips() -> None:
    among_i, among_u = (during(said(vowel, "k", vowel, seconds=0.08), 1)[:, SPREAD].mean() for vowel in "iu")
    assert among_i > 0.3
    assert among_u < -0.3


def test_a_diphthong_moves() -> None:
    rows = during(said("k", "I", "k", seconds=0.3), 1)
    assert rows[1, OPENING] > 0.7
    assert rows[-2, OPENING] < 0.45


def test_a_pause_shuts_the_mouth() -> None:
    speech = said("a", "", "a", seconds=0.4)
    assert during(speech, 1)[2:-2, OPENING].max() < 0.05


def test_at_least_twelve_shapes_are_told_apart() -> None:
    marks = ["p", "f", "a", "ɛ", "e", "i", "ə", "ɔ", "o", "u", "y", "l", "s", "ʃ", "ɕ", "ʂ"]
    shapes = [during(said("k", mark, "k", seconds=0.25), 1)[2:-2, :5].mean(axis=0) for mark in marks]
    distance = np.array([[np.abs(one - other).sum() for other in shapes] for one in shapes])
    apart = distance + np.eye(len(shapes)) * 9
    assert apart.min() > 0.03
    assert len({tuple(np.round(shape, 1)) for shape in shapes}) >= 12


def test_the_phones_of_mandarin_are_known() -> None:
    for mark in "ʨꭧʂɕɤɨʈɻʦŋ":
        assert mark in SHAPE_OF
    # tones, stress and length marks say nothing about lips
    assert not set("↓→↗↘ˈˌːʰ") & set(SHAPE_OF)


def test_rows_are_as_many_as_frames_and_in_range() -> None:
    for samples in (0, 1, 959, 960, 961, 24000):
        for phones in ((), (Phone("a", 0, samples), Phone("?", samples, samples + 9999))):
            rows = mouth_rows(Speech(np.full(samples, 0.3, np.float32), phones=phones))
            assert rows.shape == (-(-samples // SAMPLES_PER_FRAME), COLUMNS)
            assert rows.dtype == np.float32
    rng = np.random.default_rng(5)
    marks = rng.choice([*SHAPE_OF, "", "X", "ˈ"], 300)
    rows = mouth_rows(said(*marks, seconds=0.05))
    assert np.isfinite(rows).all()
    assert rows[:, [OPENING, BITE, PRESS, 4, EMPHASIS]].min() >= 0
    assert rows.max() <= 1
    assert rows.min() >= -1
    assert (rows == mouth_rows(said(*marks, seconds=0.05))).all()


def test_without_phones_loudness_opens_the_mouth() -> None:
    tone = np.sin(np.arange(24000) * 0.05).astype(np.float32)
    envelope = np.repeat([0.0, 0.25, 0.0, 0.05], 6000).astype(np.float32)
    rows = mouth_rows(Speech(tone * envelope))
    silent, loud, again, soft = (rows[n : n + 4, OPENING].mean() for n in (1, 7, 14, 20))
    assert silent == again == 0
    assert loud > soft > 0.05
    assert loud > 0.5


def test_emphasis_stands_out_from_the_clause() -> None:
    tone = np.sin(np.arange(48000) * 0.05).astype(np.float32)
    tone[:20000] *= 0.1
    tone[20000:28000] *= 0.5
    tone[28000:] *= 0.1
    rows = mouth_rows(Speech(tone, phones=(Phone("a", 0, 48000),)))
    assert rows[24, EMPHASIS] > 0.5
    assert rows[5, EMPHASIS] == rows[45, EMPHASIS] == 0
    assert np.abs(np.diff(rows[:, EMPHASIS])).max() < 0.4
