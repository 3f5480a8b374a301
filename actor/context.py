"""An OpenGL context without a screen."""

from __future__ import annotations

import moderngl

GL, EGL = "libGL.so.1", "libEGL.so.1"
"""Full names, because the short ones exist only in development packages."""


def open_context() -> moderngl.Context:
    """Open a standalone OpenGL 4.3 context through EGL; without a graphics card Mesa renders in software.
    Passes on the exception of moderngl if neither EGL nor Mesa is installed."""
    # moderngl's type hints declare every setting as a dict
    return moderngl.create_context(
        require=430,
        standalone=True,
        backend="egl",  # type: ignore[arg-type]
        libgl=GL,  # type: ignore[arg-type]
        libegl=EGL,  # type: ignore[arg-type]
    )
