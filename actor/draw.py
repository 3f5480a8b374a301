"""Draws a posed figure before a studio backdrop with OpenGL 4.3, without a screen.

Three steps per frame: depth from the key light, blurred for soft shadows; the parts over the backdrop with
four samples per pixel; hair, brows and lashes, sorted from back to front and blended.
"""

from __future__ import annotations

from typing import cast

import moderngl
import numpy as np
from numpy.typing import NDArray

from actor.context import open_context
from actor.drawn import SOLID_HAIR, Picture, compiled, load, moving, normals, only, texture, volume
from actor.figure import Figure, Pose
from actor.lighting import Camera, Lighting, orthographic
from actor.marks import Marks
from actor.meshes import Floats

MATERIALS = ("skin", "cloth", "hair", "brow", "lash", "eye", "teeth", "tongue")
NEAREST = "hcset"
"""Drawing order of the solid materials by first letter: hair, cloth, skin, eyes, teeth and tongue."""
BLENDED = ("hair", "brow", "lash")
SHADOW_SIZE = 640
CHEEK = np.array([0.14, -0.40, 0.05])
"""Middle of a cheek relative to its eye, decimetres."""


class Stage:
    """One presenter before one backdrop at one size."""

    window: tuple[int, int, int, int] | None = None
    """Left, top, width and height of the drawn part, pixels; None draws the whole picture."""

    def __init__(self, figure: Figure, backdrop: Picture, size: tuple[int, int], lighting: Lighting) -> None:
        self.figure, self.size, self.lighting = figure, size, lighting
        self.last: tuple[Floats, Floats] = figure.base, np.zeros((len(figure.bones), 3, 4))
        """Base vertices and bone transforms of the last drawn picture."""
        self.camera = Camera(size, figure.crown, figure.looks.high)
        self.context = open_context()
        self._programs = {
            name: compiled(self.context, "part.vert", "part.frag", MATERIALS.index(name))
            for name in MATERIALS
        }
        self._depth = compiled(self.context, "depth.vert", "depth.frag")
        self._blur = compiled(self.context, "screen.vert", "blur.frag")
        self._backdrop = compiled(self.context, "screen.vert", "backdrop.frag")
        self._target()
        corners = self.context.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], np.float32).tobytes())
        self._behind = self.context.vertex_array(self._backdrop, [(corners, "2f", "in_place")])
        self._across = self.context.vertex_array(self._blur, [(corners, "2f", "in_place")])
        self._view = texture(self.context, np.dstack([backdrop, np.full(backdrop.shape[:2], 255, np.uint8)]))
        self._random = volume(self.context)
        self._random.use(3)
        self.light = orthographic(
            lighting.key_from, self.camera.centre + np.array([0.0, -0.2, 0.1]), 5.6, 14.0
        )
        self._drawn = [load(self.context, part, self._depth) for part in figure.parts]
        self.marks = Marks.plain(figure)
        self.mark(self.marks)

    def mark(self, marks: Marks) -> None:
        """Set the marks of each vertex at rest: open sky, lips, mouth, scalp."""
        for drawn, (rest, mark) in zip(self._drawn, marks.parts, strict=True):
            spread = drawn.part.surface.spread
            still = np.concatenate([rest[spread], drawn.part.surface.uvs, mark[spread]], 1).astype(np.float32)
            program = self._programs[drawn.part.material]
            buffer = self.context.buffer(still.tobytes())
            content = [
                only(program, drawn.moving, ("in_position", "in_normal", "in_soft"), (3, 3, 3)),
                only(program, buffer, ("in_rest", "in_uv", "in_marks"), (3, 2, 4)),
            ]
            drawn.shape = self.context.vertex_array(program, content, drawn.order)
            drawn.veil = self.context.vertex_array(program, content, drawn.sorted)

    def draw(self, pose: Pose) -> Picture:
        """Draw this pose."""
        placed, base, moves = self._pose(pose)
        self.last = base, moves
        self._shadows()
        left, top, wide, high = self.window or (0, 0, *self.size)
        seen = (left, self.size[1] - top - high, wide, high)  # OpenGL counts from below
        self._target_buffer.scissor = seen
        self._target_buffer.use()
        self._target_buffer.clear(0.5, 0.5, 0.5, 1.0, depth=1.0)
        self.context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
        self._view.use(0)
        self._behind.render(moderngl.TRIANGLE_STRIP)
        self._say(base, moves)
        self._solid()
        self._soft(placed)
        self.context.copy_framebuffer(self._shown, self._target_buffer)
        raw = np.frombuffer(self._shown.read(viewport=seen, components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(raw.reshape(high, wide, 3)[::-1])

    def pose(self, pose: Pose) -> list[Floats]:
        """Pose without drawing; returns the refined vertices of each part, [n, 3]."""
        return self._pose(pose)[0]

    def normals(self, placed: list[Floats]) -> list[Floats]:
        """Normals of the refined vertices of each part, [n, 3]."""
        return [normals(drawn, points) for drawn, points in zip(self._drawn, placed, strict=True)]

    def depth(self, light: Floats) -> NDArray[np.float32]:
        """Depth 0..1 of the last pose seen from a light: [SHADOW_SIZE, SHADOW_SIZE], row 0 at the bottom."""
        self._cast(light)
        raw = np.frombuffer(self._moments[0].read(components=2, dtype="f4"), np.float32)
        return np.asarray(raw.reshape(SHADOW_SIZE, SHADOW_SIZE, 2)[:, :, 0])

    def _pose(self, pose: Pose) -> tuple[list[Floats], Floats, Floats]:
        # another stage or backdrop may have made its own context current
        self.context.__enter__()  # type: ignore[no-untyped-call]
        placed, base, moves = self.figure.place(pose)
        for drawn, points in zip(self._drawn, placed, strict=True):
            drawn.moving.write(moving(drawn, points).tobytes())
        return placed, base, moves

    # ---- drawing passes

    def _solid(self) -> None:
        self.context.enable(moderngl.DEPTH_TEST)
        self.context.disable(moderngl.BLEND)
        self._target_buffer.depth_mask = True
        # front to back, so that hidden pixels are not shaded
        for drawn in sorted(self._drawn, key=lambda one: NEAREST.find(one.part.material[0])):
            if drawn.part.material in ("brow", "lash"):
                continue
            program = self._programs[drawn.part.material]
            if drawn.part.material == "hair":
                program["cut"], program["keep"] = SOLID_HAIR, 2.0
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
            drawn.sorted.write(triangles[far].astype(np.int32).tobytes())
            drawn.picture.use(0)
            self.context.polygon_offset = (0.0, 0.0) if drawn.part.material == "hair" else (-2.0, -16.0)
            drawn.veil.render(moderngl.TRIANGLES, vertices=triangles.size)
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

    # ---- uniforms and targets

    def _say(self, base: Floats, moves: Floats) -> None:
        """Set the uniforms of this frame."""
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

    def _target(self) -> None:
        self._target_buffer = self.context.framebuffer(
            [self.context.renderbuffer(self.size, 4, samples=4)],
            self.context.depth_renderbuffer(self.size, samples=4),
        )
        self._shown = self.context.framebuffer([self.context.renderbuffer(self.size, 4)])
        side = (SHADOW_SIZE, SHADOW_SIZE)
        self._depths = [self.context.texture(side, 2, dtype="f4") for _ in range(2)]
        for depth in self._depths:
            depth.repeat_x = depth.repeat_y = False
        self._moments = [
            self.context.framebuffer([depth], self.context.depth_renderbuffer(side)) for depth in self._depths
        ]


def _set(program: moderngl.Program, name: str, value: Floats | bytes | float) -> None:
    """Set a uniform if the program has it; compilers drop unused ones."""
    if name not in program:
        return
    if isinstance(value, bytes):
        cast(moderngl.Uniform, program[name]).write(value)
    elif isinstance(value, float):
        program[name] = value
    else:
        program[name] = tuple(float(x) for x in value)
