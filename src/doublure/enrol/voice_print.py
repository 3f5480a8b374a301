"""Voice prints: what a speaker is recognised by, and how alike two of them are.

The network is Resemblyzer's (Apache-2.0; Wan et al. 2018, generalised end-to-end loss): three LSTM layers
that hear 1.6 s of a mel spectrum and give 256 numbers, of which the cosine tells whether two stretches are
of one speaker. `speaker.npz` holds its weights (made by `training.speaker_weights`). The speech detector is
ours, so the threshold was set anew on recordings of people.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from doublure.enrol.footage import WINDOW, speech_windows
from doublure.media import Pcm
from doublure.picture.mouth.acoustics import filters, hann, resampled

BANDS, SIZE, LAYERS = 40, 256, 3
PIECE, STEP = 160, 77
"""Mel frames of 10 ms that the network hears at once, and from one piece to the next."""
LEAST = 0.75
"""Share of a piece that must be there for the last one to count."""
LEVEL = 10 ** (-30 / 20)
"""RMS that speech is brought to, full scale 1: -30 dB, as in training."""

Print = NDArray[np.float32]
"""[SIZE], of length 1; no number is negative."""


def spoken(pcm: Pcm) -> Pcm:
    """The speech of a sound (24 kHz) brought together: longer silence between is left out."""
    windows = speech_windows(pcm)
    return np.ascontiguousarray(pcm[: len(windows) * WINDOW].reshape(-1, WINDOW)[windows].reshape(-1))


def voice_print(speech: Pcm) -> Print:
    """The print of a stretch of speech (24 kHz) without long silence; 1.6 s and more, the more the surer."""
    sound = resampled(speech)
    sound = sound * (LEVEL / max(float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0, 1e-5))
    mel = _mel(sound)
    starts = range(0, max(1, len(mel) - round(LEAST * PIECE) + 1), STEP)
    pieces = np.zeros((len(starts), PIECE, BANDS), np.float32)
    for piece, start in zip(pieces, starts, strict=True):
        there = mel[start : start + PIECE]
        piece[: len(there)] = there
    with torch.no_grad():
        found = _network()(torch.from_numpy(pieces)).numpy().mean(axis=0)
    return np.asarray(found / max(float(np.linalg.norm(found)), 1e-9), np.float32)


def likeness(one: Print, other: Print) -> float:
    """Cosine of two prints, 0..1."""
    return float(one @ other)


def _mel(sound: Pcm) -> NDArray[np.float32]:
    """Power in bands, [samples / 160 + 1, BANDS], of sound at 16 kHz; not a logarithm."""
    padded = np.pad(sound, 200)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160]
    power = np.abs(np.fft.rfft(pieces * hann(), axis=1)) ** 2
    return np.asarray(power @ filters(BANDS), np.float32)


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, SIZE, LAYERS, batch_first=True)
        self.linear = nn.Linear(SIZE, SIZE)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """[pieces, PIECE, BANDS] -> [pieces, SIZE], each of length 1."""
        _, (hidden, _) = self.lstm(mel)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


@cache
def _network() -> _Network:
    made = _Network()
    with files("doublure.enrol").joinpath("speaker.npz").open("rb") as file, np.load(file) as kept:
        made.load_state_dict({name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files})
    return made.eval()
