"""Converts decoded pictures to the chain's format: upright, square pixels, BT.709 limited range, I420.

The conversion follows the tags of the file: display matrix (rotation, mirroring), pixel aspect ratio, range,
colour matrix, HDR transfer. Without tags a picture is taken as BT.709 limited range.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from doublure.media import Picture, Size

LONGEST_SIDE = 1920
"""Larger pictures are scaled down to this, pixels."""
PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67."""
MATRICES = {4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""H.273 matrix coefficients that are converted, with their names in FFmpeg's scale filter."""
FULL_RANGE = 2
WHITE_NITS = 203.0
"""HDR reference white (ITU-R BT.2408); it is mapped to SDR white."""
HLG_NITS = 1000.0
HLG_GAMMA = 1.2
"""Nominal HLG display, ITU-R BT.2100."""
SDR_GAMMA = 2.4
"""ITU-R BT.1886."""
KNEE = 0.95
"""SDR signal above which values are compressed, so that highlights keep detail."""
CUBE = 49
"""Points along each side of the colour table; FFmpeg interpolates between them."""
TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Linear BT.2020 to linear BT.709, ITU-R BT.2087."""
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])


@dataclass(frozen=True, slots=True)
class Turn:
    """Makes a stored picture upright: anticlockwise quarter turns, then a left-right mirror."""

    quarters: int = 0
    mirrored: bool = False


def turn_of(frame: av.VideoFrame) -> Turn:
    """The turn in a frame's display matrix; other angles are rounded to the nearest quarter turn."""
    matrix = next((bytes(one) for one in frame.side_data if one.type.name == "DISPLAYMATRIX"), b"")
    if len(matrix) < 36:
        return Turn(round(frame.rotation / 90) % 4)
    # nine 32-bit numbers: (x', y') = (a x + c y, b x + d y), ISO/IEC 14496-12, 6.2.2
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c  # undo the mirror; the turn remains
    return Turn(round(math.degrees(math.atan2(-b, a)) / 90) % 4, mirrored)


def upright_size(frame: av.VideoFrame, turn: Turn, pixel_aspect: Fraction | None) -> Size:
    """Size of the upright picture with square pixels: even, at most `LONGEST_SIDE` long. Like players, this
    changes the width to make pixels square; `pixel_aspect` is pixel width / height."""
    width: float = frame.width * float(pixel_aspect or 1)
    height: float = frame.height
    if turn.quarters % 2:
        width, height = height, width
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return Size(round(width * scale / 2) * 2, round(height * scale / 2) * 2)


class Former:
    """Converts the pictures of one file."""

    def __init__(self, size: Size, turn: Turn) -> None:
        self._size = size
        self._turn = turn
        self._graph: Graph | None = None
        self._key: tuple[int, int, str, _Tags] | None = None

    def __call__(self, frame: av.VideoFrame) -> Picture:
        """uint8 I420, [height * 3 / 2, width], BT.709 at limited range."""
        size = self._size
        width, height = (size.height, size.width) if self._turn.quarters % 2 else (size.width, size.height)
        flat = self._flat(frame, width, height)
        if not self._turn.quarters and not self._turn.mirrored:
            return np.asarray(flat, np.uint8)
        luma, chroma = flat[:height], flat[height:].reshape(2, height // 2, width // 2)
        planes = [np.rot90(plane, self._turn.quarters) for plane in (luma, *chroma)]
        if self._turn.mirrored:
            planes = [plane[:, ::-1] for plane in planes]
        return np.concatenate([np.ascontiguousarray(plane).reshape(-1, size.width) for plane in planes])

    def _flat(self, frame: av.VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
        tags = _tags(frame)
        if tags is None:
            plain = frame.reformat(width, height, "yuv420p", interpolation="AREA")
            return np.asarray(plain.to_ndarray(), np.uint8)
        key = (frame.width, frame.height, frame.format.name, tags)
        if self._graph is None or key != self._key:
            self._graph, self._key = _graph(frame, width, height, tags), key
        self._graph.push(frame)
        formed = self._graph.pull()
        assert isinstance(formed, av.VideoFrame)
        return np.asarray(formed.to_ndarray(), np.uint8)


@dataclass(frozen=True, slots=True)
class _Tags:
    """How a picture differs from BT.709 limited range."""

    matrix: str
    """Name in FFmpeg's scale filter."""
    full: bool
    transfer: int
    """PQ or HLG; 0 for SDR."""


def _tags(frame: av.VideoFrame) -> _Tags | None:
    """The tags of a picture, or None if it only has to be scaled."""
    space, transfer = int(frame.colorspace), int(frame.color_trc)
    full = frame.format.is_rgb or frame.format.name.startswith("yuvj") or int(frame.color_range) == FULL_RANGE
    hdr = transfer if transfer in (PQ, HLG) else 0
    if not (full or hdr or space in MATRICES):
        return None
    return _Tags(MATRICES.get(space, "bt709"), full, hdr)


def _graph(frame: av.VideoFrame, width: int, height: int, tags: _Tags) -> Graph:
    """A filter graph that scales to BT.709 limited range; HDR goes through the colour table in RGB."""
    graph = Graph()
    given = (
        f"{width}:{height}:flags=area:in_color_matrix={tags.matrix}:in_range={'pc' if tags.full else 'tv'}"
    )
    wanted = "out_color_matrix=bt709:out_range=tv"
    with TemporaryDirectory() as folder:
        filters = [("scale", f"{given}:{wanted}"), ("format", "yuv420p")]
        if tags.transfer:
            table = Path(folder) / "sdr.cube"
            table.write_text(_cube(tags.transfer), encoding="ascii")
            lookup = ("lut3d", f"file={table}:interp=tetrahedral")
            filters = [
                ("scale", given),
                ("format", "gbrp10le"),
                lookup,
                ("scale", wanted),
                ("format", "yuv420p"),
            ]
        chain = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 90_000)
            ),
            *(graph.add(name, arguments) for name, arguments in filters),
            graph.add("buffersink"),
        ]
        for one, other in pairwise(chain):
            one.link_to(other)
        graph.configure()
    return graph


def _cube(transfer: int) -> str:
    """The colour table as a .cube file: BT.2020 HDR signal to BT.709 SDR signal, red varying fastest."""
    steps = np.linspace(0.0, 1.0, CUBE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    sdr = to_sdr(np.stack([red, green, blue], axis=-1).reshape(-1, 3), transfer)
    lines = [f"LUT_3D_SIZE {CUBE}", *(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in sdr)]
    return "\n".join(lines) + "\n"


def to_sdr(signal: NDArray[np.float64], transfer: int) -> NDArray[np.float64]:
    """Convert HDR signals [n, 3], 0..1, to BT.709 SDR signals. Reference white becomes white (BT.2408)."""
    if transfer == PQ:
        nits = _pq_nits(signal)
    else:
        scene = _hlg_scene(signal)
        luma = np.maximum(scene @ LUMA_2020, 1e-9)[:, None]
        nits = HLG_NITS * luma ** (HLG_GAMMA - 1.0) * scene
    linear = np.maximum((nits / WHITE_NITS) @ TO_709.T, 0.0)
    sdr = linear ** (1.0 / SDR_GAMMA)
    room = 1.0 - KNEE
    bent = KNEE + room * (1.0 - np.exp(-(np.maximum(sdr, KNEE) - KNEE) / room))
    return np.asarray(np.where(sdr > KNEE, bent, sdr))


def _pq_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084's EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return np.asarray(10_000.0 * (np.maximum(power - c1, 0.0) / (c2 - c3 * power)) ** (1 / m1))


def _hlg_scene(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse OETF of ARIB STD-B67: scene light, 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3.0, (np.exp((signal - c) / a) + b) / 12.0)
