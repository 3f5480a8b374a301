"""A short run of the fuzzer: parsers of what others send fail only as they say. The long one is
`python benchmarks/fuzz.py`."""

from __future__ import annotations

import random
import runpy
from pathlib import Path

import av
import pytest

FUZZ = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "fuzz.py"), run_name="fuzz")
PARSERS = FUZZ["parsers"]()


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_mutated_inputs_are_read_or_refused(name: str) -> None:
    av.logging.set_level(None)
    found = FUZZ["tried"](PARSERS[name], 300, 7)
    # times are the long run's: this machine may be busy
    assert (found.inputs, found.crashes) == (300, 0), found.first
    assert found.refused < 300


def test_the_same_seed_makes_the_same_inputs() -> None:
    made = [
        [FUZZ["mutated"](PARSERS["amf"].seeds, rng) for _ in range(50)]
        for rng in (random.Random(3), random.Random(3), random.Random(4))
    ]
    assert made[0] == made[1] != made[2]


def test_a_crash_is_found_and_shown() -> None:
    def read(raw: bytes) -> None:
        if len(raw) > 20:
            raise KeyError(len(raw))

    parser = FUZZ["Parser"](read, (ValueError,), (b"x" * 20,))
    found = FUZZ["tried"](parser, 200, 1)
    assert found.crashes
    assert "KeyError" in found.first
