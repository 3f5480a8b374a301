"""Computes the mouth shapes of each clause in a separate lane. If the face fails, the host is still heard."""

from __future__ import annotations

import asyncio

import numpy as np

from doublure import metrics
from doublure.clock import Clock
from doublure.log import get_log
from doublure.media import Speech
from doublure.picture.engine import Face, Mouth
from doublure.threads import Lane

MOUTH_SECONDS = 2.0
"""Longest wait for the mouth shapes of a clause; after that it is heard with the lips at rest."""
REST: Mouth = np.zeros((0, 1), np.float32)
"""No mouth shapes: the lips rest."""
WARM_SAMPLES = 12_000
"""Length of the silence, half a second, for which the first mouth shapes are computed."""

log = get_log(__name__)


class MouthLane:
    """Computes the face's mouth shapes, one clause at a time."""

    def __init__(self, face: Face, clock: Clock) -> None:
        self.fault = ""
        """Why the lips rest although the host speaks; "" when they move."""
        self._face = face
        self._clock = clock
        self._lane = Lane("mouth", nice=5)
        self._call: asyncio.Future[Mouth] | None = None
        self._hangs = False

    async def warm(self) -> None:
        """Load what the face needs for its mouth, by asking for the mouth of a silence."""
        await self.mouth(Speech(np.zeros(WARM_SAMPLES, np.float32)))

    async def mouth(self, speech: Speech) -> Mouth:
        """The mouth shapes of a clause; `REST` if the face fails or takes longer than `MOUTH_SECONDS`."""
        if self._hangs and self._call is not None and not self._call.done():
            return REST  # the lane is blocked by a call that hangs
        self._call = self._lane.submit(self._face.mouth, speech)
        self._call.add_done_callback(_retrieve)
        try:
            with self._clock.timeout(MOUTH_SECONDS) as limit:
                # if the clause is cut, the call still runs to its end
                mouth = await asyncio.shield(self._call)
            self._hangs = limit.cancelled_caught
            if not self._hangs and _is_mouth(mouth):
                self.fault = ""
                return mouth
            why = "it does not answer" if self._hangs else "it gave no mouth shapes"
        except Exception as error:
            why = str(error) or type(error).__name__
        metrics.STAGE_FAULTS.labels("mouth").inc()
        log.error("the face could not move its lips: %s", why)
        self.fault = f"the face could not move its lips: {why}"
        return REST

    def close(self) -> None:
        """Close the lane."""
        self._lane.close()


def _is_mouth(mouth: object) -> bool:
    return (
        isinstance(mouth, np.ndarray)
        and mouth.ndim == 2
        and mouth.dtype == np.float32
        and bool(np.isfinite(mouth).all())
    )


def _retrieve(future: asyncio.Future[Mouth]) -> None:
    """Retrieve the exception of a call, or asyncio warns if nobody awaited it."""
    if not future.cancelled():
        future.exception()
