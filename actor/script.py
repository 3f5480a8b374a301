"""The script of a film before drawing: sections, sound and phones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLES_PER_FRAME, Pcm, Phone


@dataclass(frozen=True, slots=True)
class Section:
    """One shot of the footage."""

    kind: str
    """idle, talk, gesture or consent."""
    name: str
    language: str
    """Language of the speech; "" in silence."""
    start: float
    end: float
    """Seconds of the footage."""


@dataclass(frozen=True, slots=True)
class Script:
    """The whole film before drawing."""

    presenter: str
    sections: tuple[Section, ...]
    pcm: Pcm
    """float32 [frames * 960]."""
    phones: tuple[Phone, ...]
    """Phones of all speech, in samples from the start of the footage."""

    @property
    def frames(self) -> int:
        return len(self.pcm) // SAMPLES_PER_FRAME

    def energy(self) -> NDArray[np.float64]:
        """Loudness of each frame relative to loud frames: [frames], 0..1."""
        rms = np.sqrt((self.pcm.reshape(-1, SAMPLES_PER_FRAME).astype(np.float64) ** 2).mean(1))
        loud = np.quantile(rms[rms > 1e-3], 0.95) if (rms > 1e-3).any() else 1.0
        return np.asarray(np.clip(rms / loud, 0.0, 1.0))
