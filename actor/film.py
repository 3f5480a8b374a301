"""Renders a script to footage, part by part, with the truth beside it.

A part is ten seconds; finished parts are kept, so a killed run resumes. Several processes draw parts, each
with one thread of the software renderer: the figure's arithmetic then fills the gaps of the drawing.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from actor import studio, truth
from actor.arms import posed
from actor.draw import Stage
from actor.drawn import Picture
from actor.excerpt import sound_track, write_sound
from actor.expression import expression
from actor.figure import Figure, Pose
from actor.gestures import AWAY
from actor.lighting import Lighting
from actor.looks import PRESENTERS
from actor.motion import Movement
from actor.mouth import SMILE, Controls, controls
from actor.script import Script
from actor.sky import DIRECTIONS, open_sky
from doublure.media import FPS

PART_FRAMES = 250
WHOLE = (1080, 1920)
"""Size of the footage, pixels."""
QUALITY = "16"
"""x264's constant rate factor: hardly any loss; calm pictures like these take about 3 Mbit/s."""
BACKDROPS = Path(__file__).parent / "backdrops"
"""Cached backdrops; drawing one takes minutes."""
APART = ("__main__.py", "excerpt.py")
"""Source files that do not affect the pictures."""
SMILE_SHARE = 0.5
"""Weight of a gesture's smile, relative to the mouth's own."""


@dataclass(frozen=True, slots=True)
class Film:
    """What to render, and where."""

    script: Script
    figures: Path
    """Folder with the meshes and textures of the figure."""
    out: Path
    size: tuple[int, int]
    seed: int
    part_frames: int = PART_FRAMES
    sky: int = DIRECTIONS
    """Number of directions for measuring ambient light."""
    window: tuple[int, int, int, int] | None = None
    """Left, top, width and height of the shown part, pixels; None shows the whole picture."""

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height of the footage."""
        return self.size if self.window is None else self.window[2:]

    @property
    def parts(self) -> int:
        return -(-self.script.frames // self.part_frames)

    def part(self, number: int) -> Path:
        return self.out / "parts" / f"{number:04d}.mp4"

    def rows(self, number: int) -> Path:
        return self.out / "parts" / f"{number:04d}.rows"


class Set:
    """A presenter on a stage; draws any frame of a film."""

    def __init__(self, film: Film) -> None:
        looks = PRESENTERS[film.script.presenter]
        self.film = film
        self.figure = Figure(film.figures, looks)
        backdrop = _backdrop(looks.room, film.size)
        self.stage = Stage(self.figure, backdrop, film.size, Lighting())
        self.movement = _movement(film, self.figure)
        self.mouth = _mouth(film)
        self.recorder = truth.Recorder(self.figure, self.stage.camera, (film.window or (0, 0))[:2])
        # measured with the hands away, because moving hands uncover what they hide at rest
        away = Pose(bones=posed(self.figure, dict(zip("LR", AWAY, strict=True))))
        self.stage.mark(self.stage.marks.with_sky(open_sky(self.stage, away, film.sky)))
        self.stage.window = film.window

    def frame(self, number: int) -> tuple[Picture, truth.Row]:
        """Picture and truth of a frame."""
        pose, row = self.pose(number)
        shown = self.stage.draw(pose)
        base, moves = self.stage.last
        return shown, self.recorder.row(base, moves, row, self.movement.moment(number))

    def pose(self, number: int) -> tuple[Pose, NDArray[np.float32]]:
        """Pose and mouth controls of a frame."""
        moment = self.movement.moment(number)
        row = self.mouth[number].copy()
        row[SMILE] = min(1.0, max(row[SMILE], SMILE_SHARE * moment.smile))
        mouth = expression(row)
        units = {**moment.units}
        for name, value in mouth.units.items():
            units[name] = units.get(name, 0.0) + value
        return (
            Pose(
                bones={**moment.bones, **mouth.bones},
                units=units,
                shifts=mouth.shifts,
                offset=moment.offset,
                swell=moment.swell,
            ),
            row,
        )


def render(film: Film, share: int = 0, of: int = 1) -> Generator[int, None, None]:
    """Render the missing parts among every `of`-th part from `share`; yields the number of each part once it
    is on disk. Raises `ValueError` if the folder has parts of another script, size or seed."""
    (film.out / "parts").mkdir(parents=True, exist_ok=True)
    _check_same(film)
    missing = [number for number in range(share, film.parts, of) if not film.rows(number).exists()]
    if not missing:
        return
    stage = Set(film)
    for number in missing:
        first = number * film.part_frames
        last = min(first + film.part_frames, film.script.frames)
        rows: list[truth.Row] = []
        passing = film.part(number).with_suffix(".making.mp4")
        with _Writer(passing, film.shown) as writer:
            for frame in range(first, last):
                picture, row = stage.frame(frame)
                rows.append(row)
                writer.add(picture)
        os.replace(passing, film.part(number))
        # written last: a part counts as finished once its rows exist
        film.rows(number).with_suffix(".making").write_bytes(pickle.dumps(rows))
        os.replace(film.rows(number).with_suffix(".making"), film.rows(number))
        yield number


def finish(film: Film) -> tuple[Path, Path]:
    """Join the parts with the sound and write the truth; returns both paths: `footage.mp4`, `truth.npz`."""
    rows: list[truth.Row] = []
    for number in range(film.parts):
        rows += pickle.loads(film.rows(number).read_bytes())
    footage, beside = film.out / "footage.mp4", film.out / "truth.npz"
    _join(film, footage)
    truth.write(truth.gathered(film.script, film.shown, rows), beside)
    return footage, beside


class _Writer:
    """Writes H.264 at constant quality."""

    def __init__(self, file: Path, size: tuple[int, int]) -> None:
        self._container = av.open(str(file), "w")
        options = {"crf": QUALITY, "preset": "veryfast", "threads": "1", "g": "50"}
        self._stream = self._container.add_stream("libx264", rate=FPS, options=options)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.color_range = 1
        self._stream.codec_context.colorspace = 1

    def __enter__(self) -> _Writer:
        return self

    def add(self, picture: Picture) -> None:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, *_: object) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def _join(film: Film, file: Path) -> None:
    """Concatenate the parts without re-encoding, and add the sound as AAC."""
    with av.open(str(film.part(0))) as first, av.open(str(file), "w") as target:
        video = target.add_stream_from_template(first.streams.video[0])
        sound = sound_track(target)
        start = 0
        for number in range(film.parts):
            with av.open(str(film.part(number))) as part:
                stream = part.streams.video[0]
                tick = 1 / (stream.time_base * FPS)
                count = 0
                for packet in part.demux(stream):
                    if packet.dts is None:
                        continue
                    packet.pts += round(start * tick)
                    packet.dts += round(start * tick)
                    packet.stream = video
                    target.mux(packet)
                    count += 1
                start += count
        write_sound(target, sound, film.script.pcm)


def _backdrop(room: str, size: tuple[int, int]) -> Picture:
    """The room behind the presenter, scaled from the cached picture."""
    whole = studio.picture(room, WHOLE, cache=BACKDROPS)
    return (
        whole if size == WHOLE else np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS))
    )


def _movement(film: Film, figure: Figure) -> Movement:
    script = film.script
    movement = Movement(figure, script.frames / FPS, seed=film.seed, energy=script.energy())
    for section in script.sections:
        if section.kind == "gesture":
            movement.add(section.name, section.start)
    return movement


def _mouth(film: Film) -> Controls:
    script = film.script
    return controls(
        script.phones, script.pcm, script.frames, seed=film.seed, style=PRESENTERS[script.presenter].style
    )


def _check_same(film: Film) -> None:
    """Raise `ValueError` if the folder has parts of another film, or parts drawn by other code."""
    script = film.script
    mark = hashlib.sha256(
        script.pcm.tobytes()
        + repr(
            (script.presenter, script.sections, film.size, film.window, film.seed, film.part_frames)
        ).encode()
    )
    here = Path(__file__).parent
    for source in sorted({*here.glob("*.py"), *here.glob("shaders/*.*")} - {here / name for name in APART}):
        mark.update(source.read_bytes())
    about = film.out / "film.json"
    now = {"film": mark.hexdigest(), "frames": script.frames}
    if not about.exists():
        about.write_text(json.dumps(now), encoding="utf-8")
    elif json.loads(about.read_text(encoding="utf-8")) != now:
        raise ValueError(
            f"{film.out} has parts of another film, or of an older version of the drawing code; "
            "name another folder, or remove film.json, script.pickle and parts from this one"
        )
