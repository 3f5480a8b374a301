from __future__ import annotations

import os
from pathlib import Path

import pytest

from doublure.conversation.moderation import banned
from doublure.errors import SettingsError


@pytest.mark.parametrize("kind", ["pipe", "large", "missing", "folder"])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    file = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "large":
        file.write_bytes(b"word\n" * 300_000)
    elif kind == "folder":
        file.mkdir()
    with pytest.raises(SettingsError) as caught:
        banned(file)
    assert str(file) in str(caught.value)
    assert caught.value.remedy
