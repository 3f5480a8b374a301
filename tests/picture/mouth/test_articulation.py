"""The generic network as numpy computes it; what was learnt, kept and read again; and that learning learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from doublure.enrol.learn_mouth import HEARD, READINGS, learn
from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Language, Pcm, Phone
from doublure.picture.mouth.acoustics import SIZE, hear
from doublure.picture.mouth.articulation import (
    MOVES,
    Articulation,
    Reading,
    generic_mouth,
    load,
    save,
    stillness,
    surroundings,
)
from doublure.picture.mouth.geometry import CONTROL, SHAPES, fit_shapes
from doublure.picture.mouth.kernel_ridge import learn as learn_ridge
from doublure.voice.engines.kokoro.voice import recite, shipped
from tests.clips import correlation
from training.convolutions import Convolutions

RNG = np.random.default_rng(11)


def articulation() -> Articulation:
    readings = []
    for share, (reach, sound, moves) in zip((0.5, 0.3, 0.2), READINGS, strict=True):
        size = (2 * reach + 1) * (HEARD * sound + MOVES * moves)
        examples = RNG.normal(size=(60, size)).astype(np.float32)
        mouths = RNG.normal(size=(60, SHAPES))
        (mouth,) = learn_ridge(examples, mouths, np.ones(size, np.float32), (0.1,))
        readings.append(Reading(reach, sound, moves, share, mouth))
    return Articulation(
        RNG.normal(size=SIZE).astype(np.float32),
        RNG.normal(scale=0.05, size=(SIZE, HEARD)).astype(np.float32),
        generic_mouth(),
        RNG.normal(size=SHAPES).astype(np.float32),
        tuple(readings),
    )


def kokoro_speech(text: str, language: Language) -> tuple[Pcm, tuple[Phone, ...]]:
    (speech,) = recite(text, language, shipped("zf_xiaobei"))
    return speech.pcm, speech.phones


def test_numpy_computes_what_torch_learnt() -> None:
    torch.manual_seed(1)
    net = Convolutions(HEARD, 96, MOVES, dropped_inputs=0.3, dropped=0.3).eval()
    given = RNG.normal(size=(120, HEARD)).astype(np.float32)
    with torch.no_grad():
        wanted = net.answers(net.inside(torch.tensor(given.T[None])))[0].numpy().T
    np.testing.assert_allclose(net.network().answers(given), wanted, atol=1e-4)


def test_a_reading_is_given_what_lies_around_each_picture() -> None:
    sound, moves = RNG.normal(size=(20, 3)).astype(np.float32), RNG.normal(size=(20, 2)).astype(np.float32)
    both = surroundings(sound, moves, 2, True, True)
    assert both.shape == (10, 25)
    # the picture's own vector lies in the middle, before the edge the first one is repeated
    np.testing.assert_array_equal(both[3, 10:15], [*sound[6], *moves[6]])
    np.testing.assert_array_equal(both[0, :5], both[0, 10:15])
    np.testing.assert_array_equal(surroundings(sound, moves, 1, False, True)[4], moves[7:10].ravel())


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    known = articulation()
    save(tmp_path / "a.npz", known)
    heard = RNG.normal(size=(50, SIZE)).astype(np.float32)
    kept = load(tmp_path / "a.npz")
    assert [(one.reach, one.sound, one.moves) for one in kept.readings] == list(READINGS)
    np.testing.assert_allclose(kept.mouth(heard), known.mouth(heard), atol=0.02)


def test_the_generic_mouth_shuts_for_p_and_opens_for_a() -> None:
    """Driven by Kokoro, whose phones' times are exact: pressed lips in p, b and m, an open jaw in a."""
    sound, said = kokoro_speech("把妈妈的胖宝宝抱出来吧，八百八", "zh")
    moves = generic_mouth().moves(hear(sound))[::2]
    jaw, pressed = moves[:, 0], moves[:, 3]
    middles: dict[str, list[int]] = {symbol: [] for symbol in ("shut", "open")}
    for phone in said:
        kind = "shut" if phone.symbol in ("p", "pʰ", "b", "m") else "open" if phone.symbol == "a" else ""
        if kind:
            middles[kind].append((phone.start + phone.end) // 2 // SAMPLES_PER_FRAME)
    assert len(middles["shut"]) >= 8
    assert pressed[middles["shut"]].mean() > pressed[middles["open"]].mean() + 1
    assert jaw[middles["open"]].mean() > jaw[middles["shut"]].mean() + 0.7


def test_the_mouth_settles_where_nothing_sounds_and_leaves_before_the_next_sound() -> None:
    def parts(*seconds: float) -> NDArray[np.float32]:
        """Sound and silence by turns."""
        return np.concatenate(
            [
                np.full(round(one * SAMPLE_RATE), 0.1 * (1 - n % 2), np.float32)
                for n, one in enumerate(seconds)
            ]
        )

    still = stillness(parts(0.4, 0.8, 0.4, 0.4))
    assert len(still) == 50
    assert not still[:12].any()
    assert (still[17:24] == 1).all()
    assert not still[27:42].any()
    assert (np.diff(still[10:17]) >= 0).all()
    assert np.abs(np.diff(still)).max() <= 0.25
    assert (still[46:] == 1).all()
    # inside words, and in the sound of a room, the mouth is the network's
    assert not stillness(parts(0.4, 0.2, 0.4)).any()
    assert not stillness(RNG.normal(0, 0.003, SAMPLE_RATE).astype(np.float32)).any()
    assert stillness(parts(0.0)).shape == (0,)


def test_nothing_heard_is_no_frames() -> None:
    assert articulation().rows(np.zeros(0, np.float32)).shape == (0, SHAPES)


def test_a_mouth_that_follows_the_sound_is_learnt_and_silence_rests() -> None:
    """The mouth opens with the loudness of a buzz: learnt from 20 s, it does so for another buzz."""
    basis = fit_shapes(RNG.normal(size=(60, len(CONTROL), 3)))

    def buzz(seconds: float, speed: float, pitch: float) -> tuple[Pcm, NDArray[np.float64]]:
        at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        swell = np.abs(np.sin(2 * np.pi * speed * at)) * (np.sin(2 * np.pi * 0.13 * at) > -0.6)
        sound = 0.2 * np.sign(np.sin(2 * np.pi * pitch * at)) * swell
        shapes = np.zeros((round(seconds * 25), SHAPES))
        shapes[:, 0] = 3 * swell.reshape(-1, 960).mean(axis=1) - 1
        return sound.astype(np.float32), shapes

    rest = np.zeros(SHAPES)
    rest[0] = -1
    told: list[tuple[int, int]] = []
    sound, shapes = buzz(20, 1.3, 140)
    known = learn(sound, shapes, basis, rest, lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1]
    assert sum(one.share for one in known.readings) == 1
    other, wanted = buzz(6, 1.0, 150)
    assert correlation(known.rows(other)[:, 0], wanted[:, 0]) > 0.85
    assert abs(known.rows(np.zeros(SAMPLE_RATE, np.float32))[:, 0].mean() + 1) < 0.35
