"""Voice packs: Kokoro's styles, shipped or matched to a host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doublure.errors import ConsentError, FootageError
from doublure.media import Language
from doublure.trust.consent import Consent
from doublure.trust.persona import AGAIN, permitted, verify_file

ROWS, STYLE = 510, 256
"""Shape of a voice pack."""


@dataclass(frozen=True, slots=True)
class VoicePack:
    """A voice that Kokoro speaks with."""

    name: str
    rows: NDArray[np.float32]
    """[510, 256]: the style for each number of tokens. The first half is the timbre, read by Kokoro's decoder;
    the second is the prosody, read by its predictor of pitch and times."""
    pitch: float
    """Factor of the predicted pitch."""


def load_voice(path: Path, consent: Consent, language: Language, *, needed: bool) -> VoicePack | None:
    """The persona's matched voice in a language, verified; the rest of the persona is not read. If there is
    none, or the consent does not cover the voice, returns None, or raises an error with `needed`. Raises
    `ConsentError`, `FootageError`."""
    manifest = permitted(path, consent)
    entry = manifest.voices.get(language)
    if entry is not None and "voice" in consent.covers:
        verify_file(path, entry.file, manifest.files.get(entry.file, ""))
        rows = np.fromfile(path / entry.file, "<f4")
        if rows.size != ROWS * STYLE:
            raise FootageError("this is no voice pack", where=str(path / entry.file), remedy=AGAIN)
        name = f"{manifest.files[entry.file][:12]}*{entry.pitch:.3f}"
        return VoicePack(name, rows.reshape(ROWS, STYLE).astype(np.float32), entry.pitch)
    if not needed:
        return None
    if entry is not None:
        raise ConsentError(
            f"the consent of {consent.who} does not cover the voice",
            where=str(path),
            remedy="ask for a consent that does, or take one of Kokoro's voices",
        )
    raise FootageError(
        f"this persona has no matched voice in {language!r}",
        where=str(path),
        remedy="enrol the host again without --quick, or leave voice.name empty",
    )
