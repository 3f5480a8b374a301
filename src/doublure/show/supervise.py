"""The boundary of a stage: a fault is caught here, counted, and the stage is run again."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from doublure import metrics
from doublure.clock import Clock
from doublure.log import get_log
from doublure.retry import LONGEST_PAUSE_SECONDS, Retry

FAULTS_TO_ALARM = 3
HEALTHY_SECONDS = 60.0
"""A stage that runs this long is healthy again: its faults are forgotten and its alarm ends."""

log = get_log(__name__)


class Watchdog:
    """The alarms the operator sees: at most one per name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._alarms: dict[str, tuple[str, float]] = {}

    def alarm(self, name: str, text: str, seconds: float = math.inf) -> None:
        """Raise an alarm, or replace the one of this name. It stands for `seconds` or until it is cleared."""
        self._alarms[name] = (f"{name}: {text}", self.clock.now() + seconds)

    def clear(self, name: str) -> None:
        """End the alarm of this name, if there is one."""
        self._alarms.pop(name, None)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms that stand, oldest first."""
        now = self.clock.now()
        return tuple(text for text, until in self._alarms.values() if now < until)


async def supervise(
    watchdog: Watchdog,
    name: str,
    stage: Callable[[], Awaitable[None]],
    longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
) -> None:
    """Run a stage until it returns. When it fails, run it again after a pause that doubles from half a
    second. From the third fault on an alarm stands until the stage has been healthy for a minute."""
    retry = Retry(watchdog.clock, longest_seconds=longest_pause_seconds)
    while True:
        began = watchdog.clock.now()
        try:
            await stage()
            return
        except Exception as error:
            if watchdog.clock.now() - began >= HEALTHY_SECONDS:
                retry.reset()
            metrics.STAGE_FAULTS.labels(name).inc()
            log.exception("stage %s failed", name)
            faults = retry.pauses + 1
            if faults >= FAULTS_TO_ALARM:
                text = f"failed {faults} times, last: {error}"
                watchdog.alarm(name, text, seconds=retry.pause_seconds + HEALTHY_SECONDS)
            await retry.wait()
