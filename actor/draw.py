"""Draws a posed figure as a photograph of a studio: OpenGL 4.3, no screen needed.

Three steps a frame: depth seen from the key light, blurred into soft shadows; the parts, four samples
a pixel, over the backdrop; hair, brows and lashes sorted from back to front and blended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import sparse
from scipy.ndimage import minimum_filter

from actor.figure import Figure, Part, Pose
from actor.lighting import Camera, Lighting, orthographic
from actor.marks import Marks
from actor.meshes import Floats

Picture = NDArray[np.uint8]
"""sRGB [height, width, 3]."""
SHADERS = Path(__file__).parent / "shaders"
MATERIALS = ("skin", "cloth", "hair", "brow", "lash", "eye", "teeth", "tongue")
NEAREST = "hcset"
"""Order of the solid materials by their first letters: hair, cloth, skin, eyes, teeth and tongue."""
BLENDED = ("hair", "brow", "lash")
SOLID_HAIR = 0.62
"""Alpha from which hair writes depth."""
SHADOW_SIZE = 640
CHEEK = np.array([0.14, -0.40, 0.05])
"""Middle of a cheek from its eye, decimetres."""
SMOOTHINGS = 7
"""Rounds by which the broad normal of skin is smoothed: about a centimetre."""


@dataclass(slots=True)
class _Drawn:
    """A part on the graphics card."""

    part: Part
    moving: moderngl.Buffer
    order: moderngl.Buffer
    shape: moderngl.VertexArray
    depth: moderngl.VertexArray
    picture: moderngl.Texture
    relief: moderngl.Texture
    soft: NDArray[np.bool_]
    """[triangles], those that are see-through somewhere."""
    gather: sparse.csr_matrix
    """[refined, faces]: which faces touch a vertex."""
    smooth: sparse.csr_matrix
    """[refined, refined]: mean of a vertex and its neighbours."""


class Stage:
    """One presenter before one backdrop at one size."""

    def __init__(self, figure: Figure, backdrop: Picture, size: tuple[int, int], lighting: Lighting) -> None:
        self.figure, self.size, self.lighting = figure, size, lighting
        self.last: tuple[Floats, Floats] = figure.base, np.zeros((len(figure.bones), 3, 4))
        """Base vertices and bone transforms of the last picture."""
        self.camera = Camera(size, figure.crown, figure.looks.high)
        self.context = moderngl.create_context(
            standalone=True,
            require=430,
            backend="egl",  # type: ignore[arg-type]  # the library types its settings as dicts
        )
        self._programs = {
            name: self._program("part.vert", "part.frag", MATERIALS.index(name)) for name in MATERIALS
        }
        self._depth = self._program("depth.vert", "depth.frag")
        self._blur = self._program("screen.vert", "blur.frag")
        self._backdrop = self._program("screen.vert", "backdrop.frag")
        self._target()
        corners = self.context.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], np.float32).tobytes())
        self._behind = self.context.vertex_array(self._backdrop, [(corners, "2f", "in_place")])
        self._across = self.context.vertex_array(self._blur, [(corners, "2f", "in_place")])
        self._view = self._texture(np.dstack([backdrop, np.full(backdrop.shape[:2], 255, np.uint8)]))
        self._random = self._volume()
        self._random.use(3)
        self.light = orthographic(
            lighting.key_from, self.camera.centre + np.array([0.0, -0.2, 0.1]), 5.6, 14.0
        )
        self._drawn = [self._load(part) for part in figure.parts]
        self.mark(Marks.plain(figure))

    def mark(self, marks: Marks) -> None:
        """Sets what is known of each vertex at rest: open sky, lips, mouth, scalp."""
        for drawn, (rest, mark) in zip(self._drawn, marks.parts, strict=True):
            spread = drawn.part.surface.spread
            still = np.concatenate([rest[spread], drawn.part.surface.uvs, mark[spread]], 1).astype(np.float32)
            program = self._programs[drawn.part.material]
            buffer = self.context.buffer(still.tobytes())
            drawn.shape = self.context.vertex_array(
                program,
                [
                    _only(program, drawn.moving, ("in_position", "in_normal", "in_soft"), (3, 3, 3)),
                    _only(program, buffer, ("in_rest", "in_uv", "in_marks"), (3, 2, 4)),
                ],
                drawn.order,
            )

    def draw(self, pose: Pose) -> Picture:
        """The picture of this pose."""
        placed, base, moves = self._pose(pose)
        self.last = base, moves
        self._shadows()
        self._target_buffer.use()
        self._target_buffer.clear(0.5, 0.5, 0.5, 1.0, depth=1.0)
        self.context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
        self._view.use(0)
        self._behind.render(moderngl.TRIANGLE_STRIP)
        self._say(base, moves)
        self._solid()
        self._soft(placed)
        self.context.copy_framebuffer(self._shown, self._target_buffer)
        raw = np.frombuffer(self._shown.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(raw.reshape(self.size[1], self.size[0], 3)[::-1])

    def pose(self, pose: Pose) -> list[Floats]:
        """Poses without drawing: refined vertices of each part, [n, 3]."""
        return self._pose(pose)[0]

    def normals(self, placed: list[Floats]) -> list[Floats]:
        """Normals of the refined vertices of each part, [n, 3]."""
        return [_normals(drawn, points) for drawn, points in zip(self._drawn, placed, strict=True)]

    def depth(self, light: Floats) -> NDArray[np.float32]:
        """Depth 0..1 of what was posed last, seen by a light: [SHADOW_SIZE, SHADOW_SIZE], row 0 below."""
        self._cast(light)
        raw = np.frombuffer(self._moments[0].read(components=2, dtype="f4"), np.float32)
        return np.asarray(raw.reshape(SHADOW_SIZE, SHADOW_SIZE, 2)[:, :, 0])

    def _pose(self, pose: Pose) -> tuple[list[Floats], Floats, Floats]:
        placed, base, moves = self.figure.place(pose)
        for drawn, points in zip(self._drawn, placed, strict=True):
            drawn.moving.write(self._moving(drawn, points).tobytes())
        return placed, base, moves

    # ---- what is drawn how

    def _solid(self) -> None:
        self.context.enable(moderngl.DEPTH_TEST)
        self.context.disable(moderngl.BLEND)
        self._target_buffer.depth_mask = True
        # what lies before comes first, so that what it hides is not shaded
        for drawn in sorted(self._drawn, key=lambda one: NEAREST.find(one.part.material[0])):
            if drawn.part.material in ("brow", "lash"):
                continue
            program = self._programs[drawn.part.material]
            if drawn.part.material == "hair":
                program["cut"], program["keep"] = SOLID_HAIR, 2.0
                drawn.order.write(drawn.part.surface.triangles.tobytes())
            drawn.picture.use(0)
            drawn.relief.use(2)
            drawn.shape.render(moderngl.TRIANGLES)

    def _soft(self, placed: list[Floats]) -> None:
        self.context.enable(moderngl.DEPTH_TEST | moderngl.BLEND)
        self.context.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        self._target_buffer.depth_mask = False
        for drawn, points in zip(self._drawn, placed, strict=True):
            if drawn.part.material not in BLENDED:
                continue
            program = self._programs[drawn.part.material]
            program["cut"], program["keep"] = 0.02, SOLID_HAIR if drawn.part.material == "hair" else 2.0
            triangles = drawn.part.surface.triangles[drawn.soft]
            middle = points[drawn.part.surface.spread[triangles]].mean(1)
            far = np.argsort(((middle - self.camera.place) ** 2).sum(1))[::-1]
            drawn.order.write(triangles[far].astype(np.int32).tobytes())
            drawn.picture.use(0)
            self.context.polygon_offset = (0.0, 0.0) if drawn.part.material == "hair" else (-2.0, -16.0)
            drawn.shape.render(moderngl.TRIANGLES, vertices=triangles.size)
        self.context.polygon_offset = 0.0, 0.0
        self._target_buffer.depth_mask = True

    def _cast(self, light: Floats) -> None:
        self._moments[0].use()
        self._moments[0].clear(1.0, 1.0, 0.0, 0.0, depth=1.0)
        self.context.enable(moderngl.DEPTH_TEST)
        self.context.disable(moderngl.BLEND | moderngl.CULL_FACE)
        _set(self._depth, "light_projection", light.T.astype(np.float32).tobytes())
        for drawn in self._drawn:
            if drawn.part.material in ("brow", "lash", "tongue", "teeth"):
                continue
            self._depth["cut"] = 0.5 if drawn.part.material == "hair" else 0.0
            drawn.picture.use(0)
            drawn.depth.render(moderngl.TRIANGLES)

    def _shadows(self) -> None:
        self._cast(self.light)
        self.context.disable(moderngl.DEPTH_TEST)
        step = self.lighting.softness / SHADOW_SIZE / 6
        for source, target, reach in ((0, 1, (step, 0.0)), (1, 0, (0.0, step))):
            self._moments[target].use()
            self._depths[source].use(0)
            self._blur["reach"] = reach
            self._across.render(moderngl.TRIANGLE_STRIP)
        self._depths[0].use(1)

    # ---- what the shaders are told

    def _say(self, base: Floats, moves: Floats) -> None:
        """Uniforms of this frame."""
        lips = self.figure.lips(base)
        front = moves[self.figure.index["head"]][:, :3] @ np.array([0.0, 0.0, 1.0])
        view = (self.camera.matrix()).T.astype(np.float32).tobytes()
        light = self.light.T.astype(np.float32).tobytes()
        for program in self._programs.values():
            _set(program, "view_projection", view)
            _set(program, "light_projection", light)
            _set(program, "eye", self.camera.place)
            _set(program, "mouth", np.array([*lips.centre, lips.opening]))
            _set(program, "face_front", front)
            _set(program, "cheek", self.figure.bones[self.figure.index["eye.L"]].head + CHEEK)
            for name, value in self.lighting.uniforms():
                _set(program, name, value)
            if "shadow" in program:
                program["shadow"] = 1
            if "relief" in program:
                program["relief"] = 2
            if "random" in program:
                program["random"] = 3
        for drawn in self._drawn:
            program = self._programs[drawn.part.material]
            _set(program, "tint", np.array(drawn.part.tint))
            _set(program, "lip_colour", np.array(self.figure.looks.lips))
            _set(program, "hair_colour", np.array(self.figure.looks.hair))
            _set(program, "buttons", np.array(self.figure.looks.buttons))

    def _moving(self, drawn: _Drawn, points: Floats) -> NDArray[np.float32]:
        """Position, normal and broad normal of each drawn vertex: [corners, 9]."""
        normal = _normals(drawn, points)
        broad = normal
        if drawn.part.material == "hair":
            broad = self._strands(drawn, points)
        elif drawn.part.material == "skin":
            for _ in range(SMOOTHINGS):
                broad = drawn.smooth @ broad
            broad = _unit(broad)
        moving = np.concatenate([points, normal, broad], 1).astype(np.float32)
        return np.asarray(moving[drawn.part.surface.spread])

    def _strands(self, drawn: _Drawn, points: Floats) -> Floats:
        """Along the strands, which run along v of the texture: unit vectors [refined, 3]."""
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

    # ---- making

    def _program(self, vertex: str, fragment: str, material: int | None = None) -> moderngl.Program:
        text = (SHADERS / fragment).read_text(encoding="utf-8")
        if material is not None:
            text = text.replace("#version 430\n", f"#version 430\n#define MATERIAL {material}\n", 1)
        return self.context.program(
            vertex_shader=(SHADERS / vertex).read_text(encoding="utf-8"), fragment_shader=text
        )

    def _target(self) -> None:
        self._target_buffer = self.context.framebuffer(
            [self.context.renderbuffer(self.size, 4, samples=4)],
            self.context.depth_renderbuffer(self.size, samples=4),
        )
        self._shown = self.context.framebuffer([self.context.renderbuffer(self.size, 4)])
        side = (SHADOW_SIZE, SHADOW_SIZE)
        self._depths = [self.context.texture(side, 2, dtype="f4") for _ in range(2)]
        for texture in self._depths:
            texture.repeat_x = texture.repeat_y = False
        self._moments = [
            self.context.framebuffer([texture], self.context.depth_renderbuffer(side))
            for texture in self._depths
        ]

    def _texture(self, rgba: Picture) -> moderngl.Texture:
        texture = self.context.texture(
            (rgba.shape[1], rgba.shape[0]), 4, np.ascontiguousarray(rgba).tobytes()
        )
        texture.build_mipmaps()
        texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
        return texture

    def _volume(self) -> moderngl.Texture3D:
        """Random numbers that the shaders make grain of; the same in every run."""
        random = np.random.default_rng(0).integers(0, 256, (64, 64, 64, 4), np.uint8)
        volume = self.context.texture3d((64, 64, 64), 4, random.tobytes())
        volume.filter = moderngl.LINEAR, moderngl.LINEAR
        return volume

    def _load(self, part: Part) -> _Drawn:
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
        moving = self.context.buffer(reserve=len(shape.spread) * 36, dynamic=True)
        order = self.context.buffer(shape.triangles.tobytes())
        seams = self.context.buffer(shape.uvs.tobytes())
        depth = self.context.vertex_array(
            self._depth,
            [(moving, "3f 24x", "in_position"), _only(self._depth, seams, ("in_uv",), (2,))],
            order,
        )
        picture = _rgba(part.texture, 255)
        pictures = self._texture(picture), self._texture(_rgba(part.relief, 128))
        return _Drawn(part, moving, order, depth, depth, *pictures, _soft(part, picture), gather, smooth)


def _rgba(file: Path | None, level: int) -> Picture:
    """A texture with its first row at the bottom, as OpenGL wants it; one `level` when there is none."""
    if file is None:
        return np.full((2, 2, 4), (level, level, 255, 255), np.uint8)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGBA"))[::-1]


def _normals(drawn: _Drawn, points: Floats) -> Floats:
    quads = drawn.part.surface.quads
    face = np.cross(points[quads[:, 2]] - points[quads[:, 0]], points[quads[:, 3]] - points[quads[:, 1]])
    return _unit(drawn.gather @ face)


def _soft(part: Part, picture: Picture) -> NDArray[np.bool_]:
    """Triangles [triangles] over which the texture is not solid throughout, looked up at 15 places of each
    in the lowest alpha of its surroundings."""
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


def _only(
    program: moderngl.Program, buffer: moderngl.Buffer, names: tuple[str, ...], sizes: tuple[int, ...]
) -> tuple[object, ...]:
    """A buffer's layout, passing over what this program does not use."""
    used = [name in program for name in names]
    layout = " ".join(f"{size}f" if use else f"{4 * size}x" for size, use in zip(sizes, used, strict=True))
    return (buffer, layout, *(name for name, use in zip(names, used, strict=True) if use))


def _set(program: moderngl.Program, name: str, value: Floats | bytes | float) -> None:
    """Sets a uniform if the program has it: compilers drop those that are not used."""
    if name not in program:
        return
    if isinstance(value, bytes):
        cast(moderngl.Uniform, program[name]).write(value)
    elif isinstance(value, float):
        program[name] = value
    else:
        program[name] = tuple(float(x) for x in value)
