"""OpenGL without a screen."""

from __future__ import annotations

import moderngl

GL, EGL = "libGL.so.1", "libEGL.so.1"
"""Named in full: the short names belong to development packages."""


def open_context() -> moderngl.Context:
    """An OpenGL 4.3 context of its own through EGL; Mesa draws in software where there is no card.
    Raises what the library raises when neither EGL nor Mesa is installed."""
    # the library's types call every setting a dictionary
    return moderngl.create_context(
        require=430,
        standalone=True,
        backend="egl",  # type: ignore[arg-type]
        libgl=GL,  # type: ignore[arg-type]
        libegl=EGL,  # type: ignore[arg-type]
    )
