"""The networks as numpy computes them, kept and read again; and that learning them learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from clips import correlation
from doublure.acoustics import SIZE
from doublure.articulation import Articulation, load, save
from doublure.enrol.learning import INPUTS, QUICK, _Net, learn
from doublure.geometry import CONTROL, SHAPES, fit_shapes
from doublure.media import SAMPLE_RATE

RNG = np.random.default_rng(11)


def articulation() -> Articulation:
    torch.manual_seed(3)
    return Articulation(
        RNG.normal(size=SIZE).astype(np.float32),
        RNG.normal(scale=0.05, size=(SIZE, INPUTS)).astype(np.float32),
        RNG.normal(size=SHAPES).astype(np.float32),
        tuple(_Net().network() for _ in range(2)),
    )


def test_numpy_computes_what_torch_learnt() -> None:
    torch.manual_seed(1)
    net = _Net().eval()
    given = RNG.normal(size=(120, INPUTS)).astype(np.float32)
    with torch.no_grad():
        wanted = net(torch.tensor(given.T[None]))[0].numpy().T
    np.testing.assert_allclose(net.network().rows(given), wanted, atol=1e-4)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    known = articulation()
    save(tmp_path / "a.npz", known)
    heard = RNG.normal(size=(50, SIZE)).astype(np.float32)
    kept = load(tmp_path / "a.npz")
    assert len(kept.networks) == 2
    np.testing.assert_allclose(kept.mouth(heard), known.mouth(heard), atol=0.02)


def test_nothing_heard_is_no_frames() -> None:
    assert articulation().rows(np.zeros(0, np.float32)).shape == (0, SHAPES)


def test_a_mouth_that_follows_the_sound_is_learnt_and_silence_rests() -> None:
    """The mouth opens with the loudness of a buzz: learnt from 20 s, it does so for another buzz."""
    basis = fit_shapes(RNG.normal(size=(60, len(CONTROL), 3)))

    def buzz(seconds: float, speed: float, pitch: float) -> tuple[np.ndarray, np.ndarray]:
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
    known = learn(sound, shapes, basis, rest, QUICK, lambda *step: told.append(step))
    assert told[-1] == (QUICK.steps, QUICK.steps)
    other, wanted = buzz(6, 1.0, 150)
    assert correlation(known.rows(other)[:, 0], wanted[:, 0]) > 0.85
    assert abs(known.rows(np.zeros(SAMPLE_RATE, np.float32))[:, 0].mean() + 1) < 0.35
