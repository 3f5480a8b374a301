"""Fuzzes every parser of data from other machines: none may raise an undeclared error or be slow.

`python benchmarks/fuzz.py [--inputs N] [--seed N] [--only NAME] [--json FILE]`. The same seed gives the same
inputs. Times are processor times, so a busy machine changes them little.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from doublure.address import AddressError, parse_rtmp, parse_rtmp_server, redact, redact_text, redirected
from doublure.air.formats import amf
from doublure.air.formats.chunks import ChunkError, Message, Reader
from doublure.air.formats.rtmp import Connection
from doublure.clock import RealClock
from doublure.errors import EngineError
from doublure.excerpt import SHOWN_CHARACTERS, excerpt
from doublure.media import SAMPLE_RATE
from doublure.voice.engines.decode import Decoder

INPUTS = 200_000
"""Inputs per parser."""
SLOW_MS = 100.0
"""Processor time above which an input is slow: two and a half frames."""
LONGEST_BYTES = 1 << 16
"""Longest input."""
_LONG_SHARE = 200
"""One input in this many is extended to the longest by repeating a piece of it."""
_EDGES = (
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x01",
)


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser and its seeds."""

    read: Callable[[bytes], object]
    faults: tuple[type[Exception], ...]
    """The errors that it declares."""
    seeds: tuple[bytes, ...]
    """Valid inputs, which are mutated."""


@dataclass(slots=True)
class Found:
    """The results of one parser."""

    inputs: int = 0
    refused: int = 0
    """Inputs that raised a declared error."""
    worst_ms: float = 0.0
    slow: int = 0
    crashes: int = 0
    first: str = ""
    """The first crash or slow input, shortened."""


# ---- inputs ------------------------------------------------------------------------------------------


def mutated(seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """One input: a seed with a few changes, two seeds joined, or noise; sometimes very long."""
    raw = bytearray(rng.choice(seeds))
    if rng.random() < 0.05:
        raw = bytearray(rng.randbytes(rng.randrange(1, 200)))
    for _ in range(rng.choice((0, 1, 1, 2, 4, 16))):
        _change(raw, seeds, rng)
    if rng.randrange(_LONG_SHARE) == 0 and raw:
        at = rng.randrange(len(raw))
        piece = bytes(raw[at : at + rng.choice((1, 2, 7, 64))])
        raw[at:at] = piece * (LONGEST_BYTES // len(piece))
    return bytes(raw[:LONGEST_BYTES])


def _change(raw: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(raw) + 1)
    span = rng.choice((1, 1, 2, 4, 16, 256))
    change = rng.randrange(7)
    if change == 0 and at < len(raw):
        raw[at] ^= 1 << rng.randrange(8)
    elif change == 1:
        edge = rng.choice(_EDGES)
        raw[at : at + len(edge)] = edge
    elif change == 2:
        raw[at:at] = rng.randbytes(span)
    elif change == 3:
        del raw[at : at + span]
    elif change == 4:
        raw[at:at] = raw[at : at + span] * rng.choice((1, 2, 50))
    elif change == 5:
        other = rng.choice(seeds)
        from_there = rng.randrange(len(other) + 1)
        raw[at:] = other[from_there:]
    else:
        del raw[at:]


# ---- the parsers -------------------------------------------------------------------------------------


def _chunks(raw: bytes) -> None:
    reader = Reader()
    step = 1 + raw[0] if raw else 1
    for at in range(0, len(raw), max(step, 64 * (len(raw) > 4096))):
        reader.feed(raw[at : at + step])
        reader.messages()


def _commands(raw: bytes) -> None:
    connection = Connection(parse_rtmp("rtmp://host/app/secret-key?sign=secret"), RealClock(), 1.0)
    for kind in (20, 17, 4):
        try:
            connection._take(Message(kind, raw))
        except OSError as error:
            if "secret-key" in str(error):
                raise ValueError("the stream key is shown") from error


def _address(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    redact(text)
    redact_text(text)
    parse_rtmp_server(text)
    known = parse_rtmp(text)
    redirected(known, text)
    assert known.key
    assert known.host
    assert 0 < known.port < 65536


def _excerpt(raw: bytes) -> None:
    shown = excerpt(raw.decode("utf-8", "surrogateescape"))
    assert len(shown) <= SHOWN_CHARACTERS
    assert shown.isprintable()


def _decoder(content_type: str) -> Callable[[bytes], None]:
    def read(raw: bytes) -> None:
        decoder = Decoder(content_type, SAMPLE_RATE, "http://there")
        half = len(raw) // 2
        for piece in (raw[:half], raw[half:]):
            pcm = decoder.feed(piece)
            assert pcm.dtype == np.float32
        decoder.finish()

    return read


def _message(body: bytes, kind: int = 20, lane: int = 3) -> bytes:
    head = bytes((lane,)) + bytes(3) + len(body).to_bytes(3, "big") + bytes((kind, 0, 0, 0, 0))
    pieces = [body[at : at + 128] for at in range(0, len(body), 128)] or [b""]
    return head + bytes((0xC0 | lane,)).join(pieces)


def _wav(bits: int, code: int, rate: int, channels: int) -> bytes:
    size = bits // 8 * channels
    head = struct.pack("<HHIIHH", code, channels, rate, rate * size, size, bits)
    sound = bytes(range(256)) * 8
    return b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00" + head + b"data\xff\xff\xff\xff" + sound


def _coded(container: str, codec: str, rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        tone = np.sin(np.arange(rate // 5) / 20).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone[None], "flt", "mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            stream.format, "mono", stream.rate, frame_size=stream.codec_context.frame_size or 0
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def parsers() -> dict[str, Parser]:
    """All parsers by name. Add new ones here."""
    status: dict[str, amf.Value] = {
        "level": "error",
        "code": "NetStream.Publish.BadName",
        "description": "no",
    }
    moved: dict[str, amf.Value] = {"code": 302, "redirect": "rtmp://other/app"}
    commands = (
        amf.encode("_result", 1.0, None, {"code": "NetConnection.Connect.Success", "level": "status"}),
        amf.encode("_result", 4.0, None, 1.0),
        amf.encode("onStatus", 0.0, None, status),
        amf.encode("_error", 1.0, None, status | {"ex": moved}),
        amf.encode("onMetaData")
        + amf.ecma_array({"width": 720, "on": True})
        + b"\x0a\x00\x00\x00\x02\x01\x01\x05",
        b"\x00\x06\x00\x00\x00\x01",
    )
    streams = (
        *(_message(one) for one in commands),
        _message((4096).to_bytes(4, "big"), 1, 2) + _message(b"x" * 700) + b"\xc3" + b"y" * 128,
        _message((2_500_000).to_bytes(4, "big"), 5, 2),
        b"\x03\xff\xff\xff\x00\x00\x19\x14\x00\x00\x00\x00\x01\x00\x00\x00" + b"a" * 25,
    )
    addresses = (
        b"rtmp://push.example.com/live/key?sign=1&t=2",
        b"rtmps://[2001:db8::1]:1936/app/inst/key",
        b"rtmp://user:pass@127.0.0.1:1935/stream?user=a&pass=b#x",
        "rtmp://直播.example/应用//码".encode(),
        b"lost rtmp://a.example.com/live/SECRET, then rtmp://b/live/SECRET again\r\n\x1b[31m",
        b"a.b-c+d://x y'z\"<>",
    )
    sounds = (_wav(16, 1, 24000, 1), _wav(32, 3, 44100, 2), _wav(32, 1, 8000, 1), b"{}" + bytes(64))
    return {
        "amf": Parser(amf.decode, (amf.AmfError,), commands),
        "rtmp_chunks": Parser(_chunks, (ChunkError,), streams),
        "rtmp_commands": Parser(_commands, (), commands),
        "rtmp_address": Parser(_address, (AddressError,), addresses),
        "excerpt": Parser(_excerpt, (), addresses),
        "sound_raw": Parser(_decoder("audio/pcm"), (EngineError,), sounds),
        "sound_mp3": Parser(
            _decoder("audio/mpeg"), (EngineError,), (_coded("mp3", "mp3", 24000), _coded("mp3", "mp3", 44100))
        ),
        "sound_whole": Parser(
            _decoder(""), (EngineError,), (_coded("flac", "flac", 22050), _coded("ogg", "libopus", 48000))
        ),
    }


# ---- the run -----------------------------------------------------------------------------------------


def tried(parser: Parser, inputs: int, seed: int) -> Found:
    """Feed a parser."""
    found = Found()
    rng = random.Random(seed)
    for _ in range(inputs):
        raw = mutated(parser.seeds, rng)
        began = time.thread_time()
        wrong = ""
        try:
            parser.read(raw)
        except parser.faults:
            found.refused += 1
        except Exception as error:
            found.crashes += 1
            wrong = f"{type(error).__name__}: {error}"
        spent = (time.thread_time() - began) * 1000
        found.inputs += 1
        found.worst_ms = max(found.worst_ms, spent)
        if spent > SLOW_MS:
            found.slow += 1
            wrong = wrong or f"took {spent:.0f} ms"
        if wrong and not found.first:
            found.first = f"{wrong[:120]}: {len(raw)} bytes, {raw[:60]!r}"
    return found


def main() -> int:
    """The command; exit status 1 if a parser crashed or was slow."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=INPUTS)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="one parser's name")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    av.logging.set_level(None)
    figures: dict[str, float] = {}
    good = True
    sys.stdout.write(
        f"{'parser':14} {'inputs':>8} {'refused':>8} {'crashes':>8} {'slow':>6} {'worst ms':>9}\n"
    )
    for name, parser in parsers().items():
        if chosen.only not in ("", name):
            continue
        found = tried(parser, chosen.inputs, chosen.seed)
        sys.stdout.write(
            f"{name:14} {found.inputs:8} {found.refused:8} {found.crashes:8} {found.slow:6} "
            f"{found.worst_ms:9.1f}  {found.first}\n"
        )
        sys.stdout.flush()
        good &= not (found.crashes or found.slow)
        figures[f"{name}_inputs"] = found.inputs
        figures[f"{name}_crashes"] = found.crashes
        figures[f"{name}_slow"] = found.slow
        figures[f"{name}_worst_ms"] = round(found.worst_ms, 2)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
