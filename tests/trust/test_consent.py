"""Consents: issued, verified, refused, revoked."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doublure.errors import ConsentError
from doublure.trust import consent as consents
from doublure.trust.consent import Consent, Terms

TODAY = date(2026, 6, 15)


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    file = tmp_path / "host.mp4"
    file.write_bytes(b"some footage")
    return file


@pytest.fixture
def terms(footage: Path) -> Terms:
    return Terms(
        who="李华",
        company="Acme",
        purpose="night show",
        platforms=("douyin", "push.example.com"),
        scope="air",
        start=date(2026, 6, 1),
        end=date(2026, 6, 30),
        footage=(consents.fingerprint(footage),),
    )


def issue(terms: Terms, folder: Path) -> tuple[Path, Consent]:
    file = folder / "consent.json"
    return file, consents.issue(terms, folder / "company.key", file)


def test_what_is_issued_loads_the_same(terms: Terms, tmp_path: Path) -> None:
    file, issued = issue(terms, tmp_path)
    loaded = consents.load(file, today=TODAY, trusted=[issued.key])
    assert loaded == issued
    assert loaded.who == "李华"
    assert loaded.footage == terms.footage


def test_the_key_is_made_once_and_only_its_owner_reads_it(terms: Terms, tmp_path: Path) -> None:
    _, first = issue(terms, tmp_path)
    second = consents.issue(terms, tmp_path / "company.key", tmp_path / "second.json")
    assert stat.S_IMODE((tmp_path / "company.key").stat().st_mode) == 0o600
    assert first.key == second.key


def test_nothing_is_overwritten(terms: Terms, tmp_path: Path) -> None:
    file, _ = issue(terms, tmp_path)
    before = file.read_bytes()
    with pytest.raises(ConsentError, match="there is a consent already"):
        consents.issue(replace(terms, who="somebody else"), tmp_path / "company.key", file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"who": "王芳"},
        {"end": "2036-06-30"},
        {"zone": "UTC"},
        {"scope": "local"},
        {"platforms": ["douyin", "push.example.com", "evil.example.org"]},
        {"footage": ["0" * 64]},
        {"key": "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"},
        {"signature": "0" * 128},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_letter_makes_it_void(terms: Terms, tmp_path: Path, changed: dict[str, object]) -> None:
    file, _ = issue(terms, tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))
    with pytest.raises(ConsentError, match="changed after it was signed") as caught:
        consents.load(file, today=TODAY)
    assert caught.value.remedy


def test_a_forger_with_another_key_is_refused_where_keys_are_trusted(terms: Terms, tmp_path: Path) -> None:
    _, issued = issue(terms, tmp_path)
    forged = tmp_path / "forged.json"
    consents.issue(terms, tmp_path / "forger.key", forged)
    with pytest.raises(ConsentError, match="DOUBLURE_TRUSTED_KEYS"):
        consents.load(forged, today=TODAY)
    with pytest.raises(ConsentError, match="not trusted here"):
        consents.load(forged, today=TODAY, trusted=[issued.key])
    assert consents.load(tmp_path / "consent.json", today=TODAY, trusted=[issued.key.upper()])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "whole consent"),
        ("{}", "whole consent"),
        ("[]", "whole consent"),
        ("\x00\xff", "whole consent"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "consent.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(ConsentError, match=reason):
        consents.load(file, today=TODAY)


def test_an_unknown_field_is_refused(terms: Terms, tmp_path: Path) -> None:
    file, _ = issue(terms, tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "also": "everything"}))
    with pytest.raises(ConsentError, match="also"):
        consents.load(file, today=TODAY)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConsentError, match="doublure consent new"):
        consents.load(tmp_path / "none.json", today=TODAY)


@pytest.mark.parametrize(
    ("today", "reason"),
    [(date(2026, 5, 31), "begins on 2026-06-01"), (date(2026, 7, 1), "ended on 2026-06-30")],
)
def test_it_holds_on_its_days_only(terms: Terms, tmp_path: Path, today: date, reason: str) -> None:
    file, issued = issue(terms, tmp_path)
    assert consents.load(file, today=terms.start, trusted=[issued.key])
    assert consents.load(file, today=terms.end, trusted=[issued.key])
    with pytest.raises(ConsentError, match=reason):
        consents.load(file, today=today, trusted=[issued.key])
    assert consents.read(file) == issued, "it can still be shown"
    assert consents.lapsed(issued, today) == (today > terms.end)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"end": date(2026, 5, 1)}, "last day is before the first"),
        ({"platforms": ()}, "at least one platform"),
        ({"platforms": ("com",)}, "neither a platform"),
        ({"who": ""}, "who"),
        ({"footage": ()}, "footage"),
        ({"footage": ("abc",)}, "footage"),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    terms: Terms, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(ConsentError, match=reason):
        issue(replace(terms, **change), tmp_path)  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*.json"))
    assert not list(tmp_path.glob("*.key"))


def test_only_the_footage_it_names(terms: Terms, footage: Path, tmp_path: Path) -> None:
    _, issued = issue(terms, tmp_path)
    consents.check_footage(issued, [footage])
    other = tmp_path / "other.mp4"
    other.write_bytes(b"some footage!")
    with pytest.raises(ConsentError, match="not given for this footage") as caught:
        consents.check_footage(issued, [footage, other])
    assert caught.value.where == str(other)
    with pytest.raises(ConsentError, match="cannot be read"):
        consents.check_footage(issued, [tmp_path / "gone.mp4"])


def test_a_local_consent_needs_no_trusted_key_but_obeys_the_list(terms: Terms, tmp_path: Path) -> None:
    file, issued = issue(replace(terms, scope="local"), tmp_path)
    assert consents.load(file, today=TODAY) == issued
    with pytest.raises(ConsentError, match="not trusted here"):
        consents.load(file, today=TODAY, trusted=["0" * 64])


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("UTC", "2026-06-01T00:00+00:00", "2026-06-30T23:59:59+00:00"),
        ("Asia/Shanghai", "2026-05-31T16:00+00:00", "2026-06-30T15:59:59+00:00"),
        ("America/New_York", "2026-06-01T04:00+00:00", "2026-07-01T03:59:59+00:00"),
        ("Asia/Kathmandu", "2026-05-31T18:15+00:00", "2026-06-30T18:14:59+00:00"),
    ],
)
def test_its_days_are_those_of_its_time_zone(
    terms: Terms, tmp_path: Path, zone: str, first: str, last: str
) -> None:
    file, issued = issue(replace(terms, zone=zone, scope="local"), tmp_path)
    begins, ends, second = datetime.fromisoformat(first), datetime.fromisoformat(last), timedelta(seconds=1)
    assert consents.load(file, today=begins).zone == zone
    assert consents.load(file, today=ends)
    with pytest.raises(ConsentError, match=rf"begins on 2026-06-01, today is 2026-05-31 \({zone}\)"):
        consents.load(file, today=begins - second)
    with pytest.raises(ConsentError, match=rf"ended on 2026-06-30, today is 2026-07-01 \({zone}\)"):
        consents.load(file, today=ends + second)
    assert not consents.lapsed(issued, ends)
    assert consents.lapsed(issued, ends + second)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "UTC\0"])
def test_a_zone_that_is_none_is_refused(terms: Terms, tmp_path: Path, zone: str) -> None:
    with pytest.raises(ConsentError, match="time zone"):
        issue(replace(terms, zone=zone), tmp_path)


def test_two_paths_of_one_consent_are_the_same(terms: Terms, tmp_path: Path) -> None:
    file, _ = issue(terms, tmp_path)
    copy, other = tmp_path / "copy.json", tmp_path / "other.json"
    copy.write_bytes(file.read_bytes())
    consents.issue(terms, tmp_path / "other.key", other)
    (tmp_path / "sub").mkdir()
    assert consents.same(file, tmp_path / "sub" / ".." / "consent.json")
    assert consents.same(file, copy)
    assert not consents.same(file, other)
    assert not consents.same(file, tmp_path / "absent.json")


def test_revocation(terms: Terms, tmp_path: Path) -> None:
    file, issued = issue(terms, tmp_path)
    assert not consents.revoked(issued, file)
    revocation = consents.revoke(file, tmp_path / "company.key", at=datetime(2026, 6, 16, tzinfo=UTC))
    assert consents.revoked(issued, file)
    assert json.loads(revocation.read_text())["at"] == "2026-06-16T00:00:00+00:00"
    with pytest.raises(ConsentError, match="has revoked"):
        consents.load(file, today=TODAY, trusted=[issued.key])


def test_another_key_cannot_revoke(terms: Terms, tmp_path: Path) -> None:
    file, issued = issue(terms, tmp_path)
    consents.issue(terms, tmp_path / "other.key", tmp_path / "other.json")
    with pytest.raises(ConsentError, match="did not sign"):
        consents.revoke(file, tmp_path / "other.key", at=datetime(2026, 6, 16, tzinfo=UTC))
    with pytest.raises(ConsentError, match="cannot be read"):
        consents.revoke(file, tmp_path / "absent.key", at=datetime(2026, 6, 16, tzinfo=UTC))
    assert not (tmp_path / "absent.key").exists()
    assert not consents.revoked(issued, file)


LOCAL = [
    "rtmp://127.0.0.1/live/key",
    "rtmp://127.8.9.1:1935/live/key",
    "rtmp://localhost/live/key",
    "RTMP://LOCALHOST/live/key",
    "rtmp://[::1]:1935/live/key",
    "/srv/show.mp4",
    "show.mp4",
    "file:///srv/show.mp4",
]
ELSEWHERE = [
    "rtmp://192.168.1.4/live/key",
    "rtmp://0.0.0.0/live/key",
    "rtmp://localhost.example.com/live/key",
    "rtmp://127.0.0.1.example.com/live/key",
    "rtmp://127.0.0.1@example.com/live/key",
    "rtmp://example.com\\@127.0.0.1/live/key",
    "rtmp://[::1/live/key",
    "rtmp:///live/key",
]


@pytest.mark.parametrize("url", LOCAL)
@pytest.mark.parametrize("scope", ["local", "air"])
def test_this_machine_is_always_allowed(
    terms: Terms, tmp_path: Path, url: str, scope: consents.Scope
) -> None:
    _, issued = issue(replace(terms, scope=scope), tmp_path)
    assert consents.allows_address(issued, url)


@pytest.mark.parametrize("url", [*ELSEWHERE, "rtmp://push.example.com/live/key"])
def test_scope_local_stays_on_this_machine(terms: Terms, tmp_path: Path, url: str) -> None:
    _, issued = issue(replace(terms, scope="local"), tmp_path)
    assert not consents.allows_address(issued, url)


@pytest.mark.parametrize(
    "url", [*ELSEWHERE, "rtmp://example.com/live/key", "rtmp://a.tiktokcdn.com/live/key"]
)
def test_scope_air_is_for_the_named_platforms(terms: Terms, tmp_path: Path, url: str) -> None:
    _, issued = issue(terms, tmp_path)
    assert not consents.allows_address(issued, url)
    assert consents.allows_address(issued, "rtmp://push-l11.douyincdn.com/third/stream-1?sign=abc")
    assert consents.allows_address(issued, "rtmps://push.example.com:443/live/key")
    assert consents.allows_address(issued, "rtmp://eu.push.example.com/live/key")


def test_a_consent_may_leave_the_voice_out_but_not_the_face(terms: Terms, tmp_path: Path) -> None:
    file, consent = issue(replace(terms, covers=("face",)), tmp_path)
    assert consent.covers == ("face",)
    assert consents.load(file, today=terms.start, trusted=[consent.key]).covers == ("face",)
    with pytest.raises(ConsentError, match="a persona shows the face"):
        issue(replace(terms, covers=("voice",)), tmp_path / "other")


def test_a_consent_that_does_not_say_what_it_covers_was_spoken_for_both(terms: Terms, tmp_path: Path) -> None:
    """Signed before the voice could be left out: the field is missing, the signature still holds."""
    file, issued = issue(terms, tmp_path)
    trusted = [issued.key]
    written = json.loads(file.read_text("utf-8"))
    del written["covers"], written["zone"], written["signature"]
    key = serialization.load_pem_private_key((tmp_path / "company.key").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    plain = json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    file.write_text(json.dumps({**written, "signature": key.sign(plain).hex()}), "utf-8")
    loaded = consents.load(file, today=terms.start, trusted=trusted)
    assert loaded.covers == ("face", "voice")
    assert loaded.zone == "UTC"
    # and nobody can add the voice to a consent for the face alone by taking the field away
    other, _ = issue(replace(terms, covers=("face",)), tmp_path / "other")
    less = json.loads(other.read_text("utf-8"))
    del less["covers"]
    other.write_text(json.dumps(less), "utf-8")
    with pytest.raises(ConsentError, match="changed after it was signed"):
        consents.load(other, today=terms.start, trusted=trusted)
    # nor move its days by taking the zone away
    third, _ = issue(terms, tmp_path / "third")
    less = json.loads(third.read_text("utf-8"))
    del less["zone"]
    third.write_text(json.dumps(less), "utf-8")
    with pytest.raises(ConsentError, match="changed after it was signed"):
        consents.load(third, today=terms.start, trusted=trusted)


@pytest.mark.parametrize("reader", ["consent", "fingerprint"])
def test_a_pipe_or_a_device_is_no_file_of_a_host(tmp_path: Path, reader: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ConsentError, match="a pipe or a device"):
            consents.read(path) if reader == "consent" else consents.fingerprint(path)


def test_a_consent_as_large_as_a_film_is_not_read(tmp_path: Path) -> None:
    film = tmp_path / "film.json"
    film.write_bytes(b" " * (consents.MOST_BYTES + 1))
    with pytest.raises(ConsentError, match="larger than 1 MB"):
        consents.read(film)
