"""Voice prints: speaker embeddings, and how alike two of them are.

The network is Resemblyzer's (Apache-2.0; Wan et al. 2018, generalised end-to-end loss): three LSTM layers
that map 1.6 s of a mel spectrum to 256 numbers. The cosine of two prints tells whether both are of one
speaker. `speaker.npz` holds the weights (made by `training.speaker_weights`). The speech detector is our own,
so the threshold was set anew on recordings of people.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from doublure.enrol.footage import WINDOW, speech_windows
from doublure.media import Pcm
from doublure.picture.mouth.acoustics import filters, hann, resampled

BANDS, SIZE, LAYERS = 40, 256, 3
PIECE, STEP = 160, 77
"""Mel frames of 10 ms per piece of the network's input, and from one piece to the next."""
LEAST = 0.75
"""The last piece counts if at least this share of it holds sound."""
LEVEL = 10 ** (-30 / 20)
"""RMS that speech is scaled to, full scale 1: -30 dB, as in training."""

Print = NDArray[np.float32]
"""[SIZE], of length 1, without negative numbers."""


def spoken(pcm: Pcm) -> Pcm:
    """The speech in a sound (24 kHz), with longer silence cut out."""
    windows = speech_windows(pcm)
    return np.ascontiguousarray(pcm[: len(windows) * WINDOW].reshape(-1, WINDOW)[windows].reshape(-1))


def voice_print(speech: Pcm) -> Print:
    """The print of speech (24 kHz) without long silence: 1.6 s or more, and the longer the more reliable."""
    sound = resampled(speech)
    sound = sound * (LEVEL / max(float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0, 1e-5))
    mel = _mel(sound)
    starts = range(0, max(1, len(mel) - round(LEAST * PIECE) + 1), STEP)
    pieces = np.zeros((len(starts), PIECE, BANDS), np.float32)
    for piece, start in zip(pieces, starts, strict=True):
        there = mel[start : start + PIECE]
        piece[: len(there)] = there
    found = _network()(pieces).mean(axis=0)
    return np.asarray(found / max(float(np.linalg.norm(found)), 1e-9), np.float32)


def likeness(one: Print, other: Print) -> float:
    """Cosine of two prints, 0..1."""
    return float(one @ other)


def _mel(sound: Pcm) -> NDArray[np.float32]:
    """Linear power in bands, [samples / 160 + 1, BANDS], of sound at 16 kHz."""
    padded = np.pad(sound, 200)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160]
    power = np.abs(np.fft.rfft(pieces * hann(), axis=1)) ** 2
    return np.asarray(power @ filters(BANDS), np.float32)


class _Network:
    """LSTM layers, a linear layer, a ReLU. The gates are in PyTorch's order: input, forget, cell, output."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._layers = [
            (
                weights[f"lstm.weight_ih_l{layer}"].T.copy(),
                weights[f"lstm.weight_hh_l{layer}"].T.copy(),
                weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"],
            )
            for layer in range(LAYERS)
        ]
        self._linear = weights["linear.weight"].T.copy(), weights["linear.bias"]

    def __call__(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 [pieces, PIECE, BANDS] -> [pieces, SIZE], each of length 1."""
        heard = mel
        for layer in self._layers:
            heard = _lstm(heard, *layer)
        weight, bias = self._linear
        found = np.maximum(heard[:, -1] @ weight + bias, 0.0)
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


def _lstm(
    given: NDArray[np.float32],
    inward: NDArray[np.float32],
    onward: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Hidden states of one layer, [pieces, steps, SIZE]."""
    pieces, steps, _ = given.shape
    wanted = given @ inward + bias
    hidden = np.zeros((pieces, SIZE), np.float32)
    cell = np.zeros_like(hidden)
    states = np.empty((pieces, steps, SIZE), np.float32)
    for step in range(steps):
        gates = wanted[:, step] + hidden @ onward
        enter, forget, new, leave = np.split(gates, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(enter) * np.tanh(new)
        hidden = _sigmoid(leave) * np.tanh(cell)
        states[:, step] = hidden
    return states


def _sigmoid(value: NDArray[np.float32]) -> NDArray[np.float32]:
    # written with tanh, which does not overflow
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * value)), np.float32)


@cache
def _network() -> _Network:
    with files("doublure.enrol").joinpath("speaker.npz").open("rb") as file, np.load(file) as kept:
        return _Network({name: kept[name].astype(np.float32) for name in kept.files})
