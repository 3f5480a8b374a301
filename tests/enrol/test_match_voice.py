"""Voice matching on real speech of Kokoro: the host is another pack, so that the truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from doublure.clock import RealClock
from doublure.enrol import match_voice as matching
from doublure.enrol.match_voice import HEARD, THRESHOLD, VoiceOrder, file_of, match
from doublure.enrol.voice_pitch import median_pitch
from doublure.errors import ConsentError, EngineError, FootageError
from doublure.media import SAMPLE_RATE, Language, Pcm
from doublure.show.assemble import make_voice
from doublure.trust import consent as consents
from doublure.trust import persona as personas
from doublure.trust.consent import Consent
from doublure.trust.persona import Manifest, VoiceEntry
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.engines.kokoro.pack import ROWS, STYLE, VoicePack, load_voice
from doublure.voice.fallback import FallbackVoice
from doublure.voice.settings import VoiceSettings
from tests.clips import consent_for

TALK = "这款水杯很轻，颜色也好看。"
LINE = "好的，我们开始。"


@dataclass(frozen=True, slots=True)
class Few:
    """Kokoro with two of its packs, and what it said."""

    said: list[str] = field(default_factory=list)

    def packs(self, language: Language | None = None) -> list[str]:
        return ["zf_xiaoxiao", "zm_yunxi"]

    def shipped(self, name: str) -> VoicePack:
        return kokoro.shipped(name)

    def say(self, spoken: str, language: Language, pack: VoicePack) -> Pcm:
        self.said.append(pack.name)
        return kokoro.say(spoken, language, pack)


class Mute(Few):
    """Must not be asked to speak."""

    def say(self, spoken: str, language: Language, pack: VoicePack) -> NoReturn:
        raise AssertionError(f"{pack.name} was spoken again")


@pytest.fixture(scope="module")
def host() -> Pcm:
    """Some seconds of zm_yunxi, lowered a little: nobody."""
    sound = kokoro.say(TALK, "zh", VoicePack("host", kokoro.shipped("zm_yunxi").rows, 0.9))
    return np.tile(sound, 3)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """One language and one short sentence: a run is then a few seconds."""
    monkeypatch.setattr(matching, "LANGUAGES", ("zh",))
    monkeypatch.setattr(matching, "SENTENCES", {"zh": ((LINE,), (LINE,))})


def ignore(done: int, total: int) -> None:
    """No progress wanted."""


@pytest.fixture(scope="module")
def matched(
    host: Pcm, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[Language, VoiceEntry], Path, list[tuple[int, int]], list[str]]:
    folder, told, few = tmp_path_factory.mktemp("persona"), [], Few()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "LANGUAGES", ("zh",))
        patch.setattr(matching, "SENTENCES", {"zh": ((LINE,), (LINE,))})
        entries = match(host, VoiceOrder(few, "zh", 2), folder, lambda *step: told.append(step))
    return entries, folder, told, few.said


Matched = tuple[dict[Language, VoiceEntry], Path, list[tuple[int, int]], list[str]]


def test_the_nearest_pack_is_the_hosts_own_and_the_word_is_matched(matched: Matched) -> None:
    entries, folder, told, _ = matched
    entry = entries["zh"]
    assert entry.nearest == "zm_yunxi"
    assert entry.word == "matched"
    assert entry.threshold == THRESHOLD
    assert 0.7 < entry.nearest_score <= entry.score <= 1
    assert (folder / entry.file).stat().st_size == ROWS * STYLE * 4
    assert "clon" not in json.dumps(entry.model_dump())
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_prosody_stays_a_packs_and_its_pitch_goes_to_the_hosts(matched: Matched, host: Pcm) -> None:
    entries, folder, _, _ = matched
    rows = np.fromfile(folder / entries["zh"].file, "<f4").reshape(ROWS, STYLE)
    kept = kokoro.shipped(entries["zh"].prosody).rows
    assert (rows[:, 128:] == kept[:, 128:]).all()
    if entries["zh"].score > entries["zh"].nearest_score:
        said = kokoro.say(LINE, "zh", VoicePack("host", rows, entries["zh"].pitch))
        assert median_pitch(said) == pytest.approx(median_pitch(host), rel=0.1)
        assert (rows[:, :128] == rows[0, :128]).all()


def test_a_killed_run_goes_on_from_what_was_heard(matched: Matched, host: Pcm, tmp_path: Path) -> None:
    entries, folder, _, said = matched
    # nearest of two, its score, two rounds, the score of the fit
    assert len(said) == 6
    (tmp_path / HEARD).write_bytes((folder / HEARD).read_bytes())
    assert match(host, VoiceOrder(Mute(), "zh", 2), tmp_path, ignore) == entries


def test_quick_takes_the_nearest_pack_as_it_is(matched: Matched, host: Pcm, tmp_path: Path) -> None:
    _, folder, _, _ = matched
    (tmp_path / HEARD).write_bytes((folder / HEARD).read_bytes())
    entry = match(host, VoiceOrder(Mute(), "zh", 0), tmp_path, ignore)["zh"]
    assert (entry.prosody, entry.pitch, entry.score) == ("zm_yunxi", 1.0, entry.nearest_score)
    written = np.fromfile(tmp_path / entry.file, "<f4").reshape(ROWS, STYLE)
    assert (written == kokoro.shipped("zm_yunxi").rows).all()


@pytest.mark.parametrize("sound", [np.zeros(20 * SAMPLE_RATE, np.float32), np.zeros(0, np.float32)])
def test_silence_is_refused_with_what_to_do(sound: Pcm, tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"0\.0 s of speech, a voice is matched from 5 s on.*record"):
        match(sound, VoiceOrder(Mute(), "zh"), tmp_path, ignore)


def test_too_little_speech_is_refused_with_its_length(host: Pcm, tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"there are [12]\.\d s of speech"):
        match(host[: 2 * SAMPLE_RATE], VoiceOrder(Mute(), "zh"), tmp_path, ignore)


# ---- in a persona -----------------------------------------------------------------------------------


@pytest.fixture
def persona(matched: Matched, tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """A persona's folder with nothing but its voice, and the consent's file."""
    entries, folder, _, _ = matched

    def make(*covers: consents.Part) -> tuple[Path, Path]:
        footage = tmp_path / "footage.mp4"
        footage.write_bytes(b"footage")
        consent = consent_for(tmp_path, footage, covers=covers or ("face", "voice"))
        out = tmp_path / "persona"
        out.mkdir()
        (out / file_of("zh")).write_bytes((folder / file_of("zh")).read_bytes())
        manifest = Manifest(
            who=consent.who,
            footage=consent.footage[0],
            consent=consent.signature,
            width=720,
            height=1280,
            takes={},
            voices=entries,
            files=personas.fingerprints(out, [file_of("zh")]),
        )
        (out / personas.MANIFEST).write_text(manifest.model_dump_json(), "utf-8")
        return out, tmp_path / "consent-0.json"

    return make


def settings_of(folder: Path, consent: Path, name: str = "") -> VoiceSettings:
    return VoiceSettings(name=name, persona=folder, consent=consent)


def test_kokoro_speaks_with_the_personas_voice(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, file = persona()
    for name in ("", "persona"):
        voice = kokoro.make(settings_of(folder, file, name), "zh")
        assert voice.name.startswith(
            f"kokoro/{personas.fingerprints(folder, ['voice_zh.bin'])['voice_zh.bin'][:12]}"
        )
    assert kokoro.make(settings_of(folder, file, "zf_xiaobei"), "zh").name == "kokoro/zf_xiaobei"
    # no voice in this language: the default, unless it was asked for by name
    assert kokoro.make(settings_of(folder, file), "fr").name == "kokoro/ff_siwis"
    with pytest.raises(FootageError, match="no matched voice in 'fr'"):
        kokoro.make(settings_of(folder, file, "persona"), "fr")


def test_the_personas_voice_speaks_when_a_server_fails(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, file = persona()
    server = settings_of(folder, file).model_copy(
        update={"engine": "openai", "base_url": "http://127.0.0.1:1/v1"}
    )
    voice = make_voice(server, "zh", RealClock())
    assert isinstance(voice, FallbackVoice)
    assert voice._embedded.name == kokoro.make(settings_of(folder, file), "zh").name
    chosen = make_voice(server.model_copy(update={"fallback": "zf_xiaobei"}), "zh", RealClock())
    assert isinstance(chosen, FallbackVoice)
    assert chosen._embedded.name == "kokoro/zf_xiaobei"


def test_the_voice_needs_a_consent_that_covers_it(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, file = persona("face")
    assert kokoro.make(settings_of(folder, file), "zh").name == "kokoro/zf_xiaoxiao"
    with pytest.raises(ConsentError, match="does not cover the voice"):
        kokoro.make(settings_of(folder, file, "persona"), "zh")


def test_the_voice_needs_a_consent_at_all(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, _ = persona()
    with pytest.raises(EngineError, match="no persona and consent are named"):
        kokoro.make(VoiceSettings(name="persona", persona=folder), "zh")


def test_a_broken_pack_is_named_with_its_checksum(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, file = persona()
    pack = folder / file_of("zh")
    was = personas.fingerprints(folder, [pack.name])[pack.name]
    pack.write_bytes(pack.read_bytes()[:-4] + b"\0\0\x80\x3f")
    with pytest.raises(FootageError, match=rf"voice_zh\.bin.*damaged: sha256 \w{{12}}…, expected {was[:12]}"):
        kokoro.make(settings_of(folder, file), "zh")


def test_a_pack_of_another_size_is_refused(persona: Callable[..., tuple[Path, Path]]) -> None:
    folder, file = persona()
    (folder / file_of("zh")).write_bytes(b"\0" * 1024)
    manifest = Manifest.model_validate_json((folder / personas.MANIFEST).read_text("utf-8"))
    renewed = manifest.model_copy(update={"files": personas.fingerprints(folder, [file_of("zh")])})
    (folder / personas.MANIFEST).write_text(renewed.model_dump_json(), "utf-8")
    consent: Consent = consents.read(file)
    with pytest.raises(FootageError, match="no voice pack"):
        load_voice(folder, consent, "zh", needed=False)
