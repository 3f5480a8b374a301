"""A show from the command line: the room goes on whatever becomes of its console."""

from __future__ import annotations

import io
from datetime import date
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest

from doublure.cli.air import Console, Door, run_show
from doublure.clock import RealClock
from doublure.console.serve import reserve
from doublure.errors import ConsentError
from doublure.log import get_log, set_up
from doublure.show.room import open_room
from doublure.show.settings import load_room
from doublure.show.supervise import supervise
from doublure.trust.consent import Terms, fingerprint, issue
from tests.rooms import small_room, until, write_room

PASSWORD = "correct horse"


async def answers(door: Door, seconds: float = 20.0) -> None:
    """Return when the console answers; fails when it does not in time."""
    async with httpx.AsyncClient(timeout=2) as page:
        with anyio.fail_after(seconds):
            while True:
                try:
                    assert (await page.get(f"{door.page}/healthz")).status_code == 200
                except httpx.TransportError:
                    await anyio.sleep(0.1)
                else:
                    return


def test_a_fault_of_the_console_is_an_alarm_and_the_console_comes_back(tmp_path: Path) -> None:
    async def show() -> None:
        listener = reserve("127.0.0.1", 0, None)
        door = Door("127.0.0.1", listener.getsockname()[1])
        with reserve("127.0.0.1", 0, None) as closed:
            pass
        listener.close()
        async with open_room(small_room(tmp_path)) as room, anyio.create_task_group() as group:
            # the port is taken, so that the console fails again and again
            other = reserve("127.0.0.1", door.port, None)
            console = Console(room, door, closed)
            group.start_soon(supervise, room.watchdog, "console", console.run)
            view = await until(room, lambda view: view.alarms)
            assert "console: failed 3 times" in view.alarms[0]
            assert f"127.0.0.1:{door.port}" in view.alarms[0]
            assert view.state == "on_air"
            frames = room.measures().frames
            other.close()
            await answers(door)
            assert room.measures().frames > frames
            assert room.view().state == "on_air"
            room.stop()

    anyio.run(show)


def test_a_consent_of_scope_local_is_refused_before_anything_is_on_air(tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"the voice")
    day = date(2020, 1, 1), date(2090, 12, 31)
    terms = Terms("Nobody", "Test Shop", "tests", (), "local", *day, (fingerprint(clip),))
    issue(terms, tmp_path / "key", tmp_path / "consent.json")
    file = write_room(tmp_path)
    voice = "voice: {engine: tone, reference: clip.wav, consent: consent.json}"
    file.write_text(file.read_text().replace("voice: {engine: tone}", voice))
    said: list[str] = []
    run = partial(
        run_show, load_room(file), RealClock(), door=Door("0.0.0.0", 0, PASSWORD), announce=said.append
    )
    with pytest.raises(ConsentError, match="other machines"):
        anyio.run(run)
    assert not said
    assert not (tmp_path / "room").exists(), "nothing was begun"


def test_folded_lines_are_written_without_another(tmp_path: Path) -> None:
    stream = io.StringIO()

    async def show() -> None:
        async with anyio.create_task_group() as group:
            on_air = anyio.Event()
            run = partial(run_show, small_room(tmp_path), RealClock(), announce=lambda line: on_air.set())
            group.start_soon(run)
            await on_air.wait()
            for number in range(3):
                get_log("doublure.test").info("lost %d", number)
            with anyio.fail_after(10):
                while True:
                    if "lost 2 (and 1 more like it)" in stream.getvalue():
                        break
                    await anyio.sleep(0.1)
            group.cancel_scope.cancel()

    set_up("info", stream)
    try:
        anyio.run(show)
    finally:
        set_up("warning")
