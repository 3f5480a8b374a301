"""Growing pauses between attempts at something that fails."""

from __future__ import annotations

from doublure.clock import Clock

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


class Retry:
    """The pauses of one stage: the first is `first_seconds`, each later one twice as long, up to
    `longest_seconds`. `reset` starts again at the first. Not shared between stages."""

    def __init__(
        self,
        clock: Clock,
        first_seconds: float = FIRST_PAUSE_SECONDS,
        longest_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        if not 0 < first_seconds <= longest_seconds:
            raise ValueError(f"pauses from {first_seconds} s to {longest_seconds} s do not grow")
        self._clock = clock
        self._first = first_seconds
        self._longest = longest_seconds
        self.pause_seconds = first_seconds
        """Length of the next pause."""
        self.pauses = 0
        """Pauses begun since the last reset, which is the number of failures in a row."""

    async def wait(self) -> None:
        """Sleep for the next pause. A cancelled pause counts too."""
        seconds = self.pause_seconds
        self.pauses += 1
        self.pause_seconds = min(self._longest, 2 * seconds)
        await self._clock.sleep(seconds)

    def reset(self) -> None:
        """Call it after a success: the next pause is the first one again."""
        self.pause_seconds = self._first
        self.pauses = 0
