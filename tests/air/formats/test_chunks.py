"""RTMP's chunks become messages, however they are cut."""

from __future__ import annotations

import pytest

from doublure.air.formats.chunks import LONGEST_MESSAGE_BYTES, ChunkError, Message, Reader


def read(raw: bytes, step: int = 1 << 20) -> tuple[Reader, list[Message]]:
    reader = Reader()
    messages: list[Message] = []
    for at in range(0, len(raw), step):
        reader.feed(raw[at : at + step])
        messages += reader.messages()
    return reader, messages


def lane_bytes(form: int, lane: int) -> bytes:
    """A basic header in its shortest form (5.3.1.1)."""
    if lane < 64:
        return bytes((form << 6 | lane,))
    if lane < 320:
        return bytes((form << 6, lane - 64))
    return bytes((form << 6 | 1,)) + (lane - 64).to_bytes(2, "little")


def sent(body: bytes, chunk: int = 128, lane: int = 3, kind: int = 20) -> bytes:
    """A message as a server sends it, in chunks."""
    raw = lane_bytes(0, lane) + bytes(3) + len(body).to_bytes(3, "big") + bytes((kind, 0, 0, 0, 0))
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
    return raw + lane_bytes(3, lane).join(pieces)


def test_chunks_in_any_pieces_make_the_same_messages() -> None:
    window = sent((1000).to_bytes(4, "big"), lane=2, kind=5)
    size = sent((10).to_bytes(4, "big"), lane=2, kind=1)
    # 25 bytes in chunks of 10, with a long time that every piece repeats
    long = b"\x03\xff\xff\xff\x00\x00\x19\x14\x00\x00\x00\x00" + b"\x01\x00\x00\x00"
    parts = [long + b"a" * 10, b"\xc3\x01\x00\x00\x00" + b"b" * 10, b"\xc3\x01\x00\x00\x00" + b"c" * 5]
    raw = window + size + b"".join(parts)
    for step in (1, 7, len(raw)):
        reader, messages = read(raw, step)
        assert [message.kind for message in messages] == [5, 1, 20]
        assert messages[-1].body == b"a" * 10 + b"b" * 10 + b"c" * 5
        assert (reader.window, reader.received) == (1000, len(raw))


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 256, 257, 385])
@pytest.mark.parametrize("lane", [3, 63, 64, 319, 320, 65599])
def test_the_last_chunk_may_be_one_byte_and_needs_nothing_behind_it(length: int, lane: int) -> None:
    body = bytes(number % 251 for number in range(length))
    for step in (1, 1 << 20):
        _, messages = read(sent(body, lane=lane), step)
        assert messages == [Message(20, body)]


def test_a_message_that_repeats_its_header_and_one_that_is_given_up() -> None:
    again = b"\xc3" + b"x" * 5
    _, messages = read(sent(b"y" * 5) + again)
    assert [message.body for message in messages] == [b"y" * 5, b"x" * 5]
    torn = sent(b"z" * 200)[:140]
    abort = sent((3).to_bytes(4, "big"), lane=2, kind=2)
    _, messages = read(torn + abort + sent(b"w" * 4))
    assert messages[-1].body == b"w" * 4


@pytest.mark.parametrize(
    "raw",
    [
        b"\xc5" + bytes(20),
        sent(b"x" * 200)[:140] + sent(b"y" * 5),
        sent(b"", lane=3)[:4] + (LONGEST_MESSAGE_BYTES + 1).to_bytes(3, "big") + bytes(9),
        b"".join(sent(b"x", lane=lane) for lane in range(3, 80)),
    ],
)
def test_what_is_not_rtmp_is_refused(raw: bytes) -> None:
    with pytest.raises(ChunkError):
        read(raw)


def test_little_is_kept_of_what_is_unfinished() -> None:
    size = sent((0x7FFFFFFF).to_bytes(4, "big"), lane=2, kind=1)
    reader, _ = read(size)
    for lane in range(3, 60):
        reader.feed(sent(b"x" * LONGEST_MESSAGE_BYTES, 1 << 24, lane))
        assert len(reader.messages()) == 1
    assert not reader._raw
    assert not any(stream.body for stream in reader._streams.values())
