from __future__ import annotations

from pathlib import Path

import pytest

from doublure.voice.engines.kokoro.ports import DURATIONS, PITCH
from doublure.voice.engines.kokoro.weights import loaded_model


def ports(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("DOUBLURE_CACHE_FOLDER", str(folder))
    session = loaded_model.__wrapped__()
    return {port.name for port in (*session.get_inputs(), *session.get_outputs())}


def test_the_rewritten_model_is_kept_and_a_damaged_one_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {DURATIONS, PITCH} <= ports(tmp_path, monkeypatch)
    (kept,) = (tmp_path / "models").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + b"\0")
    assert {DURATIONS, PITCH} <= ports(tmp_path, monkeypatch)
    assert kept.read_bytes() == whole


def test_the_voice_loads_where_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("not a folder")
    assert {DURATIONS, PITCH} <= ports(tmp_path, monkeypatch)
    assert "cannot be kept" in caplog.text
