"""AMF0, the encoding of RTMP commands and of FLV's onMetaData (Adobe, "AMF 0", 2007). Only the types that
live streaming uses."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "float | bool | str | Mapping[str, Value] | Sequence[Value] | None"

_NUMBER, _BOOLEAN, _STRING, _OBJECT = 0, 1, 2, 3
_NULL, _UNDEFINED, _ECMA_ARRAY, _OBJECT_END = 5, 6, 8, 9
_STRICT_ARRAY, _DATE, _LONG_STRING = 10, 11, 12


class AmfError(ValueError):
    """Bytes that are not AMF0, or a type that streaming does not use."""


def encode(*values: Value) -> bytes:
    """The values, encoded in sequence."""
    return b"".join(_encode(value) for value in values)


def ecma_array(entries: Mapping[str, Value]) -> bytes:
    """A mapping as an ECMA array, with its length in front, as in onMetaData."""
    return struct.pack(">BI", _ECMA_ARRAY, len(entries)) + _entries(entries)


def decode(raw: bytes) -> list[Value]:
    """All values in `raw`. Raises `AmfError`."""
    values: list[Value] = []
    at = 0
    try:
        while at < len(raw):
            value, at = _decode(raw, at)
            values.append(value)
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise AmfError(f"invalid AMF0 in the value at byte {at}") from error
    return values


def _encode(value: Value) -> bytes:
    if isinstance(value, bool):
        return struct.pack(">BB", _BOOLEAN, value)
    if isinstance(value, int | float):
        return struct.pack(">Bd", _NUMBER, value)
    if isinstance(value, str):
        text = value.encode()
        if len(text) > 0xFFFF:
            return struct.pack(">BI", _LONG_STRING, len(text)) + text
        return struct.pack(">BH", _STRING, len(text)) + text
    if value is None:
        return bytes((_NULL,))
    if isinstance(value, Mapping):
        return bytes((_OBJECT,)) + _entries(value)
    raise AmfError(f"a value of type {type(value).__name__} cannot be encoded as AMF0")


def _entries(entries: Mapping[str, Value]) -> bytes:
    coded = bytearray()
    for name, value in entries.items():
        text = name.encode()
        coded += struct.pack(">H", len(text)) + text + _encode(value)
    return bytes(coded) + b"\x00\x00" + bytes((_OBJECT_END,))


def _decode(raw: bytes, at: int) -> tuple[Value, int]:
    kind = raw[at]
    at += 1
    if kind == _NUMBER:
        return struct.unpack_from(">d", raw, at)[0], at + 8
    if kind == _BOOLEAN:
        return raw[at] != 0, at + 1
    if kind in (_STRING, _LONG_STRING):
        return _text(raw, at, 2 if kind == _STRING else 4)
    if kind in (_NULL, _UNDEFINED):
        return None, at
    if kind == _OBJECT:
        return _decode_entries(raw, at)
    if kind == _ECMA_ARRAY:
        return _decode_entries(raw, at + 4)
    if kind == _DATE:
        return struct.unpack_from(">d", raw, at)[0], at + 10
    if kind == _STRICT_ARRAY:
        count = struct.unpack_from(">I", raw, at)[0]
        at += 4
        values: list[Value] = []
        for _ in range(count):
            value, at = _decode(raw, at)
            values.append(value)
        return values, at
    raise AmfError(f"AMF0 type {kind} is not supported")


def _decode_entries(raw: bytes, at: int) -> tuple[Value, int]:
    entries: dict[str, Value] = {}
    while True:
        name, at = _text(raw, at, 2)
        if raw[at] == _OBJECT_END:
            return entries, at + 1
        entries[name], at = _decode(raw, at)


def _text(raw: bytes, at: int, width: int) -> tuple[str, int]:
    length = int.from_bytes(raw[at : at + width], "big")
    end = at + width + length
    if end > len(raw):
        raise AmfError("an AMF0 text ends early")
    return raw[at + width : end].decode(), end
