"""Footage for tests: the drawn host, speaking by the loudness of a generated voice. She is nobody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from doublure.consent import Consent, Part, Terms, fingerprint, issue
from doublure.faces.card import make
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Picture, Place, Size, Speech
from doublure.settings import FaceSettings
from doublure.visemes import mouth_rows

SIZE = Size(432, 768)
START, END = date(2026, 1, 1), date(2099, 12, 31)


def voice(seconds: float) -> Pcm:
    """Syllables: a buzz that swells and fades three times a second, with half a second of silence at
    each end."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = np.sign(np.sin(2 * np.pi * 140 * at)) * np.abs(np.sin(2 * np.pi * 1.5 * at)) ** 1.5
    pcm = (0.25 * buzz * (1 + 0.5 * np.sin(2 * np.pi * 0.37 * at))).astype(np.float32)
    pcm[(at < 0.5) | (at > seconds - 0.5)] = 0
    return pcm


@cache
def host(size: Size = SIZE) -> tuple[object, ...]:
    """The drawn host at a size, made once."""
    return (make(FaceSettings(engine="card"), size),)


def talking(
    seconds: float, size: Size = SIZE, said: Speech | None = None
) -> tuple[list[Picture], Pcm, NDArray[np.float32]]:
    """Pictures, sound (syllables where nothing is `said`), and the true opening of each frame."""
    speech = said or Speech(voice(seconds))
    pcm = speech.pcm[: round(seconds * SAMPLE_RATE)]
    rows = mouth_rows(speech)[: len(pcm) // SAMPLES_PER_FRAME]
    (face,) = host(size)
    state: object = None
    pictures: list[Picture] = []
    for number, row in enumerate(rows):
        picture, state = face.render(Place("talk", number), row, state)  # type: ignore[attr-defined]
        pictures.append(picture)
    return pictures, pcm, rows[:, 0]


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
    """The clip with a display matrix that says: turn by a quarter (as phones write it)."""
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
    """A consent for files of footage, signed with a key of the folder."""
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


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Pearson's."""
    value = float(np.corrcoef(one, other)[0, 1])
    return 0.0 if math.isnan(value) else value
