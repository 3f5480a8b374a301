"""Measures the voice with a room on air: comments sent through the room, answers spoken beside it.

The sections `first` and `factor` of benchmarks/voice.py, not a script.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import cast

import doublure  # noqa: F401 - first: it limits the threads that numpy starts

# isort: split
import anyio
import numpy as np
import yaml

from doublure.air.settings import SinkSettings
from doublure.conversation.phrases import disclosures, ready
from doublure.conversation.settings import JudgeSettings
from doublure.cue import Utterance
from doublure.picture.settings import FaceSettings
from doublure.shop.catalog import Catalog, load_catalog
from doublure.shop.rundown import load_rundown
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings, load_room
from doublure.voice.cache import SpeechCache
from doublure.voice.delivery import disclosed, pause_seconds
from doublure.voice.speaker import Speaker
from voice_heard import Measured, embedded

ROOT = Path(__file__).resolve().parents[1]
PROGRAMME_LINES = 3
WARM_SECONDS = 8.0
"""Measuring begins after this, when the models are loaded and the programme is on air."""
ANSWER_SECONDS = 30.0
"""A question without an answer after this counts as unanswered."""


def room_settings(arguments: argparse.Namespace, folder: Path) -> RoomSettings:
    """The demo room at 720x1280 with a null output and only the first lines of its programme."""
    settings = load_room(ROOT / "demo" / arguments.languages[0] / "room.yaml")
    slot = load_rundown(settings.rundown, load_catalog(settings.catalog)).slots[0]
    lines = [line.text for line in slot.lines[:PROGRAMME_LINES]]
    rundown = folder / "rundown.yaml"
    rundown.write_text(
        yaml.safe_dump({"slots": [{"product": slot.product, "lines": lines}]}, allow_unicode=True)
    )
    return settings.model_copy(
        update={
            "folder": folder / "room",
            "rundown": rundown,
            "face": FaceSettings(engine="card") if arguments.card else settings.face,
            "picture": settings.picture.model_copy(update={"width_pixels": 720, "height_pixels": 1280}),
            "judge": JudgeSettings(gap_seconds=0, repeat_seconds=0),
            "sinks": (SinkSettings(engine="null", name="null"),),
        }
    )


async def fill_cache(settings: RoomSettings, kept: Path) -> None:
    """Put the programme and the introductions of answers into the room's speech cache; `kept` keeps them for
    the next run."""
    speaker = Speaker(embedded(settings.language), settings.language, SpeechCache(kept))
    slot = load_rundown(settings.rundown, load_catalog(settings.catalog)).slots[0]
    for text in (*(line.text for line in slot.lines), *ready(settings.language)):
        await speaker.prepare(text)
    for text in disclosures(settings.language):
        await speaker.prepare(text, disclosed(text, settings.language))
    shutil.copytree(kept, settings.folder / "speech")


@asynccontextmanager
async def on_air(arguments: argparse.Namespace) -> AsyncIterator[tuple[Room, Catalog]]:
    """A room that has warmed up on air, and its catalogue."""
    with tempfile.TemporaryDirectory() as name:
        settings = room_settings(arguments, Path(name))
        await fill_cache(settings, ROOT / "out" / "benchmarks" / f"voice-{settings.language}")
        async with open_room(settings) as room:
            await anyio.sleep(WARM_SECONDS)
            with anyio.fail_after(ANSWER_SECONDS):
                await programme(room)
            yield room, load_catalog(settings.catalog)


def asked(catalog: Catalog, count: int) -> list[tuple[str, str]]:
    """Questions of the catalogue with their answers."""
    known = (*catalog.questions, *(one for product in catalog.products for one in product.questions))
    return [(question.asks[0], question.answer) for question in known][:count]


async def programme(room: Room) -> None:
    """Return when a line of the programme is on air. Between two sentences of an answer none is."""
    while (now := room.view().now) is None or now.kind != "script":  # noqa: ASYNC110 - a view sets no event
        await anyio.sleep(0.05)


async def ask(room: Room, number: int, question: str) -> float | None:
    """Seconds from a comment to the first frame of its answer; None if there was none. Returns when the
    answer has been said."""
    before = len(room.measures().answer_seconds)
    await room.comment(f"viewer{number}", question)
    found = None
    with anyio.move_on_after(ANSWER_SECONDS):
        while len(room.measures().answer_seconds) == before:  # noqa: ASYNC110 - a room's figures set no event
            await anyio.sleep(0.05)
        found = room.measures().answer_seconds[-1]
        await programme(room)
    await anyio.sleep(1.0)
    return found


@dataclass(slots=True)
class Spoke:
    """Times of the answers, seconds."""

    first: list[float] = field(default_factory=list)
    """To the first sound, for each answer."""
    speech: float = 0.0
    wall: float = 0.0
    processor: float = 0.0
    """Sums over all answers, without the pauses between clauses."""


async def speak_all(speaker: Speaker, texts: list[str]) -> Spoke:
    """Speak each text and measure the times."""
    spoke = Spoke()
    for text in texts:
        start, used = time.perf_counter(), processor_seconds()
        first = None
        async for clause in speaker.speak(Utterance("u", "c", "answer", text, speaker.language)):
            first = first or time.perf_counter() - start
            spoke.speech += clause.speech.seconds - pause_seconds(clause.speech.text)
        spoke.first.append(first or 0.0)
        spoke.wall += time.perf_counter() - start
        spoke.processor += processor_seconds() - used
        await anyio.sleep(0.2)
    return spoke


def processor_seconds() -> float:
    """Processor time of the lanes that synthesise speech."""
    lanes = [one for one in threading.enumerate() if one.name.startswith(("voice_", "speech_")) and one.ident]
    return sum(time.clock_gettime(time.pthread_getcpuclockid(cast(int, one.ident))) for one in lanes)


async def measure_on_air(arguments: argparse.Namespace) -> Measured:
    """The sections `first` and `factor`, in one room."""
    figures: Measured = {}
    async with on_air(arguments) as (room, catalog):
        chosen = asked(catalog, arguments.questions)
        before = room.measures().late_pictures
        if "first" in arguments.only:
            # ask all of them once before any is asked again, so that a repeat does not come right after
            new, again = [[await ask(room, n, one) for n, (one, _) in enumerate(chosen)] for _ in range(2)]
            waits = [one for one in new if one is not None]
            figures["answers_missing"] = (new + again).count(None)
            if waits:
                figures |= {"first_median_seconds": median(waits), "first_p95_seconds": p95(waits)}
                figures["first_again_median_seconds"] = median([one for one in again if one] or waits)
        with tempfile.TemporaryDirectory() as name:
            speaker = Speaker(embedded(catalog.language), catalog.language, SpeechCache(Path(name)))
            await speaker.warm()
            fresh = await speak_all(speaker, [answer for _, answer in chosen])
            cached = await speak_all(speaker, [answer for _, answer in chosen])
        figures["late_pictures"] = room.measures().late_pictures - before
    if "first" in arguments.only:
        figures |= {"voice_median_seconds": median(fresh.first), "voice_p95_seconds": p95(fresh.first)}
        figures |= {"cached_ms": 1000 * max(cached.first), "cached_median_ms": 1000 * median(cached.first)}
    if "factor" in arguments.only:
        figures |= {"factor": fresh.wall / fresh.speech, "factor_processor": fresh.processor / fresh.speech}
    return figures


def p95(values: list[float]) -> float:
    """95th percentile, the nearest value above."""
    return float(np.percentile(values, 95, method="higher"))
