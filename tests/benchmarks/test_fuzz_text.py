"""A few hundred cases of the text fuzzer for each parser; `benchmarks/fuzz_text.py` runs the long way."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from fuzz_text import LONGEST, Findings, Parser, cases, lines, parsers, run, tried

NAMES = (
    *(
        f"{parser}_{language}"
        for parser in ("spoken", "seconds", "clauses", "clauses_soon", "phones", "claims", "mentioned", "without", "refusal")
        for language in ("zh", "en", "fr")
    ),
    "sentences", "numbers", "unfounded", "key", "asks", "intents", "units", "gives_contact", "wants_discount",
    "may_ask_identity", "banned", "speakable_name", "language_of", "find", "take", "document", "catalog", "rundown", "room",
    "lexicon_file", "lexicon",
)  # fmt: skip
HEAVY = ("spoken", "seconds", "clauses", "phones", "catalog", "room", "refusal")
"""A case of these takes milliseconds."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parser]:
    return parsers(tmp_path_factory.mktemp("fuzz"))


def test_every_parser_is_named(known: dict[str, Parser]) -> None:
    assert set(known) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_crashes_a_parser(known: dict[str, Parser], name: str) -> None:
    found = run(name, known[name], 60 if name.startswith(HEAVY) else 300, seed=7)
    assert found.crashes == {}


def test_the_same_seed_makes_the_same_cases() -> None:
    parser = Parser(len)
    first, again, other = (list(islice(cases(parser, seed), 200)) for seed in ("1", "1", "2"))
    assert first == again
    assert first != other
    assert max(map(len, first)) <= LONGEST
    assert len(lines()) > 200


def test_a_crash_is_noted_with_its_case() -> None:
    found = run("divide", Parser(lambda text: 1 / text.count("z") if len(text) > 500 else 0), 200, seed=1)
    (error,) = found.crashes
    assert error.startswith("ZeroDivisionError")
    assert len(found.crashes[error]) > 500


def test_a_case_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz_text.LIMIT_SECONDS", 0.05)

    def endless(text: str) -> None:
        while True:
            pass

    assert tried(Parser(endless), "a", Findings()) == 50.0
