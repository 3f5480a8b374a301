"""Makes the cues of a show and gives each a unique id."""

from __future__ import annotations

import itertools
from collections import OrderedDict

from doublure.clock import Clock, stamp
from doublure.cue import PLAIN, Comment, Cue, CueKind, Delivery
from doublure.show.floor import RULES
from doublure.show.plan import Plan

ASKED = 128
"""Answered comments whose arrival time is remembered."""


class Cues:
    """Makes the cues of one show."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._show = stamp(clock)
        self._numbers = itertools.count(1)
        self._asked: OrderedDict[str, float] = OrderedDict()

    def script(self, place: int) -> Cue:
        """A cue for the rundown's line at a place."""
        text, gesture, product = self._plan.line_at(place)
        return self.make("script", text, product, gesture=gesture, delivery=self._plan.delivery_at(place))

    def make(
        self,
        kind: CueKind,
        text: str = "",
        product: str = "",
        *,
        comment: Comment | None = None,
        gesture: str = "",
        delivery: Delivery = PLAIN,
    ) -> Cue:
        """A cue with a new id. Its kind decides when it expires."""
        now = self._clock.now()
        if comment is not None:
            self._asked[comment.id] = comment.at
            while len(self._asked) > ASKED:
                self._asked.popitem(last=False)
        return Cue(
            f"cue-{self._show}-{next(self._numbers)}",
            kind,
            now,
            now + RULES[kind].expires_seconds,
            text,
            comment,
            product,
            gesture,
            delivery,
        )

    def asked_at(self, comment: str) -> float | None:
        """Clock seconds when a recently answered comment arrived; None if it is not remembered."""
        return self._asked.get(comment)
