"""Decodes a server's response: raw PCM, WAV and MP3 while they arrive, any other container at its end."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from doublure.errors import EngineError
from doublure.excerpt import excerpt
from doublure.media import SAMPLE_RATE, Pcm

Kind = Literal["pcm", "wav", "mp3", "whole"]
HEAD = 12
"""Number of bytes that identify the format of a response."""
LONGEST_HEAD = 65536
"""A WAV file's sound begins before this byte."""
MOST_BYTES = 32_000_000
"""Limit for one clause: over five minutes of the largest format that a server sends."""
MOST_SECONDS = 120.0
"""Limit for one clause: the longest one takes about a minute. `MOST_BYTES` is not enough, because compressed
silence has almost no bytes."""
_RAW: dict[tuple[int, int], str] = {(1, 16): "<i2", (1, 32): "<i4", (3, 32): "<f4"}
"""numpy's type by the WAV format's code (1 integers, 3 floats) and bits."""
_FULL: dict[str, float] = {"<i2": 32768.0, "<i4": 2147483648.0, "<f4": 1.0}
_EXTENSIBLE = 0xFFFE
_NOTHING: Pcm = np.zeros(0, np.float32)
_FAULTS = (av.FFmpegError, ValueError, IndexError, MemoryError)
"""Errors that PyAV raises for bytes that are not sound, and for sound whose format changes."""


class Decoder:
    """Bytes in, float32 mono 24 kHz out; one decoder per response."""

    def __init__(self, content_type: str, hertz: int, where: str) -> None:
        """`hertz`: rate of raw PCM; `where`: the address, for errors."""
        self._type = content_type.partition(";")[0].strip().lower()
        self._where = where
        self._kind: Kind | None = None
        self._format, self._channels, self._rate = "<i2", 1, hertz
        self._waiting = bytearray()
        self._headed = False
        self._total = 0
        self._samples = 0
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._codec: av.AudioCodecContext | None = None

    def feed(self, raw: bytes) -> Pcm:
        """The sound of the next bytes, perhaps none yet. Raises `EngineError` if they are not sound."""
        self._total += len(raw)
        if self._total > MOST_BYTES:
            raise self._endless()
        self._waiting += raw
        if self._kind is None and len(self._waiting) >= HEAD:
            self._begin()
        try:
            return self._take() if self._kind is not None else _NOTHING
        except _FAULTS as error:
            raise self._broken(excerpt(str(error))) from error

    def finish(self) -> Pcm:
        """The rest of the sound. Raises `EngineError`."""
        try:
            if self._kind is None:
                return _NOTHING
            if self._kind == "whole":
                return self._whole()
            if self._kind == "mp3" and self._codec is not None:
                last = self._mp3(self._codec.parse(None))
                return np.concatenate([last, self._resampled([*self._codec.decode(None), None])])
            return self._resampled([None])
        except _FAULTS as error:
            raise self._broken(excerpt(str(error))) from error

    def _begin(self) -> None:
        head = bytes(self._waiting[:HEAD])
        if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
            self._kind = "wav"
        elif head.startswith((b"OggS", b"fLaC")) or head[4:8] == b"ftyp":
            self._kind = "whole"
        elif head.startswith(b"ID3") or self._type in ("audio/mpeg", "audio/mp3"):
            self._kind = "mp3"
            self._codec = av.CodecContext.create("mp3", "r")
        elif self._type.startswith("text/") or "json" in self._type or "html" in self._type:
            shown = excerpt(self._waiting[:800].decode("utf-8", "replace"))
            raise EngineError(
                f"the server answers {excerpt(self._type, 40)} instead of sound: {shown}",
                where=self._where,
                remedy="check voice: base_url and shape",
            )
        elif head.lstrip().startswith((b"<", b"{")) and head.isascii():
            raise self._broken("it is a text")
        else:
            self._kind = "pcm"

    def _take(self) -> Pcm:
        if self._kind == "whole":
            return _NOTHING
        if self._kind == "mp3":
            raw, self._waiting = bytes(self._waiting), bytearray()
            assert self._codec is not None
            return self._mp3(self._codec.parse(raw))
        if self._kind == "wav" and not self._wav_head():
            return _NOTHING
        size = np.dtype(self._format).itemsize * self._channels
        count = len(self._waiting) // size * size
        raw = bytes(self._waiting[:count])
        del self._waiting[:count]
        return self._raw(np.frombuffer(raw, self._format))

    def _mp3(self, packets: list[av.Packet]) -> Pcm:
        assert self._codec is not None
        frames: list[av.AudioFrame | None] = []
        for packet in packets:
            # skip tags and torn frames; a response without any sound is detected by its length
            with suppress(av.error.InvalidDataError):
                frames += self._codec.decode(packet)
        return self._resampled(frames)

    def _wav_head(self) -> bool:
        """Read the chunks before the sound; False while they are incomplete. The length in the file is ignored,
        because a stream does not know it in advance."""
        if self._headed:
            return True
        at = HEAD
        while at + 8 <= len(self._waiting):
            name, size = struct.unpack_from("<4sI", self._waiting, at)
            at += 8
            if name == b"data":
                del self._waiting[:at]
                self._headed = True
                return True
            if at + size > len(self._waiting):
                break
            if name == b"fmt " and size >= 16:
                code, self._channels, self._rate, _, _, bits = struct.unpack_from(
                    "<HHIIHH", self._waiting, at
                )
                if code == _EXTENSIBLE and size >= 26:
                    (code,) = struct.unpack_from("<H", self._waiting, at + 24)
                if (code, bits) not in _RAW or not self._channels or not 4000 <= self._rate <= 192000:
                    raise self._broken(f"WAV of kind {code} with {bits} bits at {self._rate} Hz is not read")
                self._format = _RAW[code, bits]
            at += size + size % 2
        if len(self._waiting) > LONGEST_HEAD:
            raise self._broken("a WAV file without sound")
        return False

    def _raw(self, samples: NDArray[np.generic]) -> Pcm:
        # the receiver of the sound checks for NaN and infinity
        with np.errstate(all="ignore"):
            sound = samples.astype(np.float32) / np.float32(_FULL[self._format])
            mono = np.ascontiguousarray(sound.reshape(-1, self._channels).mean(axis=1), np.float32)
        if self._rate == SAMPLE_RATE or not len(mono):
            return self._counted(mono)
        frame = av.AudioFrame.from_ndarray(mono[None], "flt", "mono")
        frame.sample_rate = self._rate
        return self._resampled([frame])

    def _resampled(self, frames: Iterable[av.AudioFrame | None]) -> Pcm:
        done = [
            self._counted(piece.to_ndarray()[0])
            for frame in frames
            for piece in self._resampler.resample(frame)
        ]
        return np.concatenate([_NOTHING, *done])

    def _counted(self, pcm: Pcm) -> Pcm:
        """The same sound; raises `EngineError` if the total is too long."""
        self._samples += len(pcm)
        if self._samples > MOST_SECONDS * SAMPLE_RATE:
            raise self._endless()
        return pcm

    def _whole(self) -> Pcm:
        with av.open(io.BytesIO(self._waiting)) as file:
            if not file.streams.audio:
                raise self._broken("there is no sound in it")
            # frame by frame, so that endless sound is stopped in time
            return np.concatenate([self._resampled(file.decode(audio=0)), self._resampled([None])])

    def _endless(self) -> EngineError:
        return EngineError("the server's answer does not end", where=self._where)

    def _broken(self, why: str) -> EngineError:
        return EngineError(
            f"the server's answer is no sound that can be read: {why}",
            where=self._where,
            remedy="check voice: base_url, sound and pcm_hertz",
        )
