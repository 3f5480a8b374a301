"""Measures how long a host is silent, and how fast a cut acts, while an engine or the store misbehaves.

`python benchmarks/faults.py [--seconds 30] [--only voice:hangs ...] [--json FILE]`

Each case is a separate room with the card, at 360x640, in its own process. One engine raises, hangs for
30 s or returns nonsense at every third call, or the store is locked, or the disk is full. The longest
silence is counted from the first word to the cut, in frames that left the room.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import numpy as np

from doublure.show.room import Room, open_room
from doublure.show.settings import load_room

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import odd_engines  # noqa: E402 - beside this file
from tests.rooms import write_room  # noqa: E402 - the tests' small room

CASES = (
    "none:",
    *(
        f"{engine}:{how}"
        for engine in ("voice", "mouth", "face", "writer", "chat")
        for how in ("raises", "hangs", "nonsense")
    ),
    "sink:raises",
    "sink:hangs",
    "store:locked",
    "store:full",
)
FRAME_SECONDS = 0.04
SILENT = 1e-4
"""A frame whose loudest sample is below this is silent (-80 dB)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one case."""

    silence_seconds: float
    """Longest silence between the first word and the cut."""
    spoken_seconds: float
    cut_ms: float
    """From the order to the first silent frame."""
    late_pictures: int
    alarms: tuple[str, ...]


def room_file(folder: Path, case: str) -> Path:
    """A small room with the odd engine of `case`."""
    engine = case.partition(":")[0]
    parts = {
        "voice": "odd" if engine == "voice" else "tone",
        "face": "odd" if engine in ("face", "mouth") else "card",
    }
    file = write_room(folder)
    text = file.read_text(encoding="utf-8")
    text = text.replace("engine: tone", f"engine: {parts['voice']}").replace(
        "engine: card", f"engine: {parts['face']}"
    )
    text += f"writer: {{engine: {'odd' if engine == 'writer' else 'templates'}}}\n"
    text += "chats:\n  - {engine: odd}\n  - {engine: console}\n"
    odd_sink = "odd" if engine == "sink" else "'null'"
    text += f"sinks:\n  - {{engine: {odd_sink}}}\n"
    file.write_text(text, encoding="utf-8")
    return file


class Ear:
    """Records which frames on their way to the encoder are loud."""

    def __init__(self, room: Room) -> None:
        self.loud: list[bool] = []
        parts = room._parts
        publish = parts.publisher.publish

        async def heard(frame):  # type: ignore[no-untyped-def]
            self.loud.append(bool(np.abs(frame.pcm).max(initial=0.0) > SILENT))
            await publish(frame)

        parts.publisher.publish = heard  # type: ignore[method-assign]

    def longest_silence(self, until: int) -> float:
        """Longest silence between the first sound and frame `until`, seconds."""
        heard = self.loud[self.loud.index(True) : until] if True in self.loud else []
        longest = run = 0
        for loud in heard:
            run = 0 if loud else run + 1
            longest = max(longest, run)
        return longest * FRAME_SECONDS


async def play(case: str, folder: Path, seconds: float) -> Outcome:
    """Run one room and cut at its end."""
    async with open_room(load_room(room_file(folder, case))) as room:
        ear = Ear(room)
        await anyio.sleep(8.0)
        undo = disturb(case, folder)
        await anyio.sleep(seconds)
        # cut while the host speaks; after 5 s of silence cut anyway
        for _ in range(100):
            if ear.loud and ear.loud[-1]:
                break
            await anyio.sleep(0.05)
        at = len(ear.loud)
        await room.cut()
        await anyio.sleep(1.0)
        quiet = next((n for n in range(at, len(ear.loud)) if not ear.loud[n]), len(ear.loud))
        view = room.view()
        undo()
        return Outcome(
            round(ear.longest_silence(at), 2),
            round(sum(ear.loud) * FRAME_SECONDS, 1),
            round((quiet - at) * FRAME_SECONDS * 1000),
            view.late_pictures,
            view.alarms,
        )


def disturb(case: str, folder: Path) -> Callable[[], None]:
    """Lock the store or fill the disk; returns a function that undoes it."""
    database = folder / "room" / "room.db"
    if case == "store:locked":
        lock = sqlite3.connect(database, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        return lock.close
    if case == "store:full":
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return lambda: None


def run_case(case: str, seconds: float) -> Outcome | str:
    """Run one case in its own process; returns the reason as text if it ended early."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, __file__, "--play", case, "--seconds", str(seconds), "--folder", scratch]
        environment = {**os.environ, "DOUBLURE_ODD": case}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode:
        return (
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}"
        )
    outcome = json.loads(done.stdout.splitlines()[-1])
    return Outcome(**{**outcome, "alarms": tuple(outcome["alarms"])})


def main() -> int:
    """Run every case, print a table and write the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", nargs="*", default=CASES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--play", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.play is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a full disk is an error, not a signal
        odd_engines.install(arguments.folder / "plugins")
        print(json.dumps(asdict(anyio.run(play, arguments.play, arguments.folder, arguments.seconds))))
        return 0
    keys: dict[str, float] = {}
    print(f"{'case':18} {'silence s':>9} {'spoken s':>9} {'cut ms':>7} {'late':>5}  alarms")
    for case in arguments.only:
        outcome = run_case(case, arguments.seconds)
        if isinstance(outcome, str):
            print(f"{case:18} ended early: {outcome}")
            keys[f"{case.replace(':', '_')}_ended_early"] = 1
            continue
        alarms = "; ".join(alarm[:70] for alarm in outcome.alarms)
        print(
            f"{case:18} {outcome.silence_seconds:9.2f} {outcome.spoken_seconds:9.1f} {outcome.cut_ms:7.0f}"
            f" {outcome.late_pictures:5}  {alarms}",
            flush=True,
        )
        name = case.replace(":", "_").rstrip("_")
        keys |= {f"{name}_silence_seconds": outcome.silence_seconds, f"{name}_cut_ms": outcome.cut_ms}
    if arguments.json:
        arguments.json.write_text(json.dumps(keys, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
