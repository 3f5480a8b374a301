"""Parts of a figure on the GPU: buffers, textures, normals and hair strands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import sparse
from scipy.ndimage import minimum_filter

from actor.figure import Part
from actor.meshes import Floats

Picture = NDArray[np.uint8]
"""sRGB [height, width, 3]."""
SHADERS = Path(__file__).parent / "shaders"
SOLID_HAIR = 0.62
"""Least alpha at which hair writes depth."""
SMOOTHINGS = 7
"""Smoothing rounds for the broad normal of skin: about a centimetre."""


@dataclass(slots=True)
class Drawn:
    """A part on the GPU."""

    part: Part
    moving: moderngl.Buffer
    order: moderngl.Buffer
    """Triangles in the surface's order."""
    sorted: moderngl.Buffer
    """Transparent triangles from back to front, updated in every frame."""
    shape: moderngl.VertexArray
    veil: moderngl.VertexArray
    """The transparent triangles."""
    depth: moderngl.VertexArray
    picture: moderngl.Texture
    relief: moderngl.Texture
    soft: NDArray[np.bool_]
    """[triangles], True where a triangle is partly transparent."""
    gather: sparse.csr_matrix
    """[refined, faces]: the faces at each vertex."""
    smooth: sparse.csr_matrix
    """[refined, refined]: mean of a vertex and its neighbours."""


def moving(drawn: Drawn, points: Floats) -> NDArray[np.float32]:
    """Position, normal and broad normal of each drawn vertex: [corners, 9]."""
    normal = normals(drawn, points)
    broad = normal
    if drawn.part.material == "hair":
        broad = _strands(drawn, points)
    elif drawn.part.material == "skin":
        for _ in range(SMOOTHINGS):
            broad = drawn.smooth @ broad
        broad = _unit(broad)
    rows = np.concatenate([points, normal, broad], 1).astype(np.float32)
    return np.asarray(rows[drawn.part.surface.spread])


def _strands(drawn: Drawn, points: Floats) -> Floats:
    """Direction of the strands, which follow v of the texture: unit vectors [refined, 3]."""
    shape = drawn.part.surface
    corner = shape.triangles
    place, uv = points[shape.spread[corner]], shape.uvs[corner].astype(np.float64)
    first, second = place[:, 1] - place[:, 0], place[:, 2] - place[:, 0]
    du1, du2 = uv[:, 1, 0] - uv[:, 0, 0], uv[:, 2, 0] - uv[:, 0, 0]
    turn = np.sign(du1 * (uv[:, 2, 1] - uv[:, 0, 1]) - du2 * (uv[:, 1, 1] - uv[:, 0, 1]))
    along = (second * du1[:, None] - first * du2[:, None]) * turn[:, None]
    total = np.zeros_like(points)
    for k in range(3):
        np.add.at(total, shape.spread[corner[:, k]], along)
    return _unit(total)


def compiled(
    context: moderngl.Context, vertex: str, fragment: str, material: int | None = None
) -> moderngl.Program:
    """Compile a program from the folder `shaders`; `material` selects the branch of part.frag."""
    text = (SHADERS / fragment).read_text(encoding="utf-8")
    if material is not None:
        text = text.replace("#version 430\n", f"#version 430\n#define MATERIAL {material}\n", 1)
    return context.program(vertex_shader=(SHADERS / vertex).read_text(encoding="utf-8"), fragment_shader=text)


def texture(context: moderngl.Context, rgba: Picture) -> moderngl.Texture:
    """Upload a picture [height, width, 4] with mipmaps."""
    made = context.texture((rgba.shape[1], rgba.shape[0]), 4, np.ascontiguousarray(rgba).tobytes())
    made.build_mipmaps()
    made.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
    return made


def volume(context: moderngl.Context) -> moderngl.Texture3D:
    """Random numbers for the shaders' grain; the same in every run."""
    random = np.random.default_rng(0).integers(0, 256, (64, 64, 64, 4), np.uint8)
    made = context.texture3d((64, 64, 64), 4, random.tobytes())
    made.filter = moderngl.LINEAR, moderngl.LINEAR
    return made


def load(context: moderngl.Context, part: Part, depth_program: moderngl.Program) -> Drawn:
    """Load a part onto the GPU."""
    shape = part.surface
    count, faces = shape.refine.shape[0], len(shape.quads)
    rows = shape.quads.ravel()
    gather = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, np.repeat(np.arange(faces), 4))), shape=(count, faces)
    )
    near = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, np.roll(shape.quads, -1, axis=1).ravel())), shape=(count, count)
    )
    near = near + near.T + 2.0 * sparse.identity(count)
    smooth = sparse.diags(1.0 / np.asarray(near.sum(1)).ravel()) @ near
    places = context.buffer(reserve=len(shape.spread) * 36, dynamic=True)
    order = context.buffer(shape.triangles.tobytes())
    behind = context.buffer(reserve=shape.triangles.nbytes, dynamic=True)
    seams = context.buffer(shape.uvs.tobytes())
    depth = context.vertex_array(
        depth_program,
        [(places, "3f 24x", "in_position"), only(depth_program, seams, ("in_uv",), (2,))],
        order,
    )
    picture = _rgba(part.texture, 255)
    pictures = texture(context, picture), texture(context, _rgba(part.relief, 128))
    return Drawn(
        part, places, order, behind, depth, depth, depth, *pictures, _soft(part, picture), gather, smooth
    )


def _rgba(file: Path | None, level: int) -> Picture:
    """A texture with its first row at the bottom, as OpenGL needs it; uniform `level` if there is no file."""
    if file is None:
        return np.full((2, 2, 4), (level, level, 255, 255), np.uint8)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGBA"))[::-1]


def normals(drawn: Drawn, points: Floats) -> Floats:
    quads = drawn.part.surface.quads
    face = np.cross(points[quads[:, 2]] - points[quads[:, 0]], points[quads[:, 3]] - points[quads[:, 1]])
    return _unit(drawn.gather @ face)


def _soft(part: Part, picture: Picture) -> NDArray[np.bool_]:
    """Triangles [triangles] whose texture is not solid everywhere, tested at 15 points of each on the local
    minimum of alpha."""
    if part.material != "hair":
        return np.ones(len(part.surface.triangles), np.bool_)
    alpha = minimum_filter(picture[:, :, 3], size=5)
    steps = np.array([(i, j, 4 - i - j) for i in range(5) for j in range(5 - i)]) / 4
    places = np.einsum("sk,tkc->tsc", steps, part.surface.uvs[part.surface.triangles])
    high, wide = alpha.shape
    x = np.clip(places[..., 0] * wide, 0, wide - 1).astype(int)
    y = np.clip(places[..., 1] * high, 0, high - 1).astype(int)
    return np.asarray(alpha[y, x].min(1) < SOLID_HAIR * 255)


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def only(
    program: moderngl.Program, buffer: moderngl.Buffer, names: tuple[str, ...], sizes: tuple[int, ...]
) -> tuple[object, ...]:
    """Layout of a buffer, with padding for attributes this program does not use."""
    used = [name in program for name in names]
    layout = " ".join(f"{size}f" if use else f"{4 * size}x" for size, use in zip(sizes, used, strict=True))
    return (buffer, layout, *(name for name, use in zip(names, used, strict=True) if use))
