"""The benchmark of the chain: whom it shows, what it says of a room that ends early, how it sees a loop."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from chain import Ended, Part, own_command, room_settings, watch
from loop_watch import LoopWatch

PEOPLE = Path(__file__).resolve().parents[2] / "demo" / "personas"


def arguments(**given: object) -> argparse.Namespace:
    usual: dict[str, object] = {"language": "zh", "url": "rtmp://127.0.0.1/live/key", "card": False}
    return argparse.Namespace(**{**usual, "persona": None, "consent": None, **given})


@pytest.mark.parametrize("language", ["zh", "en", "fr"])
def test_it_measures_what_the_demo_airs(language: str) -> None:
    settings = room_settings(arguments(language=language))
    assert settings.face.engine == "patch"
    assert settings.face.persona is not None
    assert settings.face.persona.resolve() == PEOPLE / "woman"
    assert settings.voice.engine == "kokoro"
    assert settings.voice.persona == settings.face.persona
    assert (settings.picture.width_pixels, settings.picture.height_pixels) == (720, 1280)
    assert settings.sinks[0].url == "rtmp://127.0.0.1/live/key"


def test_another_persona_brings_its_voice_and_the_card_none() -> None:
    order = arguments(persona=PEOPLE / "man", consent=PEOPLE / "man.consent.json")
    other = room_settings(order)
    assert other.face.persona == other.voice.persona == PEOPLE / "man"
    assert other.face.consent == other.voice.consent == PEOPLE / "man.consent.json"
    assert own_command(order)[-4:] == ["--persona", str(PEOPLE / "man"), "--consent", str(order.consent)]
    card = room_settings(arguments(card=True))
    assert card.face.engine == "card"
    assert card.face.persona is card.voice.persona is None
    assert own_command(arguments(card=True))[-1] == "--card"


def part(folder: Path, program: str) -> Part:
    said = folder / "said.txt"
    with said.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-c", program, str(folder / "began")], stderr=errors)
    return Part(process, folder / "began", said)


BEGIN = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(0.3); "


WRONG = "raise SystemExit('demo/man.json: the consent has ended')"


def test_a_room_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    room = part(tmp_path, WRONG)
    with pytest.raises(Ended, match=r"exit code 1.*\n.*the consent has ended"):
        room.wait_until_begun()


def test_a_room_that_ends_while_it_is_measured_says_why(tmp_path: Path) -> None:
    room = part(tmp_path, BEGIN + WRONG)
    room.wait_until_begun()
    with pytest.raises(Ended, match=r"exit code 1.*\n.*the consent has ended"):
        watch(room, 20)


def test_a_room_that_was_killed_says_so(tmp_path: Path) -> None:
    room = part(tmp_path, BEGIN + "time.sleep(60)")
    room.wait_until_begun()
    room.process.kill()
    with pytest.raises(Ended, match="signal 9") as caught:
        watch(room, 20)
    assert "it said nothing" in str(caught.value)


def test_a_room_that_goes_on_is_measured(tmp_path: Path) -> None:
    room = part(tmp_path, BEGIN + "time.sleep(60)")
    room.wait_until_begun()
    try:
        figures = watch(room, 0.5)
    finally:
        room.process.kill()
        room.process.wait()
    assert 0 <= figures["cores"] < 1
    assert figures["rss_mb"] > 1


@pytest.mark.parametrize("computes", [True, False])
def test_a_held_loop_is_seen_and_whether_it_computed(computes: bool) -> None:
    seen = LoopWatch()

    def hold() -> None:
        end = time.thread_time() + 0.05
        if not computes:
            time.sleep(0.05)
        while computes and time.thread_time() < end:
            pass

    async def show() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(seen.run)
            for _ in range(4):
                await anyio.sleep(0.03)
                hold()
            await anyio.sleep(0.03)
            group.cancel_scope.cancel()

    anyio.run(show)
    assert seen.held >= 4
    assert (seen.busy >= 4) == computes
    assert seen.worst_seconds > 0.03
    assert seen.slow >= 4
    assert (seen.slow_busy >= 4) == computes
    assert seen.slowest_seconds > 0.03
    figures = seen.figures(30)
    assert figures["loop_held_per_minute"] == 2 * seen.held
    assert figures["callbacks_slow_per_minute"] == 2 * seen.slow
    seen.clear()
    assert seen.figures(30) == dict.fromkeys(figures, 0.0)
