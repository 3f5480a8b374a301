"""Cache of synthesised speech: on disk up to a size limit, the most recent clauses also in memory.

There is one file per clause. Files are written atomically and carry a checksum. A file whose checksum
does not match is deleted, so a damaged cache costs a synthesis and never plays a wrong sound.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np

from doublure import metrics
from doublure.log import get_log
from doublure.media import Phone, Speech, Word
from doublure.threads import Lane

log = get_log(__name__)

MAGIC = b"DBLSPCH1"
SUFFIX = ".speech"
DISK_MEGABYTES = 512
"""About three hours of speech at 48 kB/s."""
MEMORY_MEGABYTES = 24
"""About four minutes of speech: the clauses that come next."""
_FULL_SCALE = 32767


class _Disk:
    """The files of the cache. Synchronous; runs in the cache's lane."""

    def __init__(self, folder: Path, megabytes: float) -> None:
        self.folder = folder
        self.kept: dict[str, int] = {}
        """Bytes of each file by key, least recently used first."""
        self._bound = int(megabytes * 1e6)
        self._opened = False

    def open(self) -> None:
        """List the files and delete leftovers of interrupted writes. Later calls do nothing."""
        if self._opened:
            return
        self._opened = True
        self.folder.mkdir(parents=True, exist_ok=True)
        found = []
        for path in self.folder.iterdir():
            if path.suffix == ".part":
                path.unlink(missing_ok=True)
            elif path.suffix == SUFFIX:
                stat = path.stat()
                found.append((stat.st_mtime_ns, path.stem, stat.st_size))
        self.kept = {key: size for _, key, size in sorted(found)}
        self._shrink()

    def read(self, key: str) -> tuple[Speech, ...] | None:
        """The pieces of a clause, or None. A damaged file is deleted and counted."""
        self.open()
        path = self._path(key)
        if key not in self.kept and not path.exists():  # another room may have written it
            return None
        try:
            pieces = decode(path.read_bytes())
            os.utime(path)
        except (OSError, ValueError) as error:
            log.warning("a file of the speech cache was dropped: %s: %s", path, error)
            metrics.SPEECH_CACHE.labels("damaged").inc()
            self._drop(key)
            return None
        self.kept[key] = self.kept.pop(key, 0) or path.stat().st_size
        return pieces

    def write(self, key: str, pieces: tuple[Speech, ...]) -> None:
        """Store a clause, and delete old ones if the limit is exceeded. Raises `OSError`."""
        self.open()
        raw = encode(pieces)
        # two rooms that share the folder may write the same clause at once
        part = self.folder / f"{key}.{os.getpid()}-{id(self)}.part"
        try:
            with part.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path(key))
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self.kept.pop(key, None)
        self.kept[key] = len(raw)
        self._shrink()

    def _shrink(self) -> None:
        while self.kept and sum(self.kept.values()) > self._bound:
            self._drop(next(iter(self.kept)))

    def _drop(self, key: str) -> None:
        self.kept.pop(key, None)
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"


class SpeechCache:
    """The speech cache of a room. A failing disk makes the room slower and never stops it."""

    def __init__(
        self, folder: Path, megabytes: float = DISK_MEGABYTES, memory_megabytes: float = MEMORY_MEGABYTES
    ) -> None:
        self._disk = _Disk(folder, megabytes)
        self._lane = Lane("speech-cache")
        self._memory: OrderedDict[str, tuple[Speech, ...]] = OrderedDict()
        self._memory_bytes = 0
        self._memory_bound = int(memory_megabytes * 1e6)

    async def open(self) -> None:
        """List the files on disk; `holds` covers them from then on."""
        try:
            await self._lane.run(self._disk.open)
        except OSError as error:
            log.warning("the speech cache cannot be used: %s", error)

    def holds(self, key: str) -> bool:
        """Whether a clause is cached, without access to the disk."""
        return key in self._memory or key in self._disk.kept

    async def get(self, key: str) -> tuple[Speech, ...] | None:
        """The pieces of a clause in order, or None."""
        if key in self._memory:
            self._memory.move_to_end(key)
            metrics.SPEECH_CACHE.labels("memory").inc()
            return self._memory[key]
        try:
            pieces = await self._lane.run(self._disk.read, key)
        except OSError as error:
            log.warning("the speech cache cannot be read: %s", error)
            pieces = None
        metrics.SPEECH_CACHE.labels("miss" if pieces is None else "disk").inc()
        if pieces is not None:
            self._remember(key, pieces)
        return pieces

    async def put(self, key: str, pieces: tuple[Speech, ...]) -> None:
        """Store a clause. If the disk fails, the clause stays in memory and the failure is counted."""
        self._remember(key, pieces)
        try:
            await self._lane.run(self._disk.write, key, pieces)
        except OSError as error:
            metrics.SPEECH_CACHE.labels("unwritten").inc()
            log.warning("the speech cache cannot be written: %s", error)

    def close(self) -> None:
        """Close the lane."""
        self._lane.close()

    def _remember(self, key: str, pieces: tuple[Speech, ...]) -> None:
        self._memory_bytes -= _bytes(self._memory.pop(key, ()))
        self._memory[key] = pieces
        self._memory_bytes += _bytes(pieces)
        while self._memory_bytes > self._memory_bound and self._memory:
            _, oldest = self._memory.popitem(last=False)
            self._memory_bytes -= _bytes(oldest)


def _bytes(pieces: tuple[Speech, ...]) -> int:
    return sum(piece.pcm.nbytes for piece in pieces)


# ---- the file --------------------------------------------------------------------------------------


def encode(pieces: tuple[Speech, ...]) -> bytes:
    """The file: magic, sha256 of the rest, length of the JSON (uint32 LE), JSON of the times, PCM (int16 LE)."""
    head = json.dumps(
        [
            {
                "samples": len(piece.pcm),
                "words": [[word.text, word.start, word.end] for word in piece.words],
                "phones": [[phone.symbol, phone.start, phone.end] for phone in piece.phones],
            }
            for piece in pieces
        ],
        ensure_ascii=False,
    ).encode()
    sound = b"".join(
        (np.clip(piece.pcm, -1, 1) * _FULL_SCALE).round().astype("<i2").tobytes() for piece in pieces
    )
    body = struct.pack("<I", len(head)) + head + sound
    return MAGIC + hashlib.sha256(body).digest() + body


def decode(raw: bytes) -> tuple[Speech, ...]:
    """The pieces in a file. Raises `ValueError` if it is incomplete or damaged."""
    body = raw[len(MAGIC) + 32 :]
    if not raw.startswith(MAGIC) or hashlib.sha256(body).digest() != raw[len(MAGIC) : len(MAGIC) + 32]:
        raise ValueError("its checksum does not match")
    (length,) = struct.unpack_from("<I", body)
    sound = np.frombuffer(body, "<i2", offset=4 + length).astype(np.float32) / _FULL_SCALE
    pieces = []
    start = 0
    for piece in json.loads(body[4 : 4 + length]):
        pcm = sound[start : start + piece["samples"]]
        start += piece["samples"]
        words = tuple(Word(text, first, end) for text, first, end in piece["words"])
        phones = tuple(Phone(symbol, first, end) for symbol, first, end in piece["phones"])
        pieces.append(Speech(pcm, words, phones))
    return tuple(pieces)
