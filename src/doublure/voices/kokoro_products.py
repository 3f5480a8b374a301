"""Kokoro's convolutions as matrix products, which a processor with VNNI computes twice as fast.

onnxruntime multiplies unsigned by unsigned bytes in a `ConvInteger`, for which VNNI (four products of an
unsigned and a signed byte in one instruction) is no help. Here the same bytes are shifted to signed ones, laid
side by side for each tap, and multiplied by the weights in a `MatMulInteger`: the sums are whole numbers, so
what comes out is the same to the last bit. Without VNNI the signed product saturates; then nothing is changed.

The model's bytes are edited as in `kokoro_graph`. Numbers as in onnx.proto: ModelProto.graph 7; GraphProto.node
1, initializer 5; NodeProto.input 1, output 2, op_type 4, attribute 5; AttributeProto.name 1, i 3, ints 8,
type 20; TensorProto.dims 1, data_type 2, name 8, raw_data 9.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from doublure.errors import EngineError

FLAGS = frozenset({"avx512_vnni", "avx_vnni"})
"""Of /proc/cpuinfo: the processor has VNNI."""
_INT8, _INT32, _INT64 = 3, 6, 7
"""TensorProto.DataType."""
_INTS, _INT = 7, 2
"""AttributeProto.AttributeType."""
_END = 2**31 - 1
"""A slice's end that is the axis's."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A field of a message: where it begins, where its content does, and where it ends."""

    number: int
    begin: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Quantised:
    """What a DynamicQuantizeLinear is given, and its scale."""

    x: str
    scale: str
    zero: str


@cache
def has_vnni() -> bool:
    """Whether this machine's processor multiplies signed by unsigned bytes without saturation."""
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    flags = [line.partition(":")[2].split() for line in lines if line.startswith("flags")]
    return bool(flags) and all(FLAGS & set(found) for found in flags)


def with_products(model: bytes) -> bytes:
    """The model with every plain convolution of bytes as a matrix product. Raises `EngineError` when it has not
    one graph."""
    graphs = [part for part in _parts(model, 0, len(model)) if part.number == 7]
    if len(graphs) != 1:
        raise EngineError("this is not the Kokoro model that is expected", where="voice kokoro")
    (whole,) = graphs
    made = _Products()
    kept: list[bytes] = []
    parts = list(_parts(model, whole.start, whole.end))
    for part in parts:
        if part.number == 1 and b"DynamicQuantizeLinear" in model[part.start : part.end]:
            made.quantised(model, part)
    begin = whole.start
    for part in parts:
        if part.number == 1 and b"ConvInteger" in model[part.start : part.end] and made.product(model, part):
            kept.append(model[begin : part.begin])
            begin = part.end
    kept += [model[begin : whole.end], *made.written]
    length = sum(len(piece) for piece in kept)
    return b"".join([model[: whole.begin], b"\x3a", _varint(length), *kept, model[whole.end :]])


class _Products:
    """The nodes that take the place of convolutions."""

    def __init__(self) -> None:
        self.written: list[bytes] = [_tensor("vnni_128", _INT32, (), struct.pack("<i", 128))]
        """Fields of the graph."""
        self._quantised: dict[str, _Quantised] = {}
        self._signed: set[str] = set()
        self._constants: set[str] = set()

    def quantised(self, model: bytes, part: _Part) -> None:
        """Take note of a DynamicQuantizeLinear."""
        inputs, outputs, _ = _node(model, part)
        self._quantised[outputs[0]] = _Quantised(inputs[0], outputs[1], outputs[2])

    def product(self, model: bytes, part: _Part) -> bool:
        """Write what a ConvInteger comes to; False when it is not plain."""
        inputs, outputs, how = _node(model, part)
        source = self._quantised.get(inputs[0])
        plain = how.get("strides", [1]) == [1] and how.get("group", [1]) == [1]
        if source is None or len(inputs) != 4 or inputs[2] != source.zero or not plain:
            return False
        (taps,), (far,) = how["kernel_shape"], how.get("dilations", [1])
        before, after = how.get("pads", [0, 0])
        out = outputs[0]
        self._sign(source)
        x = f"{source.x}_signed"
        if before or after:
            self._ints(pads := f"vnni_pads_{before}_{after}", [0, 0, before, 0, 0, after])
            self._add("Pad", [x, pads, f"{source.zero}_signed"], f"{out}_padded")
            x = f"{out}_padded"
        columns = [self._shifted(out, x, tap * far, (taps - 1) * far) for tap in range(taps)]
        if taps > 1:
            self._add("Concat", columns, f"{out}_columns", _attribute("axis", 1))
        self._ints("vnni_flat", [0, -1])
        self._add("Transpose", [inputs[1]], f"{out}_taps_first", _list_attribute("perm", [0, 2, 1]))
        self._add("Reshape", [f"{out}_taps_first", "vnni_flat"], f"{out}_weights")
        side = f"{out}_columns" if taps > 1 else columns[0]
        self._add("MatMulInteger", [f"{out}_weights", side, inputs[3], f"{source.zero}_signed"], out)
        return True

    def _sign(self, source: _Quantised) -> None:
        """The numbers quantised to signed bytes by the same scale: each 128 less."""
        if source.x in self._signed:
            return
        self._signed.add(source.x)
        zero = source.zero
        self._add("Cast", [zero], f"{zero}_wide", _attribute("to", _INT32))
        self._add("Sub", [f"{zero}_wide", "vnni_128"], f"{zero}_less")
        self._add("Cast", [f"{zero}_less"], f"{zero}_signed", _attribute("to", _INT8))
        self._add("QuantizeLinear", [source.x, source.scale, f"{zero}_signed"], f"{source.x}_signed")

    def _shifted(self, out: str, x: str, start: int, span: int) -> str:
        """What a tap sees: `x` from `start` on, `span` shorter in all."""
        if not span:
            return x
        end = start - span or _END
        for number in (start, end, 2):
            self._ints(f"vnni_{number}", [number])
        name = f"{out}_from_{start}"
        self._add("Slice", [x, f"vnni_{start}", f"vnni_{end}", "vnni_2"], name)
        return name

    def _ints(self, name: str, numbers: list[int]) -> None:
        if name not in self._constants:
            self._constants.add(name)
            self.written.append(
                _tensor(name, _INT64, (len(numbers),), struct.pack(f"<{len(numbers)}q", *numbers))
            )

    def _add(self, kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> None:
        names = b"".join(field(1, name.encode()) for name in inputs)
        self.written.append(field(1, names + field(2, output.encode()) + field(4, kind.encode()) + attribute))


# ---- protobuf --------------------------------------------------------------------------------------


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _attribute(name: str, value: int) -> bytes:
    return field(5, field(1, name.encode()) + b"\x18" + _varint(value) + b"\xa0\x01" + _varint(_INT))


def _list_attribute(name: str, values: list[int]) -> bytes:
    listed = b"".join(b"\x40" + _varint(value) for value in values)
    return field(5, field(1, name.encode()) + listed + b"\xa0\x01" + _varint(_INTS))


def _tensor(name: str, kind: int, shape: tuple[int, ...], raw: bytes) -> bytes:
    dims = b"".join(b"\x08" + _varint(size) for size in shape)
    return field(5, dims + b"\x10" + _varint(kind) + field(8, name.encode()) + field(9, raw))


def _node(model: bytes, part: _Part) -> tuple[list[str], list[str], dict[str, list[int]]]:
    """Inputs, outputs and whole-number attributes of a node."""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, list[int]] = {}
    for inner in _parts(model, part.start, part.end):
        content = model[inner.start : inner.end]
        if inner.number == 1:
            inputs.append(content.decode())
        elif inner.number == 2:
            outputs.append(content.decode())
        elif inner.number == 5:
            name, values = _values(model, inner)
            attributes[name] = values
    return inputs, outputs, attributes


def _values(model: bytes, attribute: _Part) -> tuple[str, list[int]]:
    name, values = "", []
    for inner in _parts(model, attribute.start, attribute.end):
        if inner.number == 1:
            name = model[inner.start : inner.end].decode()
        elif inner.number in (3, 8):
            at = inner.start
            while at < inner.end:  # one number, or many packed
                value, at = _read(model, at)
                values.append(value)
    return name, values


def _parts(model: bytes, start: int, end: int) -> Iterator[_Part]:
    at = start
    while at < end:
        begin = at
        tag, at = _read(model, at)
        if tag & 7 == 2:
            size, at = _read(model, at)
        elif tag & 7 == 0:
            size = _read(model, at)[1] - at
        else:
            size = {1: 8, 5: 4}.get(tag & 7, 0)
        yield _Part(tag >> 3, begin, at, at + size)
        at += size


def _read(model: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    value = shift = 0
    while True:
        byte = model[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
