"""Selects the plate of each frame (take and index) and cross-fades from one take to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doublure.media import Place

FADE_FRAMES = 8
"""Length of a cross-fade: a third of a second hides the jump without showing two hosts."""
SETTLE_FRAMES = 20
"""Silent frames before the host goes back to idle: longer than a pause between sentences."""


@dataclass(frozen=True, slots=True)
class Plate:
    """The plate of one frame: one place, or two during a cross-fade."""

    place: Place
    old: Place | None = None
    """Place in the take that fades out."""
    weight: float = 1.0
    """Weight of `place`, 0..1."""


class Takes:
    """Steps through the takes: `talk` while the host speaks, `idle` otherwise.

    Each take loops seamlessly, so its index simply wraps around.
    """

    def __init__(self, lengths: Mapping[str, int]) -> None:
        if "idle" not in lengths:
            raise ValueError("a face must have a take named idle")
        self._lengths = dict(lengths)
        self._index = dict.fromkeys(lengths, 0)
        self._take = "idle"
        self._old = ""
        self._fade = 0
        self._silent = SETTLE_FRAMES

    def step(self, speaking: bool) -> Plate:
        """The plate of the next frame."""
        self._silent = 0 if speaking else self._silent + 1
        wanted = "talk" if self._silent < SETTLE_FRAMES and "talk" in self._lengths else "idle"
        if wanted != self._take and self._fade == 0:
            self._old, self._take, self._fade = self._take, wanted, FADE_FRAMES
        place = self._advance(self._take)
        if self._fade == 0:
            return Plate(place)
        weight = 1.0 - self._fade / (FADE_FRAMES + 1)
        self._fade -= 1
        return Plate(place, self._advance(self._old), weight)

    def _advance(self, take: str) -> Place:
        index = self._index[take]
        self._index[take] = (index + 1) % self._lengths[take]
        return Place(take, index)
