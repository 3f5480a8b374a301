"""Measures the host's voice: intelligibility, delay, cost, and stability over hours.

    python benchmarks/voice.py [--only errors,first,factor,memory,soak,spoken] [--languages zh,en,fr]
        [--questions 20] [--soak-minutes 120] [--card] [--json FILE]

The default is all sections but the soak. The voice is the embedded one, called through the speaker as
a room calls it, spoken form included.

errors: whisper-base transcribes the 40 sentences of voice_sentences.yaml. The transcript is compared with
    the spoken form of the sentence. Both are normalised: converted to spoken form again (whisper writes
    digits), lower case, marks and hyphens removed. Mandarin is converted to simplified characters, only
    hanzi and Latin letters are kept, and edits count by character. English and French are split at blanks
    (French also at apostrophes), and edits count by word. Homophones count as errors.
first, factor: a room of 720x1280 is on air with a null output and its programme in the cache. Comments are
    sent through the room, twice each, and timed to the first frame of the answer. Then a speaker beside
    the room speaks the catalogue's answers, timed to the first sound and to the end, and again from the
    cache.
memory, soak: each in its own process.
spoken: the table tests/spoken.yaml, by kind.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import cast

import doublure  # first: it limits the threads that numpy starts

# isort: split
import anyio
import numpy as np
import psutil
import yaml

from doublure.cue import Utterance
from doublure.errors import DoublureError
from doublure.media import LANGUAGES, SAMPLE_RATE, Pcm
from doublure.voice.speaker import Speaker
from doublure.voice.spoken.form import spoken
from voice_air import measure_on_air
from voice_heard import Measured, embedded, errors, said, sentences

ROOT = Path(__file__).resolve().parents[1]

SECTIONS = ("spoken", "errors", "memory", "first", "factor", "soak")
MEMORY_SENTENCES = 10
"""Per language; memory grows with the longest clause, not with the number of sentences."""
SAMPLING_SECONDS = 0.05
SILENCE = 10 ** (-50 / 20)
"""10 ms are silent below this ratio to the clause's peak."""
LONGEST_GAP_SECONDS = 0.6
MARK_MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for a figure."""

    key: str
    what: str
    limit: float
    unit: str
    least: bool = False
    """The limit is a minimum, not a maximum."""

    def kept(self, value: float) -> bool:
        return value >= self.limit if self.least else value <= self.limit


TARGETS = (
    Target("spoken_share_worst", "spoken form as in the table, worst kind", 0.98, "", least=True),
    Target("errors_zh", "characters misheard, Mandarin", 0.04, "CER"),
    Target("errors_en", "words misheard, English", 0.06, "WER"),
    Target("errors_fr", "words misheard, French", 0.12, "WER"),
    Target("memory_mb", "memory that loading and speaking add, highest", 700, "MB"),
    Target("first_median_seconds", "comment to first frame of its answer, median", 0.9, "s"),
    Target("first_p95_seconds", "the same, 95th percentile", 1.5, "s"),
    Target("voice_median_seconds", "answer asked of the voice to first sound, median", 0.9, "s"),
    Target("voice_p95_seconds", "the same, 95th percentile", 1.5, "s"),
    Target("cached_ms", "the same from the cache, worst", 50, "ms"),
    Target("factor", "synthesis for a second of speech on air, wall", 0.8, "s"),
    Target("soak_gap_seconds", "longest silence inside a clause", LONGEST_GAP_SECONDS, "s"),
    Target("soak_growth", "memory, last third beside the middle third", 0.05, ""),
)
EXTRA = (
    ("spoken_share", "spoken form as in the table, all", ""),
    ("first_again_median_seconds", "comment asked again to first frame, median", "s"),
    ("answers_missing", "questions that were not answered", ""),
    ("cached_median_ms", "answer from the cache, median", "ms"),
    ("factor_processor", "synthesis for a second of speech on air, processor", "s"),
    ("late_pictures", "pictures repeated because they were late, on air", "frames"),
    ("memory_before_mb", "memory before the voice is loaded", "MB"),
    ("soak_minutes", "minutes of speech in a row", "min"),
    ("soak_long_gaps", f"silences over {LONGEST_GAP_SECONDS} s inside a clause", ""),
    ("soak_rss_mb", "memory at the end of the soak", "MB"),
    ("load_before", "load average of the machine before", ""),
)


# ---- spoken form ----------------------------------------------------------------------------


def spoken_table(arguments: argparse.Namespace) -> Measured:
    """Share of the cases of tests/spoken.yaml whose spoken form is right, by kind."""
    table = yaml.safe_load((ROOT / "tests" / "spoken.yaml").read_text(encoding="utf-8"))
    shares, right, count = [], 0, 0
    for language in arguments.languages:
        for kind, cases in table[language].items():
            kept = [spoken(written, language) == wanted for written, wanted in cases]
            shares.append(sum(kept) / len(kept))
            right, count = right + sum(kept), count + len(kept)
            print(f"spoken form {language} {kind:16} {sum(kept):4} of {len(kept):<4} {shares[-1]:.3f}")
    print()
    return {"spoken_share_worst": min(shares), "spoken_share": right / count}


# ---- memory and soak, in a process of their own ----------------------------------------------


def rss_mb() -> float:
    """Resident memory of this process."""
    return float(psutil.Process().memory_info().rss) / 1e6


async def measure_memory(arguments: argparse.Namespace) -> Measured:
    """Memory that loading and speaking add, sampled while the voice works in its lane."""
    before = highest = rss_mb()

    async def sample() -> None:
        nonlocal highest
        while True:
            highest = max(highest, rss_mb())
            await anyio.sleep(SAMPLING_SECONDS)

    async with anyio.create_task_group() as group:
        group.start_soon(sample)
        for language in arguments.languages:
            speaker = Speaker(embedded(language), language)
            for text in sentences(language)[:MEMORY_SENTENCES]:
                await said(speaker, text)
        group.cancel_scope.cancel()
    return {"memory_mb": highest - before, "memory_before_mb": before}


def longest_silence(pcm: Pcm) -> float:
    """The longest silence between the first sound and the last, seconds."""
    step = SAMPLE_RATE // 100
    loud = np.abs(pcm[: len(pcm) // step * step]).reshape(-1, step).max(axis=1, initial=0.0)
    heard = np.flatnonzero(loud > loud.max(initial=0.0) * SILENCE)
    return float((np.diff(heard) - 1).max(initial=0)) / 100


async def measure_soak(arguments: argparse.Namespace) -> Measured:
    """Speak without a break, the languages in turn, and check every clause."""
    speakers = {language: Speaker(embedded(language), language) for language in arguments.languages}
    rounds = zip(*(sentences(language) for language in speakers), strict=True)
    order = cycle([(language, text) for row in rounds for language, text in zip(speakers, row, strict=True)])
    spoke, mark, gaps, marks = 0.0, 0.0, [0.0], []
    while spoke < 60 * arguments.soak_minutes:
        language, text = next(order)
        async for clause in speakers[language].speak(Utterance("u", "c", "script", text, language)):
            gaps.append(longest_silence(clause.speech.pcm))
            if gaps[-1] > LONGEST_GAP_SECONDS:
                print(f"silent for {gaps[-1]:.2f} s inside: {clause.speech.text}", flush=True)
            spoke += clause.speech.seconds
        marks.append(rss_mb())
        if spoke >= mark:
            print(f"{spoke / 60:6.1f} min of speech, {marks[-1]:6.0f} MB", flush=True)
            mark += 60 * MARK_MINUTES
    third = max(1, len(marks) // 3)
    return {
        "soak_minutes": spoke / 60,
        "soak_gap_seconds": max(gaps),
        "soak_long_gaps": sum(gap > LONGEST_GAP_SECONDS for gap in gaps),
        "soak_rss_mb": marks[-1],
        "soak_growth": median(marks[-third:]) / median(marks[-2 * third : -third] or marks) - 1,
    }


def apart(part: str, arguments: argparse.Namespace) -> Measured:
    """Run a section in a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "figures.json"
        command = [sys.executable, str(Path(__file__).resolve()), "--part", part, "--json", str(out)]
        command += ["--languages", ",".join(arguments.languages)]
        command += ["--soak-minutes", str(arguments.soak_minutes)]
        subprocess.run(command, check=True)
        return cast(Measured, json.loads(out.read_text()))


# ---- the whole ------------------------------------------------------------------------------


def table(figures: Measured) -> None:
    """Print the figures that were measured."""
    print(f"Doublure {doublure.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    for target in TARGETS:
        if target.key in figures:
            value, sign = figures[target.key], ">=" if target.least else "<="
            kept = "ok" if target.kept(value) else "MISSED"
            print(f"{target.what:52} {value:9.3f} {target.unit:4} {sign} {target.limit:<5g} {kept}")
    for key, what, unit in EXTRA:
        if key in figures:
            print(f"{what:52} {figures[key]:9.3f} {unit}")


def among(known: tuple[str, ...], given: str) -> list[str]:
    """The names in a comma-separated list. Raises `ArgumentTypeError` for an unknown one."""
    names = given.split(",")
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
    return names


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the host's voice.")
    usual = ",".join(SECTIONS[:-1])
    parser.add_argument("--only", type=lambda given: among(SECTIONS, given), default=usual)
    parser.add_argument(
        "--languages", type=lambda given: among(LANGUAGES, given), default=",".join(LANGUAGES)
    )
    parser.add_argument("--questions", type=int, default=20, help="comments asked, twice each (default 20)")
    parser.add_argument("--soak-minutes", type=float, default=120.0, help="minutes of speech (default 120)")
    parser.add_argument("--card", action="store_true", help="the card, not the demo's persona")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--part", choices=("memory", "soak"), help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(arguments: argparse.Namespace) -> Measured:
    """Run the chosen sections, one after the other."""
    figures = {"load_before": os.getloadavg()[0]}
    if "spoken" in arguments.only:
        figures |= spoken_table(arguments)
    if "errors" in arguments.only:
        figures |= errors(arguments)
    if "memory" in arguments.only:
        figures |= apart("memory", arguments)
    if {"first", "factor"} & set(arguments.only):
        figures |= anyio.run(measure_on_air, arguments)
    if "soak" in arguments.only:
        figures |= apart("soak", arguments)
    return figures


def main() -> int:
    """The command."""
    arguments = parsed()
    try:
        if arguments.part:
            figures = anyio.run(measure_memory if arguments.part == "memory" else measure_soak, arguments)
        else:
            figures = measured(arguments)
            table(figures)
    except DoublureError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
