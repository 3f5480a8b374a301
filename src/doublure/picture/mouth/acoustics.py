"""Acoustic features for the mouth: 50 vectors a second that encode phones and hardly the voice.

Each vector is the fourth layer of whisper-base's encoder (`speech.onnx` beside this file, made by
`training.speech_encoder`) and the mel spectrum of its 20 ms. The sound is brought to one level first, so
that a whisper, a shout and another microphone give the same vectors.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import av
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm

RATE = 16_000
"""Input of the encoder, samples per second."""
PER_FRAME = 2
"""Vectors per picture."""
STEP = RATE // 50
"""Samples per vector."""
WINDOW = 250
"""Vectors encoded at once: 5 s."""
MARGIN = 50
"""Vectors at each side of the window that are discarded: they only give the encoder context."""
ENCODED, MELS = 512, 80
SIZE = ENCODED + MELS
"""Length of a vector: the encoder's, then two spectra of 40 bands, 10 ms apart."""
LEVEL = 0.1
"""RMS to which the louder parts of speech are scaled, full scale 1."""
FAINTEST = 0.002
"""RMS below which a sound counts as no speech and is not amplified."""

Heard = NDArray[np.float32]
"""[vectors, SIZE]."""


def hear(pcm: Pcm) -> Heard:
    """Speech (24 kHz, any length) -> two vectors for each of its ceil(samples / 960) frames. Takes 35 ms
    for up to 3 s of speech, about 1 % of a core on air."""
    frames = -(-len(pcm) // SAMPLES_PER_FRAME)
    count = PER_FRAME * frames
    sound = resampled(pcm * _gain(pcm))
    room = np.zeros((MARGIN + count + WINDOW) * STEP, np.float32)
    room[MARGIN * STEP : MARGIN * STEP + len(sound)] = sound
    found = np.zeros((count, SIZE), np.float32)
    used = WINDOW - 2 * MARGIN
    for first in range(0, count, used):
        vectors = _encode(room[first * STEP : (first + WINDOW) * STEP])[MARGIN : MARGIN + used]
        found[first : first + used] = vectors[: count - first]
    return found


def _gain(pcm: Pcm) -> float:
    count = len(pcm) // 480
    if not count:
        return 1.0
    loud = float(np.quantile(np.sqrt(np.mean(pcm[: count * 480].reshape(count, 480) ** 2, axis=1)), 0.9))
    return LEVEL / loud if loud > FAINTEST else 1.0


def resampled(pcm: Pcm) -> Pcm:
    """`pcm` resampled to `RATE`, 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None], np.float32), "flt", "mono")
    frame.sample_rate = SAMPLE_RATE
    pieces = [*resampler.resample(frame), *resampler.resample(None)] if len(pcm) else []
    return np.concatenate([np.zeros(0, np.float32), *(piece.to_ndarray()[0] for piece in pieces)])


def _encode(sound: Pcm) -> Heard:
    """WINDOW * STEP samples -> [WINDOW, SIZE]."""
    mel = log_mel(sound)
    (encoded,) = _encoder().run(None, {"mel": mel[None]})
    bands = mel.reshape(MELS // 2, 2, WINDOW, 2).mean(axis=1)
    return np.concatenate([encoded[0], bands.transpose(1, 2, 0).reshape(WINDOW, MELS)], axis=1)


@cache
def _encoder() -> ort.InferenceSession:
    # one per process; every room shares it
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    content = files("doublure.picture.mouth").joinpath("speech.onnx").read_bytes()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def log_mel(sound: Pcm) -> NDArray[np.float32]:
    """Whisper's log-mel spectrogram at 16 kHz: [MELS, samples / 160], about -1..1 (Radford et al. 2022)."""
    padded = np.pad(sound, 200, mode="reflect")
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][: len(sound) // 160]
    power = np.abs(np.fft.rfft(pieces * hann(), axis=1)) ** 2
    level = np.log10(np.maximum(power @ filters(MELS), 1e-10)).T
    return np.asarray((np.maximum(level, level.max() - 8.0) + 4.0) / 4.0, np.float32)


@cache
def hann() -> NDArray[np.float64]:
    """Hann window of 25 ms at 16 kHz, [400]."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400))


@cache
def filters(bands: int) -> NDArray[np.float64]:
    """Mel filters, [201, bands]: triangles of equal area on Slaney's scale (linear below 1 kHz, logarithmic
    above)."""
    last = 15.0 + 27.0 * np.log(8.0) / np.log(6.4)  # 8 kHz
    mels = np.linspace(0.0, last, bands + 2)
    above = 1000.0 * np.exp(np.log(6.4) / 27.0 * (mels - 15.0))
    edges = np.where(mels < 15.0, mels * 200.0 / 3.0, above)
    bins = np.linspace(0.0, RATE / 2, 201)[:, None]
    rise = (bins - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - bins) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)) * 2.0 / (edges[2:] - edges[:-2]))
