"""The stage boundary: a fault is caught here once, counted, and the stage begins again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from doublure import metrics
from doublure.clock import Clock
from doublure.log import get_log

RESTARTS_TO_ALARM = 3
LONGEST_PAUSE_SECONDS = 10.0

log = get_log(__name__)


class Watchdog:
    """Keeps what the operator must know: one alarm a name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._alarms: dict[str, str] = {}

    def alarm(self, name: str, text: str) -> None:
        """Raise an alarm, or replace the one of this name."""
        self._alarms[name] = f"{name}: {text}"

    def clear(self, name: str) -> None:
        """Take an alarm back."""
        self._alarms.pop(name, None)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms that stand, oldest first."""
        return tuple(self._alarms.values())


async def supervise(watchdog: Watchdog, name: str, stage: Callable[[], Awaitable[None]]) -> None:
    """Run a stage until it returns; when it fails, again after a pause that doubles from half a
    second, with an alarm from the third time on."""
    faults = 0
    while True:
        try:
            await stage()
            return
        except Exception as error:
            faults += 1
            metrics.STAGE_FAULTS.labels(name).inc()
            log.exception("stage %s failed", name)
            if faults >= RESTARTS_TO_ALARM:
                watchdog.alarm(name, f"failed {faults} times, last: {error}")
            await watchdog.clock.sleep(min(LONGEST_PAUSE_SECONDS, 0.25 * 2.0**faults))
