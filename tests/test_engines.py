"""Engines are found by name, built-in ones in the same way as installed ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import pytest

from doublure.engines import Kind, engine_names, find_engine
from doublure.errors import EngineError

BUILT_IN: dict[Kind, set[str]] = {
    "chats": {"console", "replay"},
    "writers": {"openai", "templates"},
    "voices": {"kokoro", "tone"},
    "faces": {"card", "patch"},
    "sinks": {"file", "flv", "null", "rtmp"},
}


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_built_in_engines_are_installed(kind: Kind) -> None:
    assert BUILT_IN[kind] <= set(engine_names(kind))
    assert engine_names(kind) == sorted(engine_names(kind))


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in BUILT_IN.items() for name in sorted(names)]
)
def test_every_built_in_engine_can_be_made(kind: Kind, name: str) -> None:
    assert callable(find_engine(kind, name))


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(EngineError, match="clone, kokoro, openai, tone") as caught:
        find_engine("voices", "kokorro")
    assert "kokorro" in str(caught.value)


def test_a_third_party_engine_comes_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parrot.py").write_text("def make(settings):\n    return ('parrot', settings)\n")
    metadata = tmp_path / "parrot-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[doublure.voices]\nparrot = parrot:make\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "parrot" in engine_names("voices")
    assert find_engine("voices", "parrot")("settings") == ("parrot", "settings")
    sys.modules.pop("parrot", None)


def test_a_broken_engine_is_the_operators_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[doublure.voices]\nbroken = a_module_that_is_not_there:make\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EngineError, match="cannot be loaded") as caught:
        find_engine("voices", "broken")
    assert "a_module_that_is_not_there" in str(caught.value)
