"""Cuts finished footage: excerpts with their truth, contact sheets, pictures of the gestures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from PIL import Image, ImageDraw

from actor.drawn import Picture
from actor.truth import Truth
from doublure.enrol.footage import sound
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Phone

QUALITY = "17"
SHEET_COLUMNS = 6
TILE = (270, 480)


def pictures(footage: Path, wanted: Iterable[int]) -> Iterator[tuple[int, Picture]]:
    """The frames with these numbers, in order, RGB."""
    left = set(wanted)
    with av.open(str(footage)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in left:
                left.remove(number)
                yield number, frame.to_ndarray(format="rgb24")
            if not left:
                return


def cut(known: Truth, first: int, last: int, size: tuple[int, int]) -> Truth:
    """The truth of frames `first` up to, not including, `last`, for a picture of another size."""
    scale = size[0] / known.size[0]
    start, end = first * SAMPLES_PER_FRAME, last * SAMPLES_PER_FRAME
    arrays = {
        name: getattr(known, name)[first:last]
        for name in ("phone", "controls", "head", "blink", "gaze", "gesture", "phase", "stroke")
    }
    scaled = {
        name: getattr(known, name)[first:last] * scale for name in ("points", "opening", "width", "wrists")
    }
    seconds = first / FPS
    sections = tuple(
        replace(one, start=max(0.0, one.start - seconds), end=min(one.end, last / FPS) - seconds)
        for one in known.sections
        if one.end > seconds and one.start < last / FPS
    )
    phones = tuple(
        Phone(one.symbol, max(one.start, start) - start, min(one.end, end) - start)
        for one in known.phones
        if one.end > start and one.start < end
    )
    return replace(known, size=size, sections=sections, phones=phones, **arrays, **scaled)


def write_excerpt(footage: Path, out: Path, first: int, last: int, size: tuple[int, int]) -> None:
    """Write frames `first` up to, not including, `last` with their sound, scaled to `size`."""
    with (
        av.open(str(footage)) as source,
        av.open(str(out), "w", options={"movflags": "+faststart"}) as target,
    ):
        video = target.add_stream("libx264", rate=FPS, options={"crf": QUALITY, "preset": "slow", "g": "50"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        track = sound_track(target)
        for number, frame in enumerate(source.decode(video=0)):
            if number >= last:
                break
            if number >= first:
                small = frame.reformat(*size, format="yuv420p", interpolation="LANCZOS")
                small.pts, small.time_base = number - first, Fraction(1, FPS)
                target.mux(video.encode(small))
        target.mux(video.encode(None))
        write_sound(target, track, sound(footage)[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME])


def sound_track(target: OutputContainer) -> AudioStream:
    """Add an AAC track for speech; call it before anything is written."""
    track = target.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    track.bit_rate = 128_000
    return track


def write_sound(target: OutputContainer, track: AudioStream, pcm: Pcm) -> None:
    """Write all sound of the track at once; the container interleaves it with the picture."""
    piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None]), format="fltp", layout="mono")
    piece.sample_rate, piece.pts = SAMPLE_RATE, 0
    for packet in [*track.encode(piece), *track.encode(None)]:
        target.mux(packet)


def apexes(known: Truth) -> dict[str, int]:
    """For each gesture: a frame two thirds into its first hold at full height."""
    found: dict[str, int] = {}
    for name in dict.fromkeys(gesture for gesture in known.gesture.tolist() if gesture):
        high = np.flatnonzero(
            (known.gesture == name) & (known.stroke >= 0.999) & (known.phase != "preparation")
        )
        if len(high):
            once = high[: int(np.argmax(np.diff(high, append=high[-1] + FPS) > 1)) + 1]
            found[name] = int(once[len(once) * 2 // 3])
    return found


def sheet(footage: Path, known: Truth, labels: Mapping[int, str], out: Path) -> None:
    """Write a contact sheet of frames by number, each with its label."""
    tiles = []
    for number, picture in pictures(footage, labels):
        tile = Image.fromarray(picture).resize(TILE, Image.Resampling.LANCZOS)
        pen = ImageDraw.Draw(tile)
        text = f"{labels[number]}  {number / FPS:.1f} s"
        pen.rectangle((0, TILE[1] - 22, TILE[0], TILE[1]), fill=(0, 0, 0))
        pen.text((6, TILE[1] - 18), text, fill=(255, 255, 255))
        tiles.append(tile)
    rows = -(-len(tiles) // SHEET_COLUMNS)
    whole = Image.new("RGB", (TILE[0] * SHEET_COLUMNS, TILE[1] * rows))
    for place, tile in enumerate(tiles):
        whole.paste(tile, (place % SHEET_COLUMNS * TILE[0], place // SHEET_COLUMNS * TILE[1]))
    whole.save(out, quality=88)
