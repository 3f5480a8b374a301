"""Renders the backdrop: a small path-traced studio, out of focus as behind a portrait.

Our own path tracer runs in a fragment shader (shaders/studio.glsl), one sample per pass, summed in floating
point; then come exposure, denoising and the sRGB curve. Each studio is rendered once: the picture is cached
under a name derived from everything it depends on.

    python -m actor.studio boutique boutique.png --size 1080x1920 --samples 128
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from actor import boutique, workshop
from actor.context import open_context
from actor.decor import Decor, Form, Lamp, Solid, Vec

CAMERA_HEIGHT_M = 1.35
FIELD_OF_VIEW_DEG = 34.0
"""Vertical; the camera looks horizontally."""
PRESENTER_M = 2.1
"""Distance of the presenter, who is in focus."""
WALL_M = 3.4
APERTURE_M = 0.0295
"""Aperture diameter: 59 mm at f/2, the lens with this field of view on 36 mm of film."""
SAMPLES = 128
SIZE = (1080, 1920)

ROOMS: dict[str, Callable[[], Decor]] = {"boutique": boutique.build, "workshop-modern": workshop.build}
SHADER = Path(__file__).with_name("shaders") / "studio.glsl"
FINISHING = 1
"""Version of the steps after the tracer; increase it when they change, so that cached pictures are remade."""


def picture(
    room: str, size: tuple[int, int], *, samples: int = SAMPLES, seed: int = 0, cache: Path | None = None
) -> NDArray[np.uint8]:
    """The studio `room` as uint8 [height, width, 3], sRGB; `size` is width, height in pixels,
    `seed` 0..2**32 - 1.

    On one machine the same arguments give the same pixels. With `cache` (a folder, created if absent)
    the picture is stored there as PNG and reused. Raises ValueError for an unknown room, or for
    samples outside 1..1024 (the length of the tracer's sequence).

    A picture that is not cached is drawn in a new OpenGL context, which stays current in this thread:
    call this before making another context, or enter that one again (`with context:`).
    """
    if room not in ROOMS:
        raise ValueError(f"no room {room!r}; choose from {', '.join(sorted(ROOMS))}")
    if not 1 <= samples <= 1024:
        raise ValueError(f"samples must be 1..1024, not {samples}")
    decor = ROOMS[room]()
    program = write_program(decor)
    kept = None
    if cache is not None:
        table = solid_table(decor.solids).tobytes()
        settings = f"{room} {size} {samples} {seed} {FINISHING} {decor.ambient} {_lens()}"
        digest = hashlib.sha256(program.encode() + table + settings.encode()).hexdigest()[:16]
        kept = cache / f"{room}-{digest}.png"
        if kept.exists():
            return _read(kept)
    finished = finish(trace(decor, program, size, samples, seed), seed)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        _write(kept, finished)
    return finished


def trace(decor: Decor, program: str, size: tuple[int, int], samples: int, seed: int) -> NDArray[np.float32]:
    """Linear radiance, float32 [height, width, 3], the mean of `samples` paths per pixel."""
    context = open_context()
    try:
        vertex = "#version 430\nin vec2 at; void main() { gl_Position = vec4(at, 0, 1); }"
        shader = context.program(vertex_shader=vertex, fragment_shader=program)
        corners = context.buffer(np.array([-1, -1, 3, -1, -1, 3], "f4").tobytes())
        triangle = context.vertex_array(shader, [(corners, "2f", "at")])
        table = solid_table(decor.solids)
        texture = context.texture((table.shape[1], table.shape[0]), 4, table.tobytes(), dtype="f4")
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        texture.use(0)
        target = context.framebuffer([context.texture(size, 4, dtype="f4")])
        target.use()
        target.clear()
        context.enable(moderngl.BLEND)
        context.blend_func = moderngl.ONE, moderngl.ONE
        for name, setting in (("seed", seed), ("size", size), ("lens", _lens()), ("ambient", decor.ambient)):
            shader[name] = setting
        for turn in range(samples):
            shader["turn"] = turn
            triangle.render(moderngl.TRIANGLES, 3)
            context.finish()  # a software rasteriser would otherwise queue every pass in memory
        light = np.frombuffer(target.read(components=4, dtype="f4"), "f4")
    finally:
        context.release()
    light = light.reshape(size[1], size[0], 4)
    return np.ascontiguousarray(light[::-1, :, :3] / light[::-1, :, 3:])


def finish(light: NDArray[np.float32], seed: int) -> NDArray[np.uint8]:
    """Turn linear radiance into a uint8 sRGB picture: lens glow, exposure curve, denoising, dither."""
    height = light.shape[0]
    clean = cv2.medianBlur(np.minimum(light, 20.0), 5 if height >= 1200 else 3)
    halo = cv2.GaussianBlur(np.minimum(clean, 6.0), (0, 0), height / 60)
    wide = cv2.GaussianBlur(np.minimum(clean, 6.0), (0, 0), height / 18)
    shown = _curve(0.94 * clean + 0.04 * halo + 0.02 * wide)
    # the lens leaves no detail this small, so the filter removes only noise
    shown = cv2.bilateralFilter(shown, 0, 0.08, height / 640)
    shown = cv2.GaussianBlur(shown, (0, 0), height / 800)
    grain = np.random.default_rng(seed).triangular(-1, 0, 1, shown.shape).astype(np.float32)
    finished: NDArray[np.uint8] = np.clip(shown * 255 + grain + 0.5, 0, 255).astype(np.uint8)
    return finished


def _curve(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB curve, 0..1 (IEC 61966-2-1), with a shoulder, so that lamps keep their colour and do not clip."""
    knee = 0.6
    over = np.maximum(light - knee, 0)
    rolled = np.where(light > knee, knee + (1 - knee) * over / (over + (1 - knee)), light)
    low = rolled * 12.92
    high = 1.055 * np.power(np.maximum(rolled, 0.0031308), 1 / 2.4) - 0.055
    return np.where(rolled <= 0.0031308, low, high).astype(np.float32)


def _lens() -> tuple[float, float, float, float]:
    return CAMERA_HEIGHT_M, float(np.tan(np.radians(FIELD_OF_VIEW_DEG / 2))), APERTURE_M / 2, PRESENTER_M


def write_program(decor: Decor) -> str:
    """The tracer's shader source with the studio's solids and lamps inserted."""
    solids = list(enumerate(decor.solids))
    nearest = [_call(s, k) if not s.ghost else f"if (!camera) {{ {_call(s, k)} }}" for k, s in solids]
    blocking = [_call(s, k) for k, s in solids if s.finish.glow == 0]
    text = SHADER.read_text(encoding="utf-8")
    for mark, lines in (
        ("@NEAREST@", nearest),
        ("@BLOCKING@", blocking),
        ("@LAMPS@", [_lamp(lamp) for lamp in decor.lamps]),
    ):
        text = text.replace(mark, "\n".join(lines))
    return text


def solid_table(solids: tuple[Solid, ...]) -> NDArray[np.float32]:
    """The tracer's lookup table of solids, float32 [solids, 7 texels, 4]:

    centre and form; three rows of the matrix into its own space, each with a half extent; first
    colour and pattern; rough, coat, bevel, glow; second colour and scale.
    """
    table = np.zeros((len(solids), 7, 4), np.float32)
    for row, solid in zip(table, solids, strict=True):
        finish_ = solid.finish
        row[0] = (*solid.centre, solid.form)
        row[1:4, :3] = _inward(solid)
        row[1:4, 3] = solid.half
        row[4] = (*finish_.first, finish_.pattern)
        row[5] = (finish_.rough, finish_.coat, finish_.bevel, finish_.glow)
        row[6] = (*finish_.second, finish_.scale)
    return table


def _inward(solid: Solid) -> NDArray[np.float64]:
    axes = np.array(solid.axes, float)
    return axes / np.array(solid.half)[:, None] if solid.form is Form.BALL else axes


def _vec(v: Vec) -> str:
    return f"vec3({v[0]:.6g}, {v[1]:.6g}, {v[2]:.6g})"


def _call(solid: Solid, who: int) -> str:
    """Shader line that intersects a ray with this solid."""
    centre, half = _vec(solid.centre), _vec(solid.half)
    if solid.form is Form.BOX:
        cos, _, sin = solid.axes[0]
        if sin == 0:
            return f"box(hit, r, {centre}, {half}, {who});"
        return f"turned(hit, r, {centre}, {half}, vec2({cos:.6g}, {sin:.6g}), {who});"
    if solid.form is Form.DRUM:
        swap = ".yxz" if solid.axes[0] == (0, 1, 0) else ""
        return f"drum(hit, (o - {centre}){swap}, d{swap}, {solid.half[0]:.6g}, {solid.half[1]:.6g}, {who});"
    # GLSL writes matrices column by column
    matrix = "mat3(" + ", ".join(f"{v:.6g}" for v in _inward(solid).T.ravel()) + ")"
    return f"{{ const mat3 m = {matrix}; ball(hit, m * (o - {centre}), m * d, {who}); }}"


def _lamp(lamp: Lamp) -> str:
    """Shader line that adds this lamp's light."""
    if not any(lamp.across):
        where = f"vec4({', '.join(f'{v:.6g}' for v in (*lamp.centre, lamp.radius))})"
        return f"globe(c, u, uv, at, n, {_vec(lamp.light)}, {where});"
    facing = np.cross(lamp.across, lamp.along)
    x, y, z = (float(v) for v in facing / np.linalg.norm(facing))
    frame = ", ".join(_vec(v) for v in (lamp.centre, lamp.across, lamp.along, (x, y, z)))
    return f"panel(c, u, uv, at, n, {_vec(lamp.light)}, mat4x3({frame}));"


def _read(path: Path) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)


def _write(path: Path, shown: NDArray[np.uint8]) -> None:
    part = path.with_suffix(".part")
    cv2.imencode(".png", shown[..., ::-1])[1].tofile(part)
    part.replace(path)  # atomic: another process never reads half a picture


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Command line: write the picture of one studio."""
    parser = argparse.ArgumentParser(prog="python -m actor.studio", description="Render a studio.")
    parser.add_argument("room", choices=sorted(ROOMS))
    parser.add_argument("out", type=Path, help="a PNG file")
    parser.add_argument("--size", type=_size, default=SIZE, help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="paths a pixel, 1..1024")
    asked = parser.parse_args()
    _write(asked.out, picture(asked.room, asked.size, samples=asked.samples))


if __name__ == "__main__":
    main()
