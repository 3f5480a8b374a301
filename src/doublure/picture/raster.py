"""Blends small drawings into I420 pictures, with integers and only where there is ink.

Colour follows ITU-R BT.709-6, table 3 (Kr 0.2126, Kb 0.0722) with limited range: Y 16..235,
chroma 16..240 around 128.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.media import Picture, Size

Plane = NDArray[np.uint8]
"""uint8 [height, width]: a view of one plane of a picture, or a mask."""
Rgba = NDArray[np.uint8]
"""Straight alpha, sRGB: uint8 [height, width, 4]."""
Mask = NDArray[np.float32]
"""Coverage 0..1: float32 [height, width]."""

Numbers = NDArray[np.float32] | NDArray[np.uint8]
"""Colours 0..255."""

_TO_YUV = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
)
_SCALE = np.array([219.0, 224.0, 224.0], np.float32) / 255.0
_OFFSET = np.array([16.0, 128.0, 128.0], np.float32)


def planes(picture: Picture, size: Size) -> tuple[Plane, Plane, Plane]:
    """Y, U and V as views of `picture`. Raises `ValueError` if it is not a picture of `size`."""
    width, height = size.width, size.height
    if (
        picture.shape != (height * 3 // 2, width)
        or picture.dtype != np.uint8
        or not picture.flags.c_contiguous
    ):
        raise ValueError(f"not an I420 picture of {width}x{height}: {picture.dtype} {picture.shape}")
    flat = picture.reshape(-1)
    luma, chroma = width * height, width * height // 4
    half = (height // 2, width // 2)
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(half),
        flat[luma + chroma :].reshape(half),
    )


def yuv(rgb: Numbers) -> NDArray[np.float32]:
    """sRGB 0..255 [..., 3] as limited-range Y, U, V [..., 3]."""
    colours: NDArray[np.float32] = (np.asarray(rgb, np.float32) @ _TO_YUV.T) * _SCALE + _OFFSET
    return colours


def i420(rgb: Numbers) -> Picture:
    """A whole sRGB picture, 0..255 [height, width, 3] with even sides, as I420."""
    height, width = rgb.shape[:2]
    colours = yuv(rgb)
    luma = np.rint(colours[..., 0]).astype(np.uint8)
    chroma = cv2.resize(colours[..., 1:], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    parts = [luma, *(np.rint(chroma[..., n]).astype(np.uint8) for n in (0, 1))]
    picture: Picture = np.concatenate([part.reshape(-1) for part in parts]).reshape(height * 3 // 2, width)
    return picture


@dataclass(frozen=True, slots=True)
class Ink:
    """One plane of a stamp: the value added to the picture, and the share of the picture kept."""

    left: int
    top: int
    added: NDArray[np.uint16]
    """Colour times coverage, 0..65280 [height, width]."""
    kept: NDArray[np.uint16]
    """256 minus coverage, 0..256 [height, width]."""

    def blend(self, plane: Plane) -> None:
        """Blend into `plane` in place."""
        height, width = self.kept.shape
        there = plane[self.top : self.top + height, self.left : self.left + width]
        mixed = np.multiply(there, self.kept, dtype=np.uint16)
        mixed += self.added
        mixed >>= 8
        there[...] = mixed


@dataclass(frozen=True, slots=True)
class Stamp:
    """A drawing ready for blending: Y, U and V."""

    inks: tuple[Ink, Ink, Ink]

    def blend(self, picture: Picture, size: Size) -> None:
        """Blend into `picture` in place."""
        for ink, plane in zip(self.inks, planes(picture, size), strict=True):
            ink.blend(plane)


def stamp(drawing: Rgba, left: int, top: int, size: Size) -> Stamp | None:
    """`drawing`, prepared for blending at (left, top) of a picture of `size`; None if nothing is visible.

    It is cropped to the picture and to its own ink, then widened to even coordinates because chroma
    has half the resolution.
    """
    drawn = _on_picture(drawing, left, top, size)
    if drawn is None:
        return None
    rgba, left, top = drawn
    cover = rgba[..., 3].astype(np.float32) / 255.0
    colours = yuv(rgba[..., :3]) * cover[..., None]
    half = (rgba.shape[1] // 2, rgba.shape[0] // 2)
    chroma = cv2.resize(colours[..., 1:], half, interpolation=cv2.INTER_AREA)
    half_cover = cv2.resize(cover, half, interpolation=cv2.INTER_AREA)
    return Stamp(
        (
            _ink(colours[..., 0], cover, left, top),
            _ink(chroma[..., 0], half_cover, left // 2, top // 2),
            _ink(chroma[..., 1], half_cover, left // 2, top // 2),
        )
    )


def _ink(colour: Mask, cover: Mask, left: int, top: int) -> Ink:
    # half a level is added so that the shift rounds; colours end at 240, so there is no overflow
    added = np.rint(colour * 256.0 + 127.0 * (cover > 0)).astype(np.uint16)
    kept = np.rint((1.0 - cover) * 256.0).astype(np.uint16)
    return Ink(left, top, added, kept)


def _on_picture(drawing: Rgba, left: int, top: int, size: Size) -> tuple[Rgba, int, int] | None:
    rows, columns = np.nonzero(drawing[..., 3].any(axis=1))[0], np.nonzero(drawing[..., 3].any(axis=0))[0]
    if not len(rows):
        return None
    x0, x1 = max(0, left + int(columns[0])), min(size.width, left + int(columns[-1]) + 1)
    y0, y1 = max(0, top + int(rows[0])), min(size.height, top + int(rows[-1]) + 1)
    if x0 >= x1 or y0 >= y1:
        return None
    even_left, even_top = x0 - x0 % 2, y0 - y0 % 2
    whole: Rgba = np.zeros((y1 + y1 % 2 - even_top, x1 + x1 % 2 - even_left, 4), np.uint8)
    whole[y0 - even_top : y1 - even_top, x0 - even_left : x1 - even_left] = drawing[
        y0 - top : y1 - top, x0 - left : x1 - left
    ]
    return whole, even_left, even_top


def rounded(width: int, height: int, radius: float) -> Mask:
    """Coverage of a rounded rectangle that fills [height, width], with smooth edges."""
    radius = min(radius, width / 2, height / 2)
    x = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2) - (width / 2 - radius)
    y = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2) - (height / 2 - radius)
    outside = np.hypot(np.maximum(x, 0.0)[None, :], np.maximum(y, 0.0)[:, None])
    inside = np.minimum(np.maximum(x[None, :], y[:, None]), 0.0)
    cover: Mask = np.clip(radius - outside - inside + 0.5, 0.0, 1.0).astype(np.float32)
    return cover


def blank(width: int, height: int) -> Rgba:
    """A drawing without ink."""
    return np.zeros((max(1, height), max(1, width), 4), np.uint8)


def lay(drawing: Rgba, mask: Mask, colour: tuple[int, int, int], left: int = 0, top: int = 0) -> None:
    """Lay `colour` over `drawing` where `mask` covers, at (left, top), cropped to the drawing."""
    paint = np.broadcast_to(np.array(colour, np.float32), (*mask.shape, 3))
    lay_picture(drawing, paint, mask, left, top)


def lay_picture(drawing: Rgba, rgb: Numbers, mask: Mask, left: int = 0, top: int = 0) -> None:
    """Lay the picture `rgb` (0..255 [height, width, 3]) over `drawing` where `mask` covers."""
    x0, y0 = max(0, left), max(0, top)
    x1 = min(drawing.shape[1], left + mask.shape[1])
    y1 = min(drawing.shape[0], top + mask.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    over, paint = mask[cut][..., None], np.asarray(rgb, np.float32)[cut]
    there = drawing[y0:y1, x0:x1].astype(np.float32)
    under = there[..., 3:] / 255.0 * (1.0 - over)
    cover = over + under
    colour = (paint * over + there[..., :3] * under) / np.maximum(cover, 1e-6)
    drawing[y0:y1, x0:x1] = np.rint(np.concatenate([colour, cover * 255.0], axis=2)).astype(np.uint8)
