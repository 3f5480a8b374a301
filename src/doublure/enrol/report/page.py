"""Report card of an enrolment: measurements, what they mean, and what to improve in the recording.

`report.html` is for the host and the shop's operator, `report.json` has the same numbers for machines, and
`report.mp4` shows host and double.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Literal

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, RootModel

from doublure.enrol.report.comparison import HeldOut, Still, stills, write_clip
from doublure.enrol.report.findings import SEVERITIES, Finding, Kind, Severity
from doublure.enrol.report.score import Score
from doublure.media import FPS, Language, Size
from doublure.trust.persona import VoiceEntry

PAGE, NUMBERS, CLIP = "report.html", "report.json", "report.mp4"
Grade = Literal["good", "usable", "again"]
GRADES: tuple[Grade, ...] = ("good", "usable", "again")
"""From best to worst, for a measure and for the whole card."""
NAMED = 2
"""Most shortcomings named in the verdict; the table has all of them."""
TIMES_SHOWN = 5
"""Most stretches written out per finding."""
BEST = {"opening_correlation": 1.0, "width_correlation": 1.0, "ssim": 1.0}
"""Greatest possible values."""
VOICE_CAUSES: tuple[Kind, ...] = ("too_short", "music", "noise")
"""Findings that make the voice match worse."""
_HIGH_MARKS = re.compile("(?<=«) | (?=[;:!?»%])")
"""Spaces in French that must not break a line."""


@dataclass(frozen=True, slots=True)
class Target:
    """Bounds, inclusive, within which a measure is good, and within which it is usable."""

    measure: str
    """A field of `Score`, `silent_opening_ratio` or `unseen_percent`."""
    good: tuple[float, float]
    usable: tuple[float, float]

    def grade(self, value: float) -> Grade:
        """Grade of a value."""
        if self.good[0] <= value <= self.good[1]:
            return "good"
        return "usable" if self.usable[0] <= value <= self.usable[1] else "again"


TARGETS = (
    Target("opening_correlation", (0.85, 1), (0.65, 1)),
    Target("width_correlation", (0.7, 1), (0.45, 1)),
    Target("lip_distance_percent", (0, 3), (0, 5)),
    Target("ssim", (0.9, 1), (0.8, 1)),
    Target("sharpness_ratio", (0.75, 1.35), (0.5, 1.8)),
    Target("jitter_ratio", (0.6, 1.4), (0.4, 2)),
    Target("seam_ratio", (0, 1.15), (0, 1.4)),
    Target("offset_frames", (-1, 1), (-2, 2)),
    Target("silent_opening_ratio", (0, 1.3), (0, 2)),
    Target("unseen_percent", (0, 0), (0, 1)),
)
"""Default targets."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a stage of enrolment took."""

    stage: str
    """One word of [a-z_]: key `timing_<stage>_seconds` in `report.json`; on the page the phrase
    `timing_<stage>`, if there is one."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Card:
    """Content of the report."""

    who: str
    footage: str
    """The file's name."""
    seconds: float
    """Length of the footage."""
    language: Language
    score: Score
    silent_opening_ratio: float
    """From `score.opening_ratio`."""
    findings: tuple[Finding, ...]
    timings: tuple[Timing, ...]
    shown: HeldOut
    voice: VoiceEntry | None = None
    """The matched voice in the host's language, or None."""
    targets: tuple[Target, ...] = TARGETS

    def value(self, measure: str) -> float:
        """Value of a measure, by its name in `Target`."""
        if measure == "silent_opening_ratio":
            return self.silent_opening_ratio
        if measure == "unseen_percent":
            return 100 * self.score.unseen_frames / max(1, self.score.frames)
        return float(getattr(self.score, measure))


def write(card: Card, folder: Path) -> Path:
    """Write the three files of the report into `folder`, which must exist; returns the page's path."""
    size = write_clip(card.shown, card.language, folder / CLIP)
    typical = stills(card.shown, card.score.typical, card.language)
    worst = stills(card.shown, card.score.worst[: len(typical)], card.language)
    (folder / NUMBERS).write_text(json.dumps(numbers(card), ensure_ascii=False, indent=2) + "\n", "utf-8")
    page = folder / PAGE
    page.write_text(_page(card, size, typical, worst), "utf-8")
    return page


def verdict(card: Card) -> Grade:
    """`again` if a measure is not usable or a finding is `bad`; `good` if every measure is good; else
    `usable`."""
    grades = {target.grade(card.value(target.measure)) for target in card.targets}
    if any(one.severity == "bad" for one in card.findings):
        grades.add("again")
    return max(grades, key=GRADES.index, default="good")


def numbers(card: Card) -> dict[str, float | int | str | list[int]]:
    """The report for machines: a flat dict whose keys include the units."""
    flat: dict[str, float | int | str | list[int]] = {
        "verdict": verdict(card),
        "footage": card.footage,
        "footage_seconds": round(card.seconds, 2),
    }
    for field in fields(Score):
        value = getattr(card.score, field.name)
        name = {"frames": "scored_frames", "worst": "worst_frames", "typical": "typical_frames"}.get(
            field.name
        )
        plain = round(value, 4) if isinstance(value, float) else value
        flat[name or field.name] = list(value) if isinstance(value, tuple) else plain
    flat["silent_opening_ratio"] = round(card.silent_opening_ratio, 4)
    for kind, found in _by_kind(card.findings):
        flat[f"{kind}_count"] = len(found)
        flat[f"{kind}_seconds"] = round(sum(one.end - one.start for one in found), 2)
        flat[f"{kind}_severity"] = found[0].severity
    if card.voice is not None:
        flat["voice_word"] = card.voice.word
        flat["voice_nearest"] = card.voice.nearest
        flat["voice_nearest_score"] = card.voice.nearest_score
        flat["voice_score"] = card.voice.score
        flat["voice_threshold"] = card.voice.threshold
    for timing in card.timings:
        flat[f"timing_{timing.stage}_seconds"] = round(timing.seconds, 1)
    return flat


# ---- the page -----------------------------------------------------------------------------------


class _Phrase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    fr: str


class _Phrases(RootModel[dict[str, _Phrase]]):
    """Key -> phrase."""


@cache
def phrases() -> dict[str, _Phrase]:
    """All phrases of the page, by key."""
    text = files(__package__).joinpath("report.yaml").read_text("utf-8")
    return _Phrases.model_validate(yaml.safe_load(text)).root


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of the page in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The phrase with its {braces} filled in. Raises `KeyError` for an unknown key."""
        phrase: str = getattr(phrases()[key], self.language)
        if self.language == "fr":
            phrase = _HIGH_MARKS.sub("\u00a0", phrase)
        return phrase.format(**values) if values else phrase

    def stage(self, name: str) -> str:
        """The phrase for a stage of enrolment, or its name if there is no phrase."""
        return self(f"timing_{name}") if f"timing_{name}" in phrases() else name

    def number(self, value: float, measure: str) -> str:
        """Value of a measure, formatted for display."""
        digits = 0 if measure == "offset_frames" else 1 if measure.endswith("_percent") else 2
        text = f"{value:+.0f}" if measure == "offset_frames" and value else f"{value:.{digits}f}"
        text = text.replace("-", "−")
        if self.language == "fr":
            text = text.replace(".", ",")
        if not measure.endswith("_percent"):
            return text
        return f"{text} %" if self.language == "fr" else f"{text}%"

    def target(self, target: Target) -> str:
        """The target of a measure, formatted for display."""
        low, high = (self.number(bound, target.measure) for bound in target.good)
        if target.good[0] == target.good[1]:
            return low
        if target.good[0] <= 0 <= target.good[1] and target.measure != "offset_frames":
            return self("target_most", high=high)
        if target.good[1] == BEST.get(target.measure):
            return self("target_least", low=low)
        return self("target_between", low=low, high=high)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table: one measure."""

    measure: str
    value: str
    target: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class _Group:
    """All findings of a kind."""

    kind: Kind
    severity: Severity
    times: tuple[str, ...]
    more: int
    """Number of stretches not written out."""
    spans: tuple[tuple[float, float], ...]
    """Start and width in percent of the footage, for the strip."""
    whole: bool
    """Whether the finding covers all of the footage."""


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _page(card: Card, clip: Size, typical: Sequence[Still], worst: Sequence[Still]) -> str:
    words = Words(card.language)
    template = Environment(
        loader=PackageLoader("doublure.enrol.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template.filters["clock"] = clock
    template.filters["embedded"] = _embedded
    rows = [
        _Row(
            one.measure,
            words.number(card.value(one.measure), one.measure),
            words.target(one),
            one.grade(card.value(one.measure)),
        )
        for one in card.targets
    ]
    return template.get_template(PAGE).render(
        t=words,
        card=card,
        grade=verdict(card),
        because=_because(card, words),
        rows=rows,
        groups=[_group(kind, found, card.seconds) for kind, found in _by_kind(card.findings)],
        clip=clip,
        clip_file=CLIP,
        stills={"typical": typical, "worst": worst},
        held_seconds=round(card.score.frames / FPS),
        voice_advice=voice_advice(card),
    )


def voice_advice(card: Card) -> tuple[str, ...]:
    """Keys of the phrases that rate the matched voice and say how to improve it."""
    if card.voice is None:
        return ()
    reached = "voice_over" if card.voice.score >= card.voice.threshold else "voice_under"
    kinds = {one.kind for one in card.findings}
    causes = tuple(f"voice_{kind}" for kind in VOICE_CAUSES if kind in kinds)
    return (reached, *causes)


def _because(card: Card, words: Words) -> str:
    """A sentence with the reasons for the verdict, gravest first."""
    grade = verdict(card)
    if grade == "good":
        return words("because_good")
    short = []
    if grade == "again":
        names = [words(f"finding_{kind}") for kind, found in _by_kind(card.findings) if _bad(found)]
        short += [name[:1].lower() + name[1:] for name in names]
    short += [
        words(f"short_{target.measure}")
        for target in card.targets
        if target.grade(card.value(target.measure)) == grade
    ]
    advised = any(one.severity != "note" for one in card.findings)
    key = "because_again_plain" if grade == "again" and not advised else f"because_{grade}"
    return words(key, what=words("and").join(short[:NAMED]))


def _bad(found: Sequence[Finding]) -> bool:
    return any(one.severity == "bad" for one in found)


def _by_kind(findings: Sequence[Finding]) -> list[tuple[Kind, tuple[Finding, ...]]]:
    """Findings grouped by kind, gravest kind first; within a kind sorted by severity, then time. A kind is as
    grave as its gravest finding."""

    def graveness(one: Finding) -> int:
        return -SEVERITIES.index(one.severity)

    groups: list[tuple[Kind, tuple[Finding, ...]]] = []
    for kind, found in groupby(sorted(findings, key=lambda one: one.kind), key=lambda one: one.kind):
        groups.append((kind, tuple(sorted(found, key=lambda one: (graveness(one), one.start)))))
    return sorted(groups, key=lambda group: (graveness(group[1][0]), group[1][0].start))


def _group(kind: Kind, found: Sequence[Finding], seconds: float) -> _Group:
    ordered = sorted(found, key=lambda one: one.start)
    length = max(seconds, 1e-9)
    times = [
        clock(one.start) if clock(one.start) == clock(one.end) else f"{clock(one.start)}–{clock(one.end)}"
        for one in ordered
    ]
    return _Group(
        kind,
        found[0].severity,
        tuple(times[:TIMES_SHOWN]),
        max(0, len(times) - TIMES_SHOWN),
        tuple((100 * one.start / length, 100 * (one.end - one.start) / length) for one in ordered),
        len(found) == 1 and found[0].end - found[0].start > 0.9 * length,
    )


def _embedded(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
