"""Measures the whole chain as a viewer receives it: a room on air to a real RTMP server.

`python benchmarks/chain.py [--seconds 300] [--persona DIR --consent FILE | --card] [--json FILE]`

The room is the demo's, with its rendered host at 720x1280 and its voice. `--card` measures the chain
without a persona.

The room, nginx with its RTMP module, and the receiver each run in their own process, so that the figures
of the room are the room's alone. Three steps:

1. The scripts are synthesised into the speech cache (not measured; kept in out/benchmarks for the next run).
2. The room speaks without a break and answers a comment every 20 s.
3. A second room claps 24 times: a flash and a click in the same frame.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import doublure  # first: it limits the threads that numpy starts

# isort: split
import anyio
import psutil

from doublure.air.settings import SinkSettings
from doublure.conversation.phrases import ready
from doublure.errors import DoublureError
from doublure.picture.settings import FaceSettings
from doublure.shop.catalog import load_catalog
from doublure.shop.rundown import load_rundown
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings, load_room
from doublure.voice.cache import SpeechCache
from doublure.voice.engines.kokoro.voice import make as make_voice
from doublure.voice.speaker import Speaker
from engines import ClickVoice, SlateFace
from loop_watch import LoopWatch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))
from tests.servers import nginx_rtmp  # noqa: E402 - the tests' server

PERSONA = ROOT / "demo" / "personas" / "woman"
"""The demo's host."""
LAST_LINES = 12
"""Last lines of a room's output that are shown if it ends early."""
SPEECH_FOLDER = "speech"
"""Folder of a room's speech cache."""
QUESTION_SECONDS = 20.0
WARM_SECONDS = 15.0
"""Measuring begins after this, when the models are loaded and the receiver is connected."""
SLATE_SECONDS = 60.0
QUESTIONS = {
    "zh": (
        "这个牙刷多少钱？",
        "保温杯能装多少水？",
        "外套有几种颜色？",
        "几天能到货？",
        "牙刷充一次电用多久？",
        "杯子是什么材质的？",
    ),
    "en": (
        "How much is the toothbrush?",
        "How much does the cup hold?",
        "Which colours does the jacket come in?",
        "How long is delivery?",
        "How long does the battery last?",
        "What is the cup made of?",
    ),
    "fr": (
        "Combien coûte la brosse à dents ?",
        "Quelle est la contenance de la gourde ?",
        "La veste existe en quelles couleurs ?",
        "La livraison prend combien de temps ?",
        "L'autonomie de la batterie ?",
        "La gourde est en quelle matière ?",
    ),
}
"""Asked in turn; some may have no answer in the catalogue."""


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for a figure."""

    key: str
    what: str
    limit: float
    unit: str


TARGETS = (
    Target("video_gap_pts_ms", "longest video gap, by time stamps", 120, "ms"),
    Target("video_gap_arrival_ms", "longest video gap, by arrival", 120, "ms"),
    Target("audio_gap_pts_ms", "longest audio gap, by time stamps", 60, "ms"),
    Target("audio_gap_arrival_ms", "longest audio gap, by arrival", 60, "ms"),
    Target("av_offset_worst_ms", "A/V offset, worst of the claps (+ sound late)", 60, "ms"),
    Target("cores", "cores used by the room", 1.3, "cores"),
    Target("rss_mb", "memory of the room, highest", 1800, "MB"),
    Target("answer_worst_seconds", "question to first word, worst", 4, "s"),
)
EXTRA = (
    ("answer_median_seconds", "question to first word, median", "s"),
    ("answers", "questions answered", ""),
    ("questions", "questions asked", ""),
    ("speaking_share", "share of frames with speech", ""),
    ("late_pictures", "pictures repeated because they were late", "frames"),
    ("late_pictures_at_start", "the same, in the first 15 s on air", "frames"),
    ("loop_held_per_minute", "event loop more than 10 ms late", "/min"),
    ("loop_busy_per_minute", "of these, by its own computing", "/min"),
    ("loop_worst_ms", "event loop, latest", "ms"),
    ("callbacks_slow_per_minute", "callbacks of more than 10 ms", "/min"),
    ("callbacks_busy_per_minute", "of these, by their own computing", "/min"),
    ("callback_worst_ms", "longest callback", "ms"),
    ("received_fps", "frames a second as received", "fps"),
    ("received_kbps", "bit rate as received", "kbit/s"),
    ("av_offset_mean_ms", "A/V offset, mean", "ms"),
    ("claps", "claps measured", ""),
    ("load_before", "load average of the machine before", ""),
)


# ---- the room's process ---------------------------------------------------------------------


def room_settings(arguments: argparse.Namespace) -> RoomSettings:
    """The demo room at 720x1280, pushing to `arguments.url`."""
    settings = load_room(ROOT / "demo" / arguments.language / "room.yaml")
    face = settings.face
    host: dict[str, Path | None] = {"persona": face.persona, "consent": face.consent}
    if arguments.card:
        face, host = FaceSettings(engine="card"), {"persona": None, "consent": None}
    elif arguments.persona:
        host = {"persona": arguments.persona, "consent": arguments.consent}
        face = FaceSettings(engine="patch", persona=arguments.persona, consent=arguments.consent)
    return settings.model_copy(
        update={
            "folder": ROOT / "out" / "benchmarks" / arguments.language,
            "face": face,
            "voice": settings.voice.model_copy(update=host),
            "picture": settings.picture.model_copy(update={"width_pixels": 720, "height_pixels": 1280}),
            "sinks": (SinkSettings(engine="rtmp", name="rtmp", url=arguments.url),),
        }
    )


async def fill_cache(settings: RoomSettings) -> None:
    """Synthesise what a room has in its cache after the first minutes: every line of the rundown and the
    sentences that introduce answers."""
    speaker = Speaker(
        make_voice(settings.voice, settings.language),
        settings.language,
        SpeechCache(settings.folder / SPEECH_FOLDER),
    )
    rundown = load_rundown(settings.rundown, load_catalog(settings.catalog))
    for slot in rundown.slots:
        for line in slot.lines:
            await speaker.prepare(line.text)
    for text in ready(settings.language):
        await speaker.prepare(text)


async def ask(room: Room, language: str, seconds: float) -> int:
    """Send a comment every 20 s; returns their number."""
    count = 0
    end = time.monotonic() + seconds
    await anyio.sleep(QUESTION_SECONDS / 4)
    while time.monotonic() < end - QUESTION_SECONDS / 2:
        await room.comment(f"viewer{count}", QUESTIONS[language][count % len(QUESTIONS[language])])
        count += 1
        await anyio.sleep(QUESTION_SECONDS)
    await anyio.sleep(max(0.0, end - time.monotonic()))
    return count


async def run_show(arguments: argparse.Namespace) -> None:
    """The process of the answering room; it writes its own figures to a file."""
    settings = room_settings(arguments)
    await fill_cache(settings)
    watch = LoopWatch()
    async with open_room(settings) as room, anyio.create_task_group() as watching:
        watching.start_soon(watch.run)
        await anyio.sleep(WARM_SECONDS)
        watch.clear()
        before = room.measures()
        (arguments.folder / "show.began").touch()
        asked = await ask(room, arguments.language, arguments.seconds)
        after = room.measures()
        loop = watch.figures(arguments.seconds)
        watching.cancel_scope.cancel()
    waits = sorted(after.answer_seconds)
    frames = max(1, after.frames - before.frames)
    figures = {
        "questions": asked,
        "answers": len(waits),
        "answer_median_seconds": waits[len(waits) // 2] if waits else None,
        "answer_worst_seconds": waits[-1] if waits else None,
        "speaking_share": (after.speaking_frames - before.speaking_frames) / frames,
        "late_pictures": after.late_pictures - before.late_pictures,
        "late_pictures_at_start": before.late_pictures,
        **loop,
    }
    (arguments.folder / "room.json").write_text(json.dumps(figures))


async def run_slate(arguments: argparse.Namespace) -> None:
    """The process of the clapping room."""
    settings = room_settings(arguments)
    async with open_room(settings, voice=ClickVoice(), face=SlateFace(settings.picture.size)):
        await anyio.sleep(3.0)
        (arguments.folder / "slate.began").touch()
        await anyio.sleep(arguments.seconds)


# ---- this process -----------------------------------------------------------------------------


class Ended(Exception):
    """A room's process ended before it was measured; the text says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """The process of a room, and its files."""

    process: subprocess.Popen[bytes]
    began: Path
    """The room creates this file when it is ready to be measured."""
    said: Path
    """Its stderr."""

    def wait_until_begun(self) -> None:
        """Wait until the room can be measured. Raises `Ended`."""
        while not self.began.exists():
            if self.process.poll() is not None:
                raise self.ended()
            time.sleep(0.1)

    def ended(self) -> Ended:
        """The reason that it ended: exit status and last lines."""
        code = self.process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        lines = self.said.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        return Ended("\n".join([f"the room ended early ({how}):", *(lines or ["it said nothing"])]))


def watch(part: Part, seconds: float) -> dict[str, float]:
    """Cores and memory of a room's process over `seconds`. Raises `Ended`."""
    highest, spent, start = 0, 0.0, time.monotonic()
    try:
        room = psutil.Process(part.process.pid)
        used = sum(room.cpu_times()[:2])
        while time.monotonic() < start + seconds:
            if part.process.poll() is not None:
                raise part.ended()
            highest = max(highest, room.memory_info().rss)
            time.sleep(0.5)
        spent = sum(room.cpu_times()[:2]) - used
    except psutil.Error:
        raise part.ended() from None
    return {"cores": spent / (time.monotonic() - start), "rss_mb": highest / 1e6}


def run_parts(arguments: argparse.Namespace, folder: Path) -> dict[str, float | None]:
    """Run both rooms with their receivers; returns all figures. Raises `Ended`."""
    server = nginx_rtmp(folder / "nginx")
    if server is None:
        raise SystemExit(
            "nginx with its RTMP module is not installed (Debian: apt-get install nginx libnginx-mod-rtmp)"
        )
    figures: dict[str, float | None] = {"load_before": os.getloadavg()[0]}
    server.start()
    try:
        for name, seconds in (("show", arguments.seconds), ("slate", SLATE_SECONDS)):
            figures |= run_part(arguments, folder, name, server.url(name), seconds)
    finally:
        server.kill()
    return figures


def run_part(
    arguments: argparse.Namespace, folder: Path, name: str, url: str, seconds: float
) -> dict[str, float | None]:
    """Run one room and its receiver; returns their figures. Raises `Ended`."""
    said, out = folder / f"{name}.txt", folder / f"{name}.json"
    orders = ["--part", name, "--url", url, "--folder", str(folder), "--seconds", str(seconds)]
    with said.open("wb") as errors:
        process = subprocess.Popen([*own_command(arguments), *orders], stderr=errors)
    part = Part(process, folder / f"{name}.began", said)
    receiver: subprocess.Popen[bytes] | None = None
    figures: dict[str, float | None] = {}
    try:
        part.wait_until_begun()
        pull = [str(HERE / "receive.py"), url, "--seconds", str(seconds - 5), "--json", str(out)]
        claps = ["--claps"] if name == "slate" else []
        receiver = subprocess.Popen([sys.executable, *pull, *claps], stdout=subprocess.DEVNULL)
        if name == "show":
            figures |= watch(part, seconds - 5)
        receiver.wait()
        if part.process.wait() != 0:
            raise part.ended()
    finally:
        for one in (process, receiver):
            if one is not None and one.poll() is None:
                one.kill()
                one.wait()
    received = json.loads(out.read_text())
    wanted = ("claps", "av_offset_mean_ms", "av_offset_worst_ms")
    figures |= {key: value for key, value in received.items() if (key in wanted) == (name == "slate")}
    if name == "show":
        figures |= json.loads((folder / "room.json").read_text())
    return figures


def own_command(arguments: argparse.Namespace) -> list[str]:
    """The command that runs this script as the room's process."""
    command = [sys.executable, str(Path(__file__).resolve()), "--language", arguments.language]
    if arguments.persona:
        command += ["--persona", str(arguments.persona), "--consent", str(arguments.consent)]
    return [*command, "--card"] if arguments.card else command


def table(figures: dict[str, float | None], arguments: argparse.Namespace) -> None:
    """Print the figures."""
    face = "card" if arguments.card else f"persona {(arguments.persona or PERSONA).name}"
    print(
        f"Doublure {doublure.__version__}, {face}, {arguments.language}, {arguments.seconds:.0f} s, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}\n"
    )
    for target in TARGETS:
        value = figures.get(target.key)
        shown = "-" if value is None else f"{value:.2f}"
        kept = value is not None and abs(value) <= target.limit
        print(
            f"{target.what:46} {shown:>9} {target.unit:6} <= {target.limit:<6g} {'ok' if kept else 'MISSED'}"
        )
    print()
    for key, what, unit in EXTRA:
        value = figures.get(key)
        print(f"{what:46} {'-' if value is None else f'{value:.2f}':>9} {unit}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure the whole chain as received.")
    parser.add_argument("--seconds", type=float, default=300.0, help="length of the show (default 300)")
    parser.add_argument("--language", choices=sorted(QUESTIONS), default="zh")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--persona", type=Path, help="persona to show (default: the demo's)")
    shown.add_argument("--card", action="store_true", help="no persona: the face is the card")
    parser.add_argument("--consent", type=Path, help="consent of the host of --persona")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--part", choices=("show", "slate"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if bool(arguments.persona) != bool(arguments.consent):
        parser.error("--persona and --consent belong together")
    try:
        if arguments.part:
            anyio.run(run_slate if arguments.part == "slate" else run_show, arguments)
            return 0
    except DoublureError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures = run_parts(arguments, Path(folder))
    except Ended as why:
        print(why, file=sys.stderr)
        return 1
    table(figures, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
