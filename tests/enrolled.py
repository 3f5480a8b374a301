"""One enrolment for all tests that need one: made once per run, by the worker that needs it first."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from doublure.enrol.enrol import Order, enrol
from doublure.trust.consent import Consent
from doublure.trust.consent import load as load_consent
from doublure.trust.persona import Persona, load
from tests.clips import START, consent_for, talking, write_clip

SECONDS = 17
"""Length of the footage: the rendered host with enough speech."""

Step = tuple[str, int, int]
"""Stage, done, total."""


class Killed(BaseException):
    """What ends a process from outside."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The rendered host, enrolled; killed on the way and begun again."""

    folder: Path
    """Holds `talk.mp4`, `consent-0.json`, the key and `persona`; no test may write to it."""
    consent: Consent
    told: tuple[Step, ...]
    """Progress up to the kill."""
    told_again: tuple[Step, ...]
    """Progress of the second run."""

    @property
    def clip(self) -> Path:
        """The footage."""
        return self.folder / "talk.mp4"

    @property
    def persona(self) -> Persona:
        """The persona, read from its folder."""
        return load(self.folder / "persona", self.consent)


def enrolled_in(shared: Path) -> Enrolled:
    """The enrolment kept in a folder that the workers share; made if it is missing."""
    folder, steps = shared / "enrolled", shared / "enrolled.json"
    with (shared / "enrolled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not steps.exists():
            folder.mkdir()
            partial = steps.with_suffix(".part")
            partial.write_text(json.dumps(_enrol(folder)), "utf-8")
            os.replace(partial, steps)
    told, again = (
        tuple((stage, done, total) for stage, done, total in one)
        for one in json.loads(steps.read_text("utf-8"))
    )
    return Enrolled(folder, load_consent(folder / "consent-0.json", today=START), told, again)


def _enrol(folder: Path) -> tuple[list[Step], list[Step]]:
    pictures, pcm, _ = talking(SECONDS)
    clip = write_clip(folder / "talk.mp4", pictures, pcm)
    # what another order left is not used
    left = folder / ".persona.enrolling"
    left.mkdir()
    (left / "order").write_text("another", "utf-8")
    (left / "watched.npz").write_bytes(b"not landmarks")
    (left / "talk.mp4").write_bytes(b"not a take")
    consent = consent_for(folder, clip)
    order = Order(clip, consent, folder / "persona")
    told: list[Step] = []
    again: list[Step] = []

    def kill(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if stage == "lips" and done == 3:
            raise Killed

    with pytest.raises(Killed):
        enrol(order, kill)
    assert not order.out.exists()
    persona = enrol(order, lambda *step: again.append(step))
    assert load(order.out, consent) == persona
    return told, again
