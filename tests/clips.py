"""Footage for tests: the demo's rendered host speaks what a test needs. She depicts no real person."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from doublure.enrol.face_track import mouths_of
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Picture, Place, Size, Speech
from doublure.picture.body.plates import fitted
from doublure.picture.faces.patch import PatchFace
from doublure.picture.mouth.geometry import opening
from doublure.trust.consent import Consent, Part, Terms, fingerprint, issue
from doublure.trust.consent import load as load_consent
from doublure.trust.persona import load as load_persona

SIZE = Size(432, 768)
START, END = date(2026, 1, 1), date(2099, 12, 31)
PERSONAS = Path(__file__).resolve().parents[1] / "demo" / "personas"
CLOSE_LEFT, CLOSE = 60, Size(600, 1066)
"""The part of her picture that clips show, closer than in a room, because in a small clip her face must be
large enough for MediaPipe."""
QUIET, LOUD = 0.012, 0.3
"""RMS of a frame at which her mouth begins to open, and at which it is widest."""


def voice(seconds: float) -> Pcm:
    """Syllables: a buzz that swells and fades three times a second, half a second of silence at each end."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = np.sign(np.sin(2 * np.pi * 140 * at)) * np.abs(np.sin(2 * np.pi * 1.5 * at)) ** 1.5
    pcm: Pcm = (0.25 * buzz * (1 + 0.5 * np.sin(2 * np.pi * 0.37 * at))).astype(np.float32)
    pcm[(at < 0.5) | (at > seconds - 0.5)] = 0
    return pcm


@cache
def host() -> PatchFace:
    """The demo's rendered host at her own size."""
    consent = load_consent(PERSONAS / "woman.consent.json", today=date(2026, 12, 1))
    persona = load_persona(PERSONAS / "woman", consent)
    return PatchFace(persona, persona.size)


@cache
def _rest_and_wide() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Her mouth at rest and wide open, coefficients [SHAPES], from the frames with stored landmarks."""
    track = host()._track
    kept = track.texture_frames
    textures = replace(
        track,
        control=track.control[kept],
        scale=track.scale[kept],
        rotation=track.rotation[kept],
        shift=track.shift[kept],
        opening=track.opening[kept],
    )
    shapes, rest = mouths_of(textures)
    return rest, shapes[np.argsort(textures.opening)[-len(shapes) // 20 :]].mean(axis=0)


def _rows(said: Speech | None, pcm: Pcm) -> NDArray[np.float32]:
    """Her mouth in each frame, [frames, SHAPES]: articulating `said`, else as open as `pcm` is loud."""
    if said is not None:
        return host().mouth(said)[: len(pcm) // SAMPLES_PER_FRAME]
    frames = pcm[: len(pcm) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME].reshape(-1, SAMPLES_PER_FRAME)
    loudness = np.sqrt((frames**2).mean(axis=1))
    share = np.sqrt(((loudness - QUIET) / (LOUD - QUIET)).clip(0, 1))[:, None]
    rest, wide = _rest_and_wide()
    return np.asarray(rest + share * (wide - rest), np.float32)


def _close(picture: Picture) -> Picture:
    """The part of her picture that clips show."""
    high, wide = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[high:].reshape(2, high // 2, wide // 2)
    columns = slice(CLOSE_LEFT // 2, (CLOSE_LEFT + CLOSE.width) // 2)
    cut = np.ascontiguousarray(chroma[:, : CLOSE.height // 2, columns]).reshape(-1, CLOSE.width)
    return np.concatenate([picture[: CLOSE.height, CLOSE_LEFT : CLOSE_LEFT + CLOSE.width], cut])


def _rendered(rows: NDArray[np.float32]) -> Iterator[Picture]:
    state: object = None
    for number, row in enumerate(rows):
        picture, state = host().render(Place("talk", number), row, state)
        yield _close(picture)


Film = tuple[tuple[Picture, ...], Pcm, NDArray[np.float64]]
"""Pictures, sound and true openings."""


def _film(seconds: float, size: Size, said: Speech | None) -> Film:
    pcm = (said.pcm if said is not None else voice(seconds))[: round(seconds * SAMPLE_RATE)]
    rows = _rows(said, pcm)
    shape = (len(rows), size.height * 3 // 2, size.width)
    # in an unnamed file, because half a minute of pictures is too much for memory
    with tempfile.TemporaryFile() as file:
        kept = np.memmap(file, np.uint8, "w+", shape=shape)
    for number, picture in enumerate(fitted(_rendered(rows), CLOSE, size)):
        kept[number] = picture
    kept.flags.writeable = False
    return tuple(np.asarray(picture) for picture in kept), pcm, opening(host()._track.shape.points(rows))


@cache
def _syllables(seconds: float, size: Size) -> Film:
    return _film(seconds, size, None)


def talking(
    seconds: float, size: Size = SIZE, said: Speech | None = None
) -> tuple[list[Picture], Pcm, NDArray[np.float64]]:
    """Pictures (read-only), sound (syllables without `said`), and the true opening of each frame in eye
    distances. Syllables are rendered once per process."""
    pictures, pcm, truth = _syllables(seconds, size) if said is None else _film(seconds, size, said)
    return list(pictures), pcm.copy(), truth


def write_clip(
    file: Path,
    pictures: list[Picture],
    pcm: Pcm | None,
    *,
    rate: int = FPS,
    times: list[float] | None = None,
) -> Path:
    """An MP4 as a camera would write it; `times` in seconds give a variable frame rate."""
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    with av.open(str(file), "w") as clip:
        video = clip.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "16"}
        video.codec_context.time_base = Fraction(1, 1000)
        audio = clip.add_stream("aac", rate=SAMPLE_RATE) if pcm is not None else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * (times[number] if times else number / rate))
            clip.mux(video.encode(frame))
        clip.mux(video.encode(None))
        if audio is not None and pcm is not None:
            for start in range(0, len(pcm), SAMPLES_PER_FRAME):
                piece = np.ascontiguousarray(pcm[None, start : start + SAMPLES_PER_FRAME])
                sound = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
                sound.sample_rate, sound.pts = SAMPLE_RATE, start
                sound.time_base = Fraction(1, SAMPLE_RATE)
                clip.mux(audio.encode(sound))
            clip.mux(audio.encode(None))
    return file


def turned(file: Path, out: Path) -> Path:
    """The clip with a display matrix for a quarter turn, as phones write it."""
    raw = bytearray(file.read_bytes())
    place = raw.index(b"tkhd") + 4 + 40
    matrix = [0, 0x10000, 0, 0x10000 * -1, 0, 0, 0, 0, 0x40000000]
    raw[place : place + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    out.write_bytes(bytes(raw))
    return out


def lying(pictures: list[Picture]) -> Iterator[Picture]:
    """The pictures turned by a quarter, so that `turned` sets them upright again."""
    for picture in pictures:
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        planes = [picture[:height], *picture[height:].reshape(2, height // 2, width // 2)]
        yield np.concatenate([np.ascontiguousarray(np.rot90(plane)).reshape(-1, height) for plane in planes])


def blank(size: Size, level: int = 120) -> Picture:
    """A grey picture."""
    picture = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    picture[: size.height] = level
    return picture


def placed(small: Picture, size: Size, corners: list[tuple[int, int]]) -> Picture:
    """A grey picture with copies of a smaller one; corners are even."""
    whole = blank(size)
    high, wide = small.shape[0] * 2 // 3, small.shape[1]
    chroma = whole[size.height :].reshape(2, size.height // 2, size.width // 2)
    colour = small[high:].reshape(2, high // 2, wide // 2)
    for x, y in corners:
        whole[y : y + high, x : x + wide] = small[:high]
        chroma[:, y // 2 : (y + high) // 2, x // 2 : (x + wide) // 2] = colour
    return whole


def consent_for(
    folder: Path, *footage: Path, who: str = "Nobody Drawn", covers: tuple[Part, ...] = ("face", "voice")
) -> Consent:
    """A consent for files of footage, signed with the key in the folder."""
    terms = Terms(
        who=who,
        company="Test Shop",
        purpose="tests",
        platforms=(),
        scope="local",
        start=START,
        end=END,
        footage=tuple(fingerprint(file) for file in footage),
        covers=covers,
    )
    count = len(list(folder.glob("consent-*.json")))
    return issue(terms, folder / "key", folder / f"consent-{count}.json")


Floats = NDArray[np.float32] | NDArray[np.float64]


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's correlation; 0 if undefined."""
    value = float(np.corrcoef(one, other)[0, 1])
    return 0.0 if math.isnan(value) else value
