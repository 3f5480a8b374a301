"""Synthesises speech ahead of air: the rundown's lines, the disclosures and the openings of answers.

It uses the voice only while nobody waits for an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from anyio.lowlevel import checkpoint

from doublure import metrics
from doublure.clock import Clock
from doublure.conversation.phrases import disclosures, ready
from doublure.cue import PLAIN, Delivery
from doublure.log import get_log
from doublure.media import Language
from doublure.retry import Retry
from doublure.show.plan import Plan
from doublure.voice.delivery import disclosed
from doublure.voice.speaker import Speaker
from doublure.voice.spoken.clauses import seconds

NEAR_LINES = 8
"""The next script lines, checked first and on every look, because the cache may have lost one."""
AHEAD_SECONDS = 2 * 3600.0
"""Length of a rundown's speech that is kept ready; the cache holds about three hours."""

LOOK_SECONDS = 0.2
"""Time between two looks at the cache."""

Said = tuple[str, Delivery]
"""A text and its delivery."""

log = get_log(__name__)


class Preparer:
    """Fills the speech cache, and knows which lines of the rundown are in it."""

    def __init__(self, plan: Plan, speaker: Speaker, language: Language) -> None:
        self._plan = plan
        self._speaker = speaker
        self._language: Language = language
        self._ready: set[Said] = set()
        self._failed: set[Said] = set()
        self._lines: tuple[Said, ...] | None = None

    @property
    def ready(self) -> int:
        """Number of different lines of the rundown found in the cache so far."""
        return len(self._ready)

    @property
    def total(self) -> int:
        """Number of different lines of the rundown that are kept ready."""
        return len(self._bounded())

    async def make_one(self) -> bool:
        """Synthesise the first missing text, if any. False if the voice cannot say it; it is then tried again
        after the others."""
        missing = await self._missing()
        if missing is None:
            self._failed.clear()
            return True
        try:
            await self._speaker.prepare(*missing)
        except Exception as error:
            # it fails again on air, where the operator is told; here it must only not block the others
            self._failed.add(missing)
            metrics.STAGE_FAULTS.labels("prepare").inc()
            log.warning("not made ahead: %r: %s", missing[0][:60], error)
            return False
        return True

    async def _missing(self) -> Said | None:
        lines = set(self._bounded())
        for near in tuple(self._near()):
            # a text that is new takes a millisecond to look up: the event loop goes on between two
            await checkpoint()
            if self._speaker.cached(*near):
                self._ready |= {near} & lines
            elif near not in self._failed:
                self._ready.discard(near)
                return near
        for line in self._bounded():
            if line in self._ready or line in self._failed:
                continue
            await checkpoint()
            if not self._speaker.cached(*line):
                return line
            self._ready.add(line)
        return None

    def _near(self) -> Iterator[Said]:
        """In order of need: the programme's next two lines, what a question may need at once, the
        disclosures, and the lines after."""
        lines = range(min(NEAR_LINES, self._plan.length))
        places = [self._plan.position + ahead for ahead in lines]
        coming = [(self._plan.line_at(place)[0], self._plan.delivery_at(place)) for place in places]
        yield from coming[:2]
        yield from ((text, PLAIN) for text in ready(self._language))
        yield from ((text, disclosed(text, self._language)) for text in disclosures(self._language))
        yield from coming[2:]

    def _bounded(self) -> tuple[Said, ...]:
        """The rundown's lines from its start, each once, up to `AHEAD_SECONDS` of speech."""
        if self._lines is None:
            found: dict[Said, None] = {}
            left = AHEAD_SECONDS
            for place in range(self._plan.length):
                line = (self._plan.line_at(place)[0], self._plan.delivery_at(place))
                left -= seconds(line[0], self._language)
                if left < 0:
                    break
                found[line] = None
            self._lines = tuple(found)
        return self._lines


async def keep_prepared(preparer: Preparer, urgent: Callable[[], bool], clock: Clock) -> None:
    """Keep the cache ahead of air until cancelled; pause while somebody waits for an answer (`urgent`)."""
    retry = Retry(clock)
    while True:
        await clock.sleep(LOOK_SECONDS)
        if not urgent():
            if await preparer.make_one():
                retry.reset()
            else:
                await retry.wait()
        metrics.LINES_READY.set(preparer.ready)
