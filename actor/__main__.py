"""`python -m actor`: renders the presenters' footage, stills and pictures."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from actor import excerpt as excerpts
from actor import truth
from actor.excerpt import apexes, cut, pictures, write_excerpt
from actor.film import Film, Set, finish, render
from actor.looks import PRESENTERS
from actor.script import Script
from actor.shots import performed
from doublure.media import FPS

app = typer.Typer(add_completion=False, no_args_is_help=True)
FIGURES = Path(__file__).parent / "figures"
Presenter = Annotated[str, typer.Argument(help="woman or man")]


@app.command()
def film(
    presenter: Presenter,
    out: Annotated[Path, typer.Option(help="folder for parts, footage.mp4 and truth.npz")] = Path(
        "out/actor"
    ),
    size: Annotated[
        str,
        typer.Option(help="width x height; 720x1280/400x460+160+150 shows a part of it, from left and top"),
    ] = "1080x1920",
    seed: Annotated[int, typer.Option(help="same seed, same footage")] = 1,
    workers: Annotated[int, typer.Option(help="processes that draw")] = 2,
    only: Annotated[
        str, typer.Option(help="names of shots, with commas, in a folder of their own; all when empty")
    ] = "",
) -> None:
    """Render the whole shot list; resumes an earlier run."""
    folder = out / "-".join([presenter, *_names(only)])
    script = _script(presenter, folder, only)
    whole = Film(script, FIGURES, folder, _size(size), seed, window=_window(size))
    began = time.monotonic()
    command = [sys.executable, "-m", "actor", "part", presenter, str(folder), size, str(seed)]
    # one thread of the software renderer per process: the figure's arithmetic fills the gaps
    environment = {**os.environ, "LP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen([*command, str(share), str(workers)], env=environment) for share in range(workers)
    ]
    failed = [one.wait() for one in running]
    if any(failed):
        raise SystemExit("a part could not be rendered; run the command again to resume")
    footage, beside = finish(whole)
    minutes = (time.monotonic() - began) / 60
    print(f"{footage} ({script.frames} frames) and {beside}, {minutes:.1f} minutes")


@app.command(hidden=True)
def part(presenter: str, folder: Path, size: str, seed: int, share: int, of: int) -> None:
    """Render the parts of one worker."""
    script = _script(presenter, folder, "")
    began = time.monotonic()
    whole = Film(script, FIGURES, folder, _size(size), seed, window=_window(size))
    for number in render(whole, share, of):
        print(f"part {number} after {time.monotonic() - began:.0f} s", flush=True)


@app.command()
def still(
    presenter: Presenter,
    out: Annotated[Path, typer.Option(help="folder of the film")] = Path("out/actor"),
    seconds: Annotated[str, typer.Option(help="times in the film, with commas")] = "1",
    size: Annotated[str, typer.Option(help="width x height")] = "1080x1920",
    seed: Annotated[int, typer.Option(help="same seed, same footage")] = 1,
) -> None:
    """Draw single frames of the film as PNG."""
    folder = out / presenter
    script = _script(presenter, folder, "")
    stage = Set(Film(script, FIGURES, folder, _size(size), seed))
    for second in seconds.split(","):
        picture, _ = stage.frame(min(round(float(second) * 25), script.frames - 1))
        file = folder / f"still-{float(second):06.2f}.png"
        Image.fromarray(picture).save(file)
        print(file)


@app.command()
def excerpt(
    presenter: Presenter,
    to: Annotated[Path, typer.Argument(help="video to write; its truth is written beside it")],
    start: Annotated[float, typer.Option("--from", help="seconds of the film")],
    end: Annotated[float, typer.Option("--until", help="seconds of the film")],
    size: Annotated[str, typer.Option(help="width x height")] = "720x1280",
    out: Annotated[Path, typer.Option(help="folder of the film")] = Path("out/actor"),
) -> None:
    """Cut an excerpt from the finished footage, with its sound and its truth."""
    footage, known = out / presenter / "footage.mp4", truth.read(out / presenter / "truth.npz")
    first, last = round(start * FPS), min(round(end * FPS), len(known.phone))
    write_excerpt(footage, to, first, last, _size(size))
    truth.write(cut(known, first, last, _size(size)), to.with_suffix(".truth.npz"))
    print(f"{to}: {(last - first) / FPS:.1f} s")


@app.command()
def sheet(
    presenter: Presenter,
    to: Annotated[Path, typer.Argument(help="picture to write")],
    out: Annotated[Path, typer.Option(help="folder of the film")] = Path("out/actor"),
) -> None:
    """Make a contact sheet: every gesture at its height, and talk in each language."""
    folder = out / presenter
    known = truth.read(folder / "truth.npz")
    labels = {number: name for name, number in apexes(known).items()}
    for section in known.sections:
        if section.kind in ("idle", "talk", "consent"):
            middle = round((section.start + section.end) / 2 * FPS)
            said = f"{section.kind} {section.language}".strip()
            labels |= {middle: section.name} if section.kind == "idle" else {middle: said, middle + 40: said}
    excerpts.sheet(folder / "footage.mp4", known, labels, to)
    print(f"{to}: {len(labels)} pictures")


@app.command()
def gestures(
    presenter: Presenter,
    to: Annotated[Path, typer.Argument(help="folder for a picture of each gesture")],
    out: Annotated[Path, typer.Option(help="folder of the film")] = Path("out/actor"),
) -> None:
    """Save a picture of each gesture at its height, as shown on the shot list's page."""
    folder = out / presenter
    names = {number: name for name, number in apexes(truth.read(folder / "truth.npz")).items()}
    to.mkdir(parents=True, exist_ok=True)
    for number, picture in pictures(folder / "footage.mp4", names):
        Image.fromarray(picture).resize((405, 720), Image.Resampling.LANCZOS).save(
            to / f"{names[number]}.jpg", quality=82
        )
        print(to / f"{names[number]}.jpg")


def _script(presenter: str, folder: Path, only: str) -> Script:
    """The presenter's script, synthesised once and kept beside the film."""
    if presenter not in PRESENTERS:
        raise typer.BadParameter(f"no presenter {presenter!r}; there are {', '.join(PRESENTERS)}")
    kept = folder / "script.pickle"
    if kept.exists():
        script: Script = pickle.loads(kept.read_bytes())
        return script
    folder.mkdir(parents=True, exist_ok=True)
    print("speaking the shot list", flush=True)
    script = performed(presenter, names=_names(only))
    kept.write_bytes(pickle.dumps(script))
    return script


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _size(text: str) -> tuple[int, int]:
    """Size of the whole picture."""
    return _sides(text.partition("/")[0])


def _window(text: str) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of the shown part; None for the whole picture."""
    window = text.partition("/")[2]
    if not window:
        return None
    size, *corner = window.split("+")
    try:
        left, top = (int(part) for part in corner)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a window; write it as 720x1280/400x460+160+150") from error
    return left, top, *_sides(size)


def _sides(text: str) -> tuple[int, int]:
    try:
        wide, high = (int(part) for part in text.split("x"))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a size; write it as 1080x1920") from error
    if wide % 2 or high % 2 or min(wide, high) < 16:
        raise typer.BadParameter(f"{text!r}: both sides must be even and at least 16")
    return wide, high


if __name__ == "__main__":
    app()
