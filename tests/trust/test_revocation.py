"""Revocations: they mean the consent, not its path, and are not forgotten."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from doublure.errors import ConsentError
from doublure.trust import consent as consents
from doublure.trust import revocation
from doublure.trust.consent import Consent, Terms

NOW = datetime(2026, 6, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has seen no revocation."""
    folder = tmp_path / "state"
    monkeypatch.setenv("DOUBLURE_STATE_FOLDER", str(folder))
    return folder


def issued(folder: Path, name: str = "li.json", purpose: str = "night show") -> tuple[Path, Consent]:
    terms = Terms("Li", "Acme", purpose, (), "local", date(2026, 1, 1), date(2026, 12, 31), ("0" * 64,))
    return folder / name, consents.issue(terms, folder / "company.key", folder / name)


def forget(state: Path) -> None:
    for file in (state / "revoked").glob("*"):
        file.unlink()


def test_every_name_of_a_consent_is_revoked(tmp_path: Path, state: Path) -> None:
    file, consent = issued(tmp_path)
    (tmp_path / "sub").mkdir()
    names = [tmp_path / name for name in ("copy.json", "hard.json", "link.json", "sub/li.json")]
    names[0].write_bytes(file.read_bytes())
    os.link(file, names[1])
    names[2].symlink_to("li.json")
    names[3].symlink_to("../li.json")
    assert not any(consents.revoked(consent, name) for name in (file, *names))
    consents.revoke(file, tmp_path / "company.key", at=NOW)
    forget(state)
    for name in (file, *names):
        assert consents.revoked(consent, name), name
        with pytest.raises(ConsentError, match="has revoked"):
            consents.load(name, today=NOW)


def test_revoking_a_link_revokes_the_file_it_leads_to(tmp_path: Path, state: Path) -> None:
    file, consent = issued(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link.json").symlink_to("../li.json")
    consents.revoke(tmp_path / "sub" / "link.json", tmp_path / "company.key", at=NOW)
    forget(state)
    assert consents.revoked(consent, file)


def test_another_consent_in_the_same_folder_still_holds(tmp_path: Path) -> None:
    file, _ = issued(tmp_path)
    other, theirs = issued(tmp_path, "wang.json", "day show")
    consents.revoke(file, tmp_path / "company.key", at=NOW)
    assert consents.load(other, today=NOW) == theirs


def test_a_revocation_that_is_deleted_is_remembered(tmp_path: Path) -> None:
    file, consent = issued(tmp_path)
    consents.revoke(file, tmp_path / "company.key", at=NOW).unlink()
    assert consents.revoked(consent, file)


@pytest.mark.parametrize("how", ["named", "damaged"])
def test_a_revocation_that_a_room_saw_is_remembered_in_its_folder(
    tmp_path: Path, state: Path, how: str
) -> None:
    file, consent = issued(tmp_path)
    room, persona = tmp_path / "room", tmp_path / "persona"
    persona.mkdir()
    if how == "named":
        seen = persona / "brought-by-hand.revoked"
        seen.write_text(json.dumps({"consent": consent.signature}))
    else:
        seen = tmp_path / "li.json.revoked"
        seen.write_text("half a fi")
    with pytest.raises(ConsentError, match="has revoked"):
        consents.load(file, today=NOW, folders=(room, persona))
    seen.unlink()
    forget(state)
    consents.remember_revocation(consent, file, (room,), NOW)
    forget(state)
    assert consents.revoked(consent, file, (room,))


def test_a_file_that_is_gone_or_replaced_counts_while_it_is_so_and_is_not_remembered(tmp_path: Path) -> None:
    file, consent = issued(tmp_path)
    other, _ = issued(tmp_path, "wang.json", "day show")
    whole = file.read_bytes()
    for content in (None, other.read_bytes(), b"{}", b"\xff", b"[]"):
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        assert consents.revoked(consent, file)
        consents.remember_revocation(consent, file, (tmp_path / "room",), NOW)
        file.write_bytes(whole)
        assert not consents.revoked(consent, file, (tmp_path / "room",))


def test_a_revocation_left_beside_a_new_consent_revokes_it_only_as_long_as_it_lies_there(
    tmp_path: Path,
) -> None:
    file, _ = issued(tmp_path)
    consents.revoke(file, tmp_path / "company.key", at=NOW)
    file.unlink()
    file, renewed = issued(tmp_path, purpose="renewed")
    assert consents.revoked(renewed, file)
    consents.remember_revocation(renewed, file, (), NOW)
    revocation.beside(file).unlink()
    assert not consents.revoked(renewed, file)


def test_nothing_that_lies_there_holds_it_up(tmp_path: Path) -> None:
    file, consent = issued(tmp_path)
    os.mkfifo(tmp_path / "pipe.revoked")
    (tmp_path / "folder.revoked").mkdir()
    (tmp_path / "loop.revoked").symlink_to("loop.revoked")
    (tmp_path / "large.revoked").write_bytes(b"[" * 3_000_000)
    assert not consents.revoked(consent, file)
    file.unlink()
    os.mkfifo(file)
    assert consents.revoked(consent, file)


def test_running_out_of_descriptors_does_not_take_a_room_off_air(tmp_path: Path) -> None:
    import resource

    file, consent = issued(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(3, used - 5), hard))
    try:
        assert not consents.revoked(consent, file)
        # and beside the consent a revocation is still seen
        descriptor_free = revocation.beside(file)
        os.symlink("anything", descriptor_free)
        assert consents.revoked(consent, file)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
