"""Pulls a stream and measures it as a viewer receives it.

`python benchmarks/receive.py URL [--seconds 20] [--claps] [--json FILE]`

URL is an RTMP or HTTP-FLV address or a file. A gap is the time between neighbouring packets of one kind,
by time stamp and by arrival. With `--claps` picture and sound are decoded too. A clap is a white picture
(the flash) with a loud sample (the click); its offset is positive if the sound is late. Run this in its own
process, so that it measures the sender alone.

An RTMP server on this machine is reached through a relay that acknowledges every segment at once. nginx's
RTMP module leaves Nagle's algorithm on, so it would hold small packets back until the acknowledgement,
which the system delays by 40 ms. The sender under test does not cause that delay.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np

SETTLE_SECONDS = 1.0
"""Arrivals in the first second are not measured, because a server sends its backlog at once."""
WHITE = 200
"""Mean luma of a flash; 235 is white."""
LOUD = 0.25
"""Least sample value of a click; 1 is full scale."""
REST_SECONDS = 0.3
"""Shortest time between two claps; anything sooner belongs to the one before."""
PAIR_SECONDS = 0.5
"""A flash and a click further apart are not one clap."""
OPTIONS = {"analyzeduration": "1000000", "rtmp_live": "live", "rtmp_buffer": "100"}

EXTRA = (
    ("seconds", "length of what was received", "s"),
    ("video_gap_pts_ms", "longest video gap, by time stamps", "ms"),
    ("video_gap_arrival_ms", "longest video gap, by arrival", "ms"),
    ("audio_gap_pts_ms", "longest audio gap, by time stamps", "ms"),
    ("audio_gap_arrival_ms", "longest audio gap, by arrival", "ms"),
    ("keyframe_gap_ms", "longest time between keyframes", "ms"),
    ("received_fps", "frames a second as received", "fps"),
    ("received_kbps", "bit rate as received", "kbit/s"),
    ("width_pixels", "width of the picture", "px"),
    ("height_pixels", "height of the picture", "px"),
    ("claps", "claps measured", ""),
    ("av_offset_mean_ms", "A/V offset, mean (+ sound late)", "ms"),
    ("av_offset_min_ms", "A/V offset, lowest", "ms"),
    ("av_offset_max_ms", "A/V offset, highest", "ms"),
    ("av_offset_worst_ms", "A/V offset, furthest from 0", "ms"),
    ("ai_mark", "1: the metadata carries the AI mark", ""),
)


@dataclass(slots=True)
class Track:
    """The packets of one kind, in order of arrival; times in seconds."""

    stamps: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    """Monotonic clock of this machine."""
    keyframes: list[float] = field(default_factory=list)
    """Time stamps."""
    payload_bytes: int = 0


@dataclass(slots=True)
class Received:
    """A stream as received."""

    video: Track
    audio: Track
    width: int = 0
    height: int = 0
    mark: str = ""
    """The AI mark in the stream's metadata."""
    flashes: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    flash_arrivals: list[float] = field(default_factory=list)
    """Monotonic clock when the picture of each flash arrived."""
    fault: str = ""
    """Why it ended early; "" if the time was over or the sender closed."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures; None for one that could not be measured."""

    seconds: float
    video_gap_pts_ms: float | None
    video_gap_arrival_ms: float | None
    audio_gap_pts_ms: float | None
    audio_gap_arrival_ms: float | None
    keyframe_gap_ms: float | None
    """Longest time from one keyframe to the next."""
    received_fps: float | None
    received_kbps: float | None
    width_pixels: int
    height_pixels: int
    claps: int
    av_offset_mean_ms: float | None
    av_offset_min_ms: float | None
    av_offset_max_ms: float | None
    av_offset_worst_ms: float | None
    """The one furthest from 0."""
    ai_mark: int
    """1 when the metadata carries the AI mark."""


def receive(url: str, seconds: float, *, claps: bool = False, patience_seconds: float = 10.0) -> Received:
    """Pull `url` for `seconds` after its first packet, or to its end. Raises `av.FFmpegError` if it cannot be
    opened within `patience_seconds`. If the stream breaks off, the part received is returned."""
    got = Received(Track(), Track())
    options = OPTIONS if url.startswith("rtmp") else {"analyzeduration": "1000000"}
    timeout = (patience_seconds, patience_seconds)
    with _near(url) as address, av.open(address, timeout=timeout, options=options) as container:
        got.mark = container.metadata.get("AIGC", "")
        end: float | None = None
        try:
            for packet in container.demux():
                now = time.monotonic()
                end = end or now + seconds
                if packet.pts is not None:
                    _note(got, packet, now)
                    if claps:
                        _listen(got, packet, now)
                if now > end:
                    break
        except av.FFmpegError as error:
            got.fault = str(error)
    return got


@contextmanager
def _near(url: str) -> Iterator[str]:
    """The address to open: for an RTMP server on this machine that of a relay, else `url`."""
    parts = urlsplit(url)
    if parts.scheme != "rtmp" or parts.hostname not in ("127.0.0.1", "localhost"):
        yield url
        return
    server = (parts.hostname, parts.port or 1935)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_relay, args=(door, server), daemon=True).start()
        yield parts._replace(netloc=f"127.0.0.1:{door.getsockname()[1]}").geturl()


def _relay(door: socket.socket, server: tuple[str, int]) -> None:
    with contextlib.suppress(OSError):
        viewer, _ = door.accept()
        with viewer, socket.create_connection(server) as source:
            for end in (viewer, source):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pass_on, args=(viewer, source), daemon=True).start()
            _pass_on(source, viewer)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            if hasattr(socket, "TCP_QUICKACK"):  # Linux, and only until the next packet
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = source.recv(65536)
            if not piece:
                break
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def _note(got: Received, packet: av.Packet, now: float) -> None:
    stamp = float(packet.pts * packet.time_base)
    track = got.video if packet.stream.type == "video" else got.audio
    track.stamps.append(stamp)
    track.arrivals.append(now)
    track.payload_bytes += packet.size
    if packet.stream.type == "video":
        got.width, got.height = packet.stream.width, packet.stream.height
        if packet.is_keyframe:
            track.keyframes.append(stamp)


def _listen(got: Received, packet: av.Packet, now: float) -> None:
    for frame in packet.decode():
        if isinstance(frame, av.VideoFrame):
            luma = np.frombuffer(frame.planes[0], np.uint8)
            if luma[:: max(1, luma.size // 4096)].mean() > WHITE and _new(got.flashes, frame.time):
                got.flashes.append(frame.time)
                got.flash_arrivals.append(now)
        elif isinstance(frame, av.AudioFrame):
            samples = frame.to_ndarray()
            loud = np.flatnonzero(np.abs(samples[0]) > LOUD)
            for place in loud:
                at = frame.time + int(place) / frame.sample_rate
                if _new(got.clicks, at):
                    got.clicks.append(at)


def _new(claps: list[float], at: float) -> bool:
    return not claps or at - claps[-1] > REST_SECONDS


def offsets(flashes: list[float], clicks: list[float]) -> list[float]:
    """Sound minus picture in seconds for each flash that has a click near it."""
    found = []
    for flash in flashes:
        near = min(clicks, key=lambda click: abs(click - flash), default=None)
        if near is not None and abs(near - flash) <= PAIR_SECONDS:
            found.append(near - flash)
    return found


def longest_gap(times: list[float], since: float = float("-inf")) -> float | None:
    """Longest time between neighbours, of those whose first is at `since` or later; None if there are no
    such neighbours."""
    gaps = [after - before for before, after in itertools.pairwise(times) if before >= since]
    return max(gaps, default=None)


def report(got: Received) -> Report:
    """The figures of a received stream."""
    found = [1000 * offset for offset in offsets(got.flashes, got.clicks)]
    worst: float = max(found, key=abs, default=0.0)
    stamps = got.video.stamps
    span = stamps[-1] - stamps[0] if len(stamps) > 1 else 0.0
    settled = min([*got.video.arrivals[:1], *got.audio.arrivals[:1]], default=0.0) + SETTLE_SECONDS
    payload = got.video.payload_bytes + got.audio.payload_bytes
    return Report(
        seconds=round(span, 3),
        video_gap_pts_ms=_ms(longest_gap(stamps)),
        video_gap_arrival_ms=_ms(longest_gap(got.video.arrivals, settled)),
        audio_gap_pts_ms=_ms(longest_gap(got.audio.stamps)),
        audio_gap_arrival_ms=_ms(longest_gap(got.audio.arrivals, settled)),
        keyframe_gap_ms=_ms(longest_gap(got.video.keyframes)),
        received_fps=round((len(stamps) - 1) / span, 2) if span else None,
        received_kbps=round(payload * 8 / 1000 / span) if span else None,
        width_pixels=got.width,
        height_pixels=got.height,
        claps=len(found),
        av_offset_mean_ms=round(statistics.fmean(found), 2) if found else None,
        av_offset_min_ms=round(min(found), 2) if found else None,
        av_offset_max_ms=round(max(found), 2) if found else None,
        av_offset_worst_ms=round(worst, 2) if found else None,
        ai_mark=int('"Label"' in got.mark),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure a stream as received.")
    parser.add_argument("url", help="RTMP or HTTP-FLV address, or a file")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to pull (default 20)")
    parser.add_argument("--claps", action="store_true", help="decode, and pair flashes with clicks")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    try:
        got = receive(arguments.url, arguments.seconds, claps=arguments.claps)
    except (av.FFmpegError, OSError) as error:
        print(f"cannot be received: {error}", file=sys.stderr)
        return 1
    figures = asdict(report(got))
    for name, label, unit in EXTRA:
        value = figures[name]
        print(f"{label:38} {'-' if value is None else value:>10} {unit}")
    if got.fault:
        print(f"ended early: {got.fault}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
