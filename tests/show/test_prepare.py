"""Synthesis ahead of air: near lines first, finally the whole rundown; a line that fails is retried later."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from doublure.conversation.phrases import disclosures, ready
from doublure.cue import Delivery
from doublure.errors import EngineError
from doublure.media import Language, Speech
from doublure.shop.rundown import Line, Rundown, Slot
from doublure.show import prepare as module
from doublure.show.plan import Plan
from doublure.show.prepare import Preparer
from doublure.voice.cache import SpeechCache
from doublure.voice.engines import tone
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker

LINES = tuple(
    f"this is line {word}"
    for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
)


class Listed:
    """A voice that records what it was asked to say; it fails at texts that contain `fails`."""

    def __init__(self, fails: str = "") -> None:
        self._voice = tone.make(VoiceSettings(engine="tone"), "en")
        self.name = "listed"
        self.languages = self._voice.languages
        self.said: list[str] = []
        self.fails = fails

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        self.said.append(spoken)
        if self.fails and self.fails in spoken:
            raise EngineError("it cannot say that")
        async for speech in self._voice.speak(spoken, language):
            yield speech


def kept_ahead(folder: Path, voice: Listed) -> tuple[Preparer, Plan]:
    slots = (
        Slot("", tuple(Line(text) for text in LINES)),
        Slot("", (Line(LINES[0]),), Delivery(1.2, "lively")),
        Slot("", (Line(LINES[0]),)),
    )
    plan = Plan(Rundown(slots))
    return Preparer(plan, Speaker(voice, "en", SpeechCache(folder)), "en"), plan


async def make_all(ahead: Preparer) -> None:
    for _ in range(60):
        await ahead.make_one()


def test_the_whole_rundown_is_made_ready_next_lines_first(tmp_path: Path) -> None:
    voice = Listed()
    ahead, _ = kept_ahead(tmp_path, voice)
    assert (ahead.ready, ahead.total) == (0, len(LINES) + 1)
    anyio.run(make_all, ahead)
    assert voice.said[:2] == list(LINES[:2])
    assert set(LINES) <= set(voice.said)
    # the same words at another pace are another line; the same line twice is one
    assert voice.said.count(LINES[0]) == 2
    assert (ahead.ready, ahead.total) == (len(LINES) + 1, len(LINES) + 1)
    # texts for answers and the disclosure come before the far lines
    late = voice.said.index(LINES[9])
    assert late > max(voice.said.index(text) for text in LINES[:8])
    assert len(voice.said) > len(LINES) + 1 + len(ready("en")) + len(disclosures("en")) - 1


def test_what_the_cache_lost_is_made_again_when_it_is_near(tmp_path: Path) -> None:
    voice = Listed()
    ahead, plan = kept_ahead(tmp_path, voice)
    anyio.run(make_all, ahead)
    for file in tmp_path.iterdir():
        file.unlink()
    again = Preparer(plan, Speaker(voice, "en", SpeechCache(tmp_path)), "en")
    voice.said.clear()
    anyio.run(make_all, again)
    assert set(LINES) <= set(voice.said)


def test_a_line_that_fails_keeps_none_of_the_others_back(tmp_path: Path) -> None:
    voice = Listed(fails="three")
    ahead, _ = kept_ahead(tmp_path, voice)

    async def make() -> int:
        faults = 0
        for _ in range(60):
            faults += not await ahead.make_one()
        return faults

    faults = anyio.run(make)
    assert ahead.ready == ahead.total - 1
    assert 1 <= faults < 30
    # the line is tried again, and is ready once the voice can say it
    voice.fails = ""
    anyio.run(make_all, ahead)
    assert ahead.ready == ahead.total


def test_a_rundown_of_days_is_made_ready_as_far_as_the_cache_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AHEAD_SECONDS", 3.0)
    ahead, _ = kept_ahead(tmp_path, Listed())
    assert 0 < ahead.total < len(LINES)
