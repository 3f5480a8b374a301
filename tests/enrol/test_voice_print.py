"""Voice prints: the network is the published one, and speech is brought together before it is heard."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import torch

from doublure.enrol import voice_print as prints
from doublure.enrol.voice_print import BANDS, PIECE, SIZE, likeness, spoken, voice_print
from doublure.media import SAMPLE_RATE, Pcm
from doublure.picture.mouth.acoustics import RATE

PEAK_BAND, PEAK_POWER = 13, 104.52
"""Of a tone of 1 kHz: librosa's melspectrogram(sr=16000, n_fft=400, hop_length=160, n_mels=40)."""


def buzz(hertz: float, seconds: float, formant: float) -> Pcm:
    """A voice of sorts: a pulse train through one resonance, syllable by syllable."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pulses = (np.diff(np.floor(at * hertz), prepend=0) > 0).astype(np.float64)
    ring = np.exp(-300 * at[:1200]) * np.sin(2 * np.pi * formant * at[:1200])
    sound = np.convolve(pulses, ring)[: len(at)] * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at))
    return np.asarray(0.2 * sound, np.float32)


def test_the_bands_are_those_the_network_was_trained_on() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    mel = prints._mel(tone)
    assert mel.shape == (101, BANDS)
    assert int(mel[50].argmax()) == PEAK_BAND
    assert float(mel[50].max()) == pytest.approx(PEAK_POWER, rel=1e-3)


def test_the_network_is_an_lstm_of_three_layers_and_its_prints_have_length_one() -> None:
    with files("doublure.enrol").joinpath("speaker.npz").open("rb") as file, np.load(file) as kept:
        assert sum(kept[name].size for name in kept.files) == 1_423_616
    found = prints._network()(np.zeros((2, PIECE, BANDS), np.float32))
    assert found.shape == (2, SIZE)
    np.testing.assert_allclose(found[0], found[1])


def test_one_voice_is_more_like_itself_than_like_another() -> None:
    low, again = (voice_print(buzz(110, seconds, 600)) for seconds in (3.0, 4.0))
    high = voice_print(buzz(240, 3.0, 1500))
    assert np.linalg.norm(low) == pytest.approx(1, abs=1e-5)
    assert likeness(low, again) > 0.9
    assert likeness(low, high) < likeness(low, again) - 0.2


def test_loudness_changes_nothing() -> None:
    sound = buzz(140, 3.0, 800)
    assert likeness(voice_print(sound), voice_print(0.05 * sound)) > 0.999


def test_silence_is_left_out_of_speech() -> None:
    speech = buzz(140, 2.0, 800)
    silence = np.zeros(3 * SAMPLE_RATE, np.float32)
    together = spoken(np.concatenate([silence, speech, silence, speech, silence]))
    assert len(together) / SAMPLE_RATE == pytest.approx(4.0, abs=0.3)
    assert len(spoken(silence)) == 0


def test_no_sound_has_a_print_of_nothing_and_breaks_nothing() -> None:
    found = voice_print(np.zeros(0, np.float32))
    assert found.shape == (SIZE,)
    assert np.isfinite(found).all()


def test_numpy_computes_what_torch_computes() -> None:
    with files("doublure.enrol").joinpath("speaker.npz").open("rb") as file, np.load(file) as kept:
        weights = {name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files}
    lstm, linear = torch.nn.LSTM(BANDS, SIZE, 3, batch_first=True), torch.nn.Linear(SIZE, SIZE)
    lstm.load_state_dict({name[5:]: one for name, one in weights.items() if name.startswith("lstm.")})
    linear.load_state_dict({name[7:]: one for name, one in weights.items() if name.startswith("linear.")})
    mel = np.abs(np.random.default_rng(5).normal(0, 0.05, (3, PIECE, BANDS))).astype(np.float32)
    with torch.no_grad():
        _, (hidden, _) = lstm(torch.from_numpy(mel))
        wanted = torch.nn.functional.normalize(torch.relu(linear(hidden[-1])), dim=1).numpy()
    np.testing.assert_allclose(prints._network()(mel), wanted, atol=2e-5)
