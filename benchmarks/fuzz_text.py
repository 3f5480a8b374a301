"""Fuzzes every text parser with seeded mutations of real lines and with long repetitions.

    python benchmarks/fuzz_text.py [--count 200000] [--seed 1] [--only clauses,phones] [--json FILE]

Each parser gets `count` cases of at most 1,000 characters. A case is good if the parser returns or raises
its declared error within 100 ms of processor time. A slow case is tried twice more, because another
process may have delayed it.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

from pydantic import BaseModel, ConfigDict

from doublure import sentences
from doublure.clock import VirtualClock
from doublure.conversation import moderation, wording
from doublure.conversation.judge import Judge, may_ask_identity
from doublure.conversation.retrieval import Finder, language_of, mentioned, without_product
from doublure.conversation.settings import JudgeSettings
from doublure.conversation.truth import refusal
from doublure.cue import Comment, Cue
from doublure.document import read
from doublure.errors import SettingsError
from doublure.media import LANGUAGES
from doublure.shop.catalog import load_catalog
from doublure.shop.rundown import load_rundown
from doublure.show.settings import load_room
from doublure.voice.phones.symbols import phones
from doublure.voice.spoken.clauses import clauses, seconds
from doublure.voice.spoken.form import spoken
from doublure.voice.spoken.lexicon import lexicon, load_lexicon

DEMO = Path(__file__).resolve().parents[1] / "demo"
LONGEST = 1_000
"""Most characters of a case; a comment may have 200, a script's line 300, a catalogue's text 400."""
SLOW_MS = 100.0
"""Processor time above which a case is slow; the event loop sends a frame every 40 ms."""
LIMIT_SECONDS = 10.0
"""A case is stopped after this long."""

PIECES = [
    *"aA10.,-_/:;!?%$€¥°'\"()[]{}<>#&@*+=~^|\\ \t\n`", "é", "À", "œ", "你", "的", "一", "十", "百", "万", "点", "年", "月", "号", "元",
    "块", "吗", "不", "得", "㓆", "，", "。", "（", "）", "·", "…", "\u200b", "\u200d", "\ufe0f", "🙂", "①", "½", "k", "m", "g", "h", "x",
    "st", "http://", "www.", "&amp;", "<b", "/b>", "1,", "1.", "1/", "10:", "12.5", "No.", "Mr.", "St.", "l'", "qu'", "A-", "a.", "a-",
    "1-", "0 ", "$1", "100%", "\u0301", "١", "Ａ", "１", "\ud800", "\x00", "\ue000", "²", "加我", "微信", "@a", "两", " l'", "- ", ": ", "&a ",
    "*a", "!!int ", "? ", "'", "vx", "1 1/2", "é'", "and ", "h1",
]  # fmt: skip
"""Pieces inserted into lines, and repeated."""
CATALOG = """\
shop: Lamp shop
language: {language}
currency: CNY
products:
  - id: cup
    name: Travel cup
    price: 59.9
    was: ¥79.9
    link: 1
    stock: 12
    facts:
      volume: 500 ml
      weight: {{label: weight, value: 260 g}}
    questions:
      - asks: [does it leak]
        answer: It does not leak.
  - {{id: lamp, name: Desk lamp, price: 99}}
questions:
  - {{id: ship, asks: [how long is delivery], answer: Two days.}}
"""
RUNDOWN = """\
slots:
  - lines: [Welcome!]
  - product: cup
    rate: 1.1
    energy: lively
    lines:
      - {say: "Only ¥59.9 today.", gesture: present}
      - It holds 500 ml.
"""
ROOM = """\
room: night
language: en
catalog: catalog.yaml
rundown: rundown.yaml
folder: kept
face: {engine: card}
picture: {size_pixels: [360, 640]}
chats:
  - engine: replay
    path: comments.yaml
sinks:
  - engine: null
"""
LEXICON = "Doublure: double your\nSKU-12: sku twelve\nLymea: /lymea/\n"


class Lamp(BaseModel):
    """The model that the `document` parser reads."""

    model_config = ConfigDict(extra="forbid")
    watts: int
    names: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser and the source of its cases."""

    take: Callable[[str], object]
    like: tuple[str, ...] = ()
    """Texts to mutate; empty: the lines of the demo."""
    repeats: float = 0.4
    """Share of cases made by repeating one stretch."""


@dataclass(slots=True)
class Findings:
    """The results of one parser."""

    cases: int = 0
    worst_ms: float = 0.0
    worst: str = ""
    slow: list[str] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    """First case by the error that it raised."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures; see docs/benchmarks.md."""

    parsers: int
    cases: int
    crashes: int
    slow_cases: int
    case_worst_ms: float


def parsers(folder: Path) -> dict[str, Parser]:
    """All parsers by name; the files that some of them read are written to `folder`."""
    catalogs = {language: load_catalog(DEMO / language / "catalog.yaml") for language in LANGUAGES}
    found: dict[str, Parser] = {}
    for language in LANGUAGES:
        known, words = catalogs[language], moderation.claims(language)
        comment = Comment("c", "fuzz", "Maya", "I'm 183 cm, which size?", 0.0)
        cue = Cue("q", "answer", 0.0, 9e9, "", comment, known.products[0].id)
        lexical = lexicon({"Doublure": "double your", "SKU-12": "sku twelve"}, language)
        found |= {
            f"spoken_{language}": Parser(partial(spoken, language=language, lexicon=lexical)),
            f"seconds_{language}": Parser(partial(seconds, language=language)),
            f"clauses_{language}": Parser(partial(clauses, language=language)),
            f"clauses_soon_{language}": Parser(partial(clauses, language=language, soon=True)),
            f"phones_{language}": Parser(partial(phones, language=language)),
            f"claims_{language}": Parser(words.find),
            f"mentioned_{language}": Parser(partial(mentioned, catalog=known)),
            f"without_{language}": Parser(partial(without_product, product=known.products[0])),
            f"refusal_{language}": Parser(partial(refusal, cue=cue, catalog=known)),
        }
    finder = Finder(catalogs["en"])
    judge = Judge(JudgeSettings(), catalogs["zh"], VirtualClock())
    banned = moderation.banned()
    found |= {
        "sentences": Parser(sentences.sentences),
        "numbers": Parser(lambda text: list(sentences.numbers(text))),
        "unfounded": Parser(lambda text: sentences.unfounded(text, [text[:100]])),
        "key": Parser(wording.key),
        "asks": Parser(wording.asks),
        "intents": Parser(wording.intents),
        "units": Parser(wording.units),
        "gives_contact": Parser(wording.gives_contact),
        "wants_discount": Parser(wording.wants_discount),
        "may_ask_identity": Parser(may_ask_identity),
        "banned": Parser(banned.find),
        "speakable_name": Parser(moderation.speakable_name),
        "language_of": Parser(language_of),
        "find": Parser(lambda text: finder.find(text, "")),
        "take": Parser(lambda text: judge.take(Comment(text, "fuzz", text[:20], text, 0.0))),
        "document": Parser(
            _file(folder / "lamp.yaml", lambda path: read(path, Lamp)), ("watts: 5\nnames: {a: b}\n",)
        ),
        "catalog": Parser(
            _file(folder / "catalog.yaml", load_catalog),
            tuple(CATALOG.format(language=one) for one in LANGUAGES),
            0.05,
        ),
        "rundown": Parser(
            _file(folder / "rundown.yaml", lambda path: load_rundown(path, catalogs["zh"])), (RUNDOWN,), 0.1
        ),
        "room": Parser(_file(folder / "room.yaml", load_room), (ROOM,), 0.1),
        "lexicon_file": Parser(
            _file(folder / "lexicon.yaml", lambda path: load_lexicon(path, "zh")), (LEXICON,)
        ),
        "lexicon": Parser(lambda text: lexicon({text[:20]: text}, "zh")),
    }
    return found


def _file(path: Path, take: Callable[[Path], object]) -> Callable[[str], object]:
    def taken(text: str) -> object:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return take(path)

    return taken


# ---- cases -----------------------------------------------------------------------------------------


def lines() -> tuple[str, ...]:
    """The lines of the demo's catalogues, scripts and comments."""
    files = [
        DEMO / language / name
        for language in LANGUAGES
        for name in ("catalog.yaml", "rundown.yaml", "comments.yaml")
    ]
    return tuple(
        line.strip() for file in files for line in file.read_text("utf-8").splitlines() if line.strip()
    )


def cases(parser: Parser, seed: str) -> Iterator[str]:
    """Endless cases, always the same for the same seed."""
    chance = random.Random(seed)
    like = parser.like or lines()
    while True:
        if chance.random() < parser.repeats:
            yield _repeated(chance, chance.choice(like) if parser.like else "")
        else:
            yield _changed(chance, chance.choice(like), like)


def _repeated(chance: random.Random, line: str) -> str:
    """One to three pieces repeated, with something before and after."""
    stretch = "".join(chance.choices(PIECES, k=chance.choice([1, 1, 2, 2, 3])))
    length = chance.choice([20, 200, LONGEST])
    ends = ["", "", "x ", "$", "你", '"', "a", "1", "。", "!", "\x00"]
    text = (stretch * (length // len(stretch) + 1))[:length]
    before = line[: chance.randrange(len(line) + 1)]
    return (before + chance.choice(ends) + text)[: LONGEST - 1] + chance.choice(ends)[:1]


def _changed(chance: random.Random, text: str, others: tuple[str, ...]) -> str:
    for _ in range(chance.randint(1, 8)):
        place, other = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        change = chance.random()
        if change < 0.4:
            text = text[:place] + chance.choice(PIECES) * chance.choice([1, 1, 1, 2, 5, 40]) + text[place:]
        elif change < 0.5:
            text = (
                text[:place]
                + chr(chance.choice([chance.randrange(0x300), chance.randrange(0x110000)]))
                + text[place:]
            )
        elif change < 0.65:
            text = text[:place] + text[other:]
        elif change < 0.75:
            text = text[:place] + chance.choice(others) + text[place:]
        elif change < 0.9:
            text = text[:place] + text[place : place + 12] * chance.randint(2, 60) + text[place + 12 :]
        else:
            text = (
                text[:place]
                + "".join(chance.choices("0123456789.,-/: ", k=chance.randint(1, 40)))
                + text[place:]
            )
        text = text[:LONGEST]
    return text


# ---- running ---------------------------------------------------------------------------------------


class TooLong(BaseException):
    """Raised in a case that does not end. A `BaseException`, so that no parser catches it."""


@contextmanager
def limited(seconds_allowed: float) -> Iterator[None]:
    """Raise `TooLong` in the block after this long."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds_allowed)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tried(parser: Parser, text: str, findings: Findings) -> float:
    """Run one case; returns its processor time, ms. An undeclared error is recorded in `findings`."""
    start = time.process_time()
    try:
        with limited(LIMIT_SECONDS):
            parser.take(text)
    except SettingsError:
        pass
    except TooLong:
        return LIMIT_SECONDS * 1000
    except Exception as error:
        findings.crashes.setdefault(f"{type(error).__name__}: {error}"[:80], text)
    return (time.process_time() - start) * 1000


def run(name: str, parser: Parser, count: int, seed: int) -> Findings:
    """Run `count` cases of one parser."""
    findings = Findings()
    tried(parser, "one case to load what it needs: 1 é 你好", Findings())
    for text in cases(parser, f"{seed} {name}"):
        if findings.cases == count:
            break
        findings.cases += 1
        took = tried(parser, text, findings)
        if took > SLOW_MS:
            took = min(took, *(tried(parser, text, findings) for _ in range(2)))
        if took > SLOW_MS:
            findings.slow.append(text)
        if took > findings.worst_ms:
            findings.worst_ms, findings.worst = took, text
    return findings


def main() -> None:
    """Fuzz, print a table, write the figures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--count", type=int, default=200_000, help="cases for each parser")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="parsers whose names begin so, with commas between")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = {
            name: parser
            for name, parser in parsers(Path(folder)).items()
            if name.startswith(tuple(given.only.split(",")))
        }
        results: dict[str, Findings] = {}
        for name, parser in chosen.items():
            results[name] = found = run(name, parser, given.count, given.seed)
            print(
                f"{name:18s} {found.cases:7d} cases, worst {found.worst_ms:7.1f} ms {found.worst[:40]!a}",
                flush=True,
            )
            for text in found.slow[:3]:
                print(f"    SLOW {text[:60]!a} ... {len(text)} characters")
            for error, text in found.crashes.items():
                print(f"    CRASH {error}: {text[:300]!a}")
    figures = Figures(
        parsers=len(results),
        cases=sum(found.cases for found in results.values()),
        crashes=sum(len(found.crashes) for found in results.values()),
        slow_cases=sum(len(found.slow) for found in results.values()),
        case_worst_ms=round(max(found.worst_ms for found in results.values()), 1),
    )
    text = json.dumps(asdict(figures), indent=2)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(1 if figures.crashes or figures.slow_cases else 0)


if __name__ == "__main__":
    main()
