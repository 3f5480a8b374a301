"""The speech cache: whole, bounded, and never a wrong sound."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import numpy as np
import pytest

from doublure import metrics
from doublure.media import Phone, Speech, Word
from doublure.voice.cache import SpeechCache, decode, encode


def clause(seed: int = 0, samples: int = 24_000) -> tuple[Speech, ...]:
    pcm = np.random.default_rng(seed).uniform(-0.9, 0.9, samples).astype(np.float32)
    words = (Word("牙刷", 10, 2000), Word("it's", 2000, 3000))
    return (Speech(pcm, words, (Phone("", 0, 10), Phone("ʂ", 10, samples))),)


def count(result: str) -> float:
    return float(metrics.SPEECH_CACHE.labels(result)._value.get())


def same(one: tuple[Speech, ...] | None, other: tuple[Speech, ...]) -> bool:
    assert one is not None
    return all(
        a.words == b.words and a.phones == b.phones and np.abs(a.pcm - b.pcm).max() < 2 / 32767
        for a, b in zip(one, other, strict=True)
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_what_is_put_comes_back_from_memory_and_from_disk(tmp_path: Path) -> None:
    async def go() -> None:
        cache = SpeechCache(tmp_path / "speech")
        before = count("memory"), count("disk"), count("miss")
        assert await cache.get("a") is None
        await cache.put("a", clause())
        assert same(await cache.get("a"), clause())
        again = SpeechCache(tmp_path / "speech")
        assert not again.holds("a")
        await again.open()
        assert again.holds("a")
        assert same(await again.get("a"), clause())
        assert (count("memory"), count("disk"), count("miss")) == tuple(value + 1 for value in before)

    anyio.run(go)


def test_the_disk_is_bounded_and_the_longest_unused_goes(tmp_path: Path) -> None:
    async def go() -> None:
        # each clause is about 48 kB, so five fit
        cache = SpeechCache(tmp_path, megabytes=0.25, memory_megabytes=0)
        for name in "abcde":
            await cache.put(name, clause(ord(name)))
        await anyio.sleep(0.03)  # files of one clock tick are as old as each other
        assert await cache.get("a") is not None
        await cache.put("f", clause())
        assert [name for name in "abcdef" if cache.holds(name)] == list("acdef")
        assert size(tmp_path) <= 0.25e6
        smaller = SpeechCache(tmp_path, megabytes=0.1)
        await smaller.open()
        assert [name for name in "abcdef" if smaller.holds(name)] == ["a", "f"]
        assert len(names(tmp_path)) == 2

    anyio.run(go)


def test_memory_is_bounded(tmp_path: Path) -> None:
    async def go() -> None:
        cache = SpeechCache(tmp_path, memory_megabytes=0.3)
        for number in range(10):
            await cache.put(str(number), clause(number))
        assert len(cache._memory) == 3
        assert cache._memory_bytes == 3 * 96_000
        assert same(await cache.get("0"), clause(0))

    anyio.run(go)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign"])
def test_a_damaged_file_is_dropped(tmp_path: Path, damage: str) -> None:
    async def go() -> None:
        await SpeechCache(tmp_path).put("a", clause())
        path = tmp_path / names(tmp_path)[0]
        raw = bytearray(path.read_bytes())
        if damage == "flip":
            raw[-100] ^= 1
        ruined = {"cut": raw[: len(raw) // 2], "flip": raw, "empty": b"", "foreign": b"RIFF" + bytes(200)}[
            damage
        ]
        path.write_bytes(bytes(ruined))
        cache = SpeechCache(tmp_path)
        before = count("damaged")
        assert await cache.get("a") is None
        assert count("damaged") == before + 1
        assert not path.exists()
        await cache.put("a", clause())
        assert same(await SpeechCache(tmp_path).get("a"), clause())

    anyio.run(go)


def test_leftovers_of_a_broken_write_go(tmp_path: Path) -> None:
    async def go() -> None:
        (tmp_path / "a.part").write_bytes(b"half")
        (tmp_path / "notes.txt").write_text("mine")
        await SpeechCache(tmp_path).open()
        assert names(tmp_path) == ["notes.txt"]

    anyio.run(go)


def test_a_folder_that_cannot_be_used_costs_only_speed(tmp_path: Path) -> None:
    async def go() -> None:
        (tmp_path / "file").write_text("in the way")
        cache = SpeechCache(tmp_path / "file" / "speech")
        before = count("unwritten")
        await cache.open()
        assert await cache.get("a") is None
        await cache.put("a", clause())
        assert same(await cache.get("a"), clause())
        assert count("unwritten") == before + 1

    anyio.run(go)


def test_rooms_that_share_a_folder_use_each_others_clauses_and_harm_none(tmp_path: Path) -> None:
    async def go() -> None:
        one, other = SpeechCache(tmp_path, megabytes=0.2), SpeechCache(tmp_path, megabytes=0.2)
        await one.open()
        await other.open()
        await one.put("a", clause(1))
        assert same(await other.get("a"), clause(1))

        async def write(cache: SpeechCache) -> None:
            for number in range(12):
                await cache.put(f"same{number}", clause(number))

        async with anyio.create_task_group() as group:
            group.start_soon(write, one)
            group.start_soon(write, other)
        # what one throws away for room, the other finds missing and makes again
        fresh = SpeechCache(tmp_path)
        for number in range(12):
            found = await fresh.get(f"same{number}")
            assert found is None or same(found, clause(number))
        gone = SpeechCache(tmp_path, memory_megabytes=0)
        await gone.open()
        (tmp_path / "same11.speech").unlink()
        assert await gone.get("same11") is None
        await gone.put("same11", clause(11))
        assert same(await fresh.get("same11"), clause(11))
        assert not [name for name in names(tmp_path) if name.endswith(".part")]

    anyio.run(go)


def test_a_full_disk_costs_only_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def go() -> None:
        cache = SpeechCache(tmp_path)
        await cache.open()
        before = count("unwritten")
        monkeypatch.setattr(os, "fsync", full)
        await cache.put("a", clause(1))
        assert count("unwritten") == before + 1
        assert same(await cache.get("a"), clause(1))
        # nothing half written stays behind, and it is written once there is room
        assert not names(tmp_path)
        monkeypatch.undo()
        await cache.put("a", clause(1))
        assert same(await SpeechCache(tmp_path).get("a"), clause(1))

    anyio.run(go)


def test_the_file_holds_several_pieces() -> None:
    pieces = clause(1) + clause(2, 100)
    assert same(decode(encode(pieces)), pieces)
    with pytest.raises(ValueError, match="checksum"):
        decode(encode(pieces)[:-1])
