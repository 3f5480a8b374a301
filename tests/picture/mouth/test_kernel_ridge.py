"""Regression with a Gaussian kernel against what it is to find."""

from __future__ import annotations

import numpy as np

from doublure.picture.mouth.kernel_ridge import DIRECTIONS, learn

RNG = np.random.default_rng(5)


def test_a_curve_is_found_from_noisy_examples_and_far_away_it_says_the_usual() -> None:
    given = RNG.uniform(-2, 2, size=(400, 3)).astype(np.float32)
    true = np.column_stack([np.sin(2 * given[:, 0]), given[:, 1] * given[:, 2]])
    (mouth,) = learn(given[:300], true[:300] + RNG.normal(0, 0.1, (300, 2)), np.ones(3, np.float32), (0.1,))
    assert np.abs(mouth(given[300:]) - true[300:]).mean() < 0.12
    np.testing.assert_allclose(mouth(np.full((1, 3), 60, np.float32))[0], mouth.usual, atol=1e-3)


def test_what_is_not_important_does_not_disturb_and_a_larger_ridge_says_less() -> None:
    given = RNG.normal(size=(300, 40)).astype(np.float32)
    true = given[:, :1].astype(np.float64)
    importance = np.full(40, 0.02, np.float32)
    importance[0] = 1
    found = learn(given[:200], true[:200], importance, (0.1, 10.0))
    plain = learn(given[:200], true[:200], np.ones(40, np.float32), (0.1,))[0]
    near, calm = (one(given[200:])[:, 0] for one in found)
    assert np.abs(near - true[200:, 0]).mean() < 0.2 < np.abs(plain(given[200:])[:, 0] - true[200:, 0]).mean()
    assert calm.std() < near.std()


def test_many_numbers_are_brought_to_few_directions() -> None:
    given = RNG.normal(size=(50, 2 * DIRECTIONS)).astype(np.float32)
    (mouth,) = learn(given, given[:, :4].astype(np.float64), np.ones(2 * DIRECTIONS, np.float32), (0.1,))
    assert mouth.known.shape == (50, DIRECTIONS)
    # with hardly a ridge the examples themselves are met
    (mouth,) = learn(given, given[:, :4].astype(np.float64), np.ones(2 * DIRECTIONS, np.float32), (1e-3,))
    np.testing.assert_allclose(mouth(given), given[:, :4], atol=0.02)
