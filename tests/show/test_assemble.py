from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from doublure.air.settings import SinkSettings
from doublure.air.sinks.rtmp import RtmpSink
from doublure.clock import RealClock
from doublure.errors import ConsentError, SettingsError, SinkError
from doublure.show.assemble import address_of, check_address, make_sink, verify_consent
from doublure.show.settings import RoomSettings
from doublure.trust.consent import Terms, issue, revoke
from doublure.voice.settings import VoiceSettings
from tests.clips import consent_for
from tests.rooms import small_room


def with_persona(settings: RoomSettings, folder: Path, url: str = "") -> RoomSettings:
    face = settings.face.model_copy(
        update={"engine": "patch", "persona": folder / "persona", "consent": folder / "consent-0.json"}
    )
    sinks = (SinkSettings(engine="rtmp", url=url),) if url else ()
    return settings.model_copy(update={"face": face, "sinks": sinks})


def test_a_local_consent_airs_on_this_machine_only(tmp_path: Path) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent = consent_for(tmp_path, footage)
    for address in ("rtmp://127.0.0.1/live/key", "rtmp://localhost:1935/live/key", "rtmp://[::1]/live/key"):
        check_address(address, consent)
    for address in (
        "rtmp://live.example.com/app/key",
        "rtmps://10.0.0.5/live/key",
        "rtmp://127.0.0.1.example.com/a/b",
    ):
        with pytest.raises(ConsentError, match="does not cover") as caught:
            check_address(address, consent)
        assert "key" not in str(caught.value)
    settings = small_room(tmp_path)
    assert (
        verify_consent(with_persona(settings, tmp_path, "rtmp://127.0.0.1/live/key"), RealClock()) == consent
    )
    with pytest.raises(ConsentError, match="does not cover"):
        verify_consent(with_persona(settings, tmp_path, "rtmp://live.example.com/app/key"), RealClock())


def test_a_consent_for_air_covers_the_platforms_it_names(tmp_path: Path) -> None:
    terms = Terms(
        "Li",
        "Shop",
        "selling",
        ("douyin", "push.example.com"),
        "air",
        date(2026, 1, 1),
        date(2099, 1, 1),
        ("0" * 64,),
    )
    consent = issue(terms, tmp_path / "key", tmp_path / "consent.json")
    check_address("rtmp://push.example.com/live/key", consent)
    check_address("rtmps://push-rtmp-l1.douyincdn.com/third/key", consent)
    with pytest.raises(ConsentError):
        check_address("rtmp://live.twitch.tv/app/key", consent)
    with pytest.raises(ConsentError):
        check_address("rtmp://live.example.com/app/key", replace(consent, platforms=()))


def test_nobodys_likeness_needs_no_consent(tmp_path: Path) -> None:
    assert verify_consent(small_room(tmp_path), RealClock()) is None


def test_a_cloned_voice_needs_a_consent_given_for_its_clip(tmp_path: Path) -> None:
    clip, other = tmp_path / "host.wav", tmp_path / "other.wav"
    clip.write_bytes(b"her voice")
    other.write_bytes(b"somebody else's")
    consent = consent_for(tmp_path, clip)
    settings = small_room(tmp_path)
    voice = VoiceSettings(engine="clone", reference=clip, base_url="http://127.0.0.1:1")
    cloned = settings.model_copy(update={"voice": voice})
    with pytest.raises(
        ConsentError, match=r"a cloned voice goes on air only with its host's consent.*consent:"
    ):
        verify_consent(cloned, RealClock())
    given = settings.face.model_copy(update={"consent": tmp_path / "consent-0.json"})
    assert verify_consent(cloned.model_copy(update={"face": given}), RealClock()) == consent
    theirs = cloned.model_copy(update={"face": given, "voice": voice.model_copy(update={"reference": other})})
    with pytest.raises(ConsentError, match="was not given for this footage"):
        verify_consent(theirs, RealClock())


def test_an_address_that_is_not_rtmp_is_told_apart_from_one_that_is_forbidden() -> None:
    for address in (
        "http://127.0.0.1/live/x",
        "rtmp://",
        "127.0.0.1/live",
        "rtmp://host",
        "rtmp://host:99999/a/b",
    ):
        with pytest.raises(SinkError):
            check_address(address, None)


def test_outputs_are_named_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = SinkSettings(engine="file", path=tmp_path / "out" / "show.mp4")
    assert address_of(file) == "out/show.mp4"
    assert make_sink(file, 3, None).name == "file-3"
    assert make_sink(file.model_copy(update={"name": "archive"}), 3, None).name == "archive"
    assert address_of(SinkSettings(engine="null")) == ""


def test_a_consent_without_the_voice_clones_none(tmp_path: Path) -> None:
    clip = tmp_path / "host.wav"
    clip.write_bytes(b"her voice")
    consent_for(tmp_path, clip, covers=("face",))
    settings = small_room(tmp_path)
    voice = VoiceSettings(engine="clone", reference=clip, base_url="http://127.0.0.1:1")
    face = settings.face.model_copy(update={"consent": tmp_path / "consent-0.json"})
    with pytest.raises(ConsentError, match="does not cover the voice"):
        verify_consent(settings.model_copy(update={"voice": voice, "face": face}), RealClock())


def test_a_matched_voice_needs_its_hosts_consent_with_a_drawn_face_too(tmp_path: Path) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent = consent_for(tmp_path, footage)
    settings = small_room(tmp_path)
    voice = settings.voice.model_copy(update={"persona": tmp_path / "persona"})
    with pytest.raises(ConsentError, match="only with its host's consent"):
        verify_consent(settings.model_copy(update={"voice": voice}), RealClock())
    voice = voice.model_copy(update={"consent": tmp_path / "consent-0.json"})
    heard = settings.model_copy(update={"voice": voice})
    assert verify_consent(heard, RealClock()) == consent
    assert heard.consent == tmp_path / "consent-0.json"
    away = SinkSettings(engine="rtmp", url="rtmp://live.example.com/app/key")
    with pytest.raises(ConsentError, match="does not cover"):
        verify_consent(heard.model_copy(update={"sinks": (away,)}), RealClock())


@pytest.mark.parametrize("field", ["persona", "consent"])
def test_face_and_voice_are_of_one_host(tmp_path: Path, field: str) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent_for(tmp_path, footage)
    settings = with_persona(small_room(tmp_path), tmp_path)
    voice = settings.voice.model_copy(update={field: tmp_path / "another"})
    with pytest.raises(SettingsError, match="belong to different hosts"):
        verify_consent(settings.model_copy(update={"voice": voice}), RealClock())


def test_a_redirection_goes_only_where_the_consent_allows(tmp_path: Path) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent = consent_for(tmp_path, footage)
    settings = SinkSettings(engine="rtmp", url="rtmp://127.0.0.1/live/key")
    for allowed, one in ((False, consent), (True, None)):
        sink = make_sink(settings, 1, one)
        assert isinstance(sink, RtmpSink)
        assert sink._permitted("rtmp://127.0.0.1:9/app")
        assert sink._permitted("rtmp://live.example.com:1935/app") is allowed


def test_the_same_host_by_two_paths_is_one_host(tmp_path: Path) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent = consent_for(tmp_path, footage)
    settings = with_persona(small_room(tmp_path), tmp_path)
    for name in ("persona", "copy", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}" if name != "other" else "[]")
    (tmp_path / "copy.json").write_bytes((tmp_path / "consent-0.json").read_bytes())
    (tmp_path / "link").symlink_to(tmp_path / "persona")
    for persona in ("persona", "link", "copy", "link/../persona"):
        paths = {"persona": tmp_path / persona, "consent": tmp_path / "copy.json"}
        voice = settings.voice.model_copy(update=paths)
        assert verify_consent(settings.model_copy(update={"voice": voice}), RealClock()) == consent
    voice = settings.voice.model_copy(update={"persona": tmp_path / "other"})
    with pytest.raises(SettingsError, match="belong to different hosts"):
        verify_consent(settings.model_copy(update={"voice": voice}), RealClock())


@pytest.mark.parametrize("place", ["persona", "room"])
def test_a_revocation_in_the_rooms_or_the_personas_folder_counts(tmp_path: Path, place: str) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent_for(tmp_path, footage)
    settings = with_persona(small_room(tmp_path), tmp_path)
    folder = tmp_path / "persona" if place == "persona" else settings.folder
    folder.mkdir(exist_ok=True)
    elsewhere = tmp_path / "elsewhere" / "another-name.json"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes((tmp_path / "consent-0.json").read_bytes())
    revocation = revoke(elsewhere, tmp_path / "key", at=RealClock().wall())
    revocation.rename(folder / revocation.name)
    with pytest.raises(ConsentError, match="has revoked"):
        verify_consent(settings, RealClock())
