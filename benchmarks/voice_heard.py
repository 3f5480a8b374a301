"""Speaks the sentences of benchmarks/voice_sentences.yaml with the embedded voice; whisper transcribes them.

A section of benchmarks/voice.py, not a script; its docstring says how both sides are normalised.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import doublure  # noqa: F401 - first: it limits the threads that numpy starts

# isort: split
import anyio
import numpy as np
import yaml
from opencc import OpenCC

from doublure.cue import Utterance
from doublure.engines import find_engine
from doublure.media import Language, Pcm
from doublure.voice.engine import Voice
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker
from doublure.voice.spoken.form import spoken

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

WORST = 10
Measured = dict[str, float]
"""Figures by the keys of benchmarks/voice.py."""


def sentences(language: Language) -> list[str]:
    """The 40 shop sentences of a language, as written."""
    table = yaml.safe_load((HERE / "voice_sentences.yaml").read_text(encoding="utf-8"))
    return cast("list[str]", table[language])


def embedded(language: Language) -> Voice:
    """The embedded voice, not yet loaded. Imported here so that memory can be measured before."""
    return cast(Voice, find_engine("voices", "kokoro")(VoiceSettings(), language))


async def said(speaker: Speaker, text: str) -> Pcm:
    """A sentence as a room plays it: all clauses with their pauses."""
    utterance = Utterance("u", "c", "script", text, speaker.language)
    return np.concatenate([clause.speech.pcm async for clause in speaker.speak(utterance)])


@cache
def simplified() -> OpenCC:
    """The converter from traditional to simplified characters."""
    return OpenCC("t2s")


def normalised(text: str, language: Language) -> str:
    """Normalised as the docstring of voice.py says: letters and single blanks, no blanks in Mandarin."""
    if language == "zh":
        text = spoken(simplified().convert(text), language).lower()
        return re.sub(r"[^\u3400-\u9fffa-z]", "", text)
    text = spoken(text, language).lower().replace("’", "'")
    if language == "fr":
        text = text.replace("'", " ")
    return " ".join(re.sub(r"[^\w']|[\d_]", " ", text).split())


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence as whisper heard it."""

    written: str
    wanted: str
    """Normalised spoken form."""
    heard: str
    """Whisper's transcript."""
    got: str
    """The same, normalised."""
    rate: float
    units: int

    @property
    def edits(self) -> float:
        return self.rate * self.units


async def listen(language: Language) -> list[Heard]:
    """Speak and transcribe all sentences of a language."""
    from tests.hearing import error_rate, heard  # the tests' listener

    speaker = Speaker(embedded(language), language)
    found = []
    for text in sentences(language):
        pcm = await said(speaker, text)
        wrote = await anyio.to_thread.run_sync(heard, pcm, language)
        wanted, got = normalised(spoken(text, language), language), normalised(wrote, language)
        units = len(wanted) if language == "zh" else len(wanted.split())
        found.append(Heard(text, wanted, wrote, got, error_rate(wanted, got, language), units))
    return found


def errors(arguments: argparse.Namespace) -> Measured:
    """Share of characters or words misheard; prints the worst sentences."""
    figures = {}
    for language in arguments.languages:
        found = anyio.run(listen, language)
        figures[f"errors_{language}"] = sum(one.edits for one in found) / sum(one.units for one in found)
        print(f"{language}: {figures[f'errors_{language}']:.4f}, the worst of {len(found)} sentences:")
        for one in sorted(found, key=lambda one: -one.edits)[:WORST]:
            print(f"  {one.edits:3.0f} of {one.units:<3} {one.written}")
            print(f"      heard {one.heard}\n      wanted {one.wanted}\n      got    {one.got}")
        print(flush=True)
    return figures
