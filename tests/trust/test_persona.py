"""A persona is bound to its consent: the company signs the manifest."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from doublure.errors import ConsentError, FootageError
from doublure.media import Size
from doublure.picture.faces import patch
from doublure.picture.settings import FaceSettings
from doublure.trust import consent as consents
from doublure.trust import persona as personas
from doublure.trust.consent import Consent, Terms
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.settings import VoiceSettings

FILES = (personas.FACE, personas.TEXTURES, "idle.mp4")


def consent_of(folder: Path, who: str, scope: consents.Scope = "air") -> tuple[Path, Consent]:
    out = folder / f"{who}-{scope}.json"
    footage = ("ab"[who == "Li"] * 64,)
    terms = Terms(who, "Acme", "show", ("douyin",), scope, date(2020, 1, 1), date(2099, 1, 1), footage)
    return out, consents.issue(terms, folder / "company.key", out)


def persona_of(folder: Path, consent: Consent) -> Path:
    """A persona of nothing but bytes, not signed yet."""
    out = folder / f"persona-{consent.who}"
    out.mkdir()
    for name in FILES:
        (out / name).write_bytes(f"{name} of {consent.who}".encode())
    manifest = personas.Manifest(
        who=consent.who,
        footage=consent.footage[0],
        consent=consent.signature,
        width=64,
        height=96,
        takes={"idle": personas.TakeEntry(file="idle.mp4", frames=1)},
        files=personas.fingerprints(out, FILES),
    )
    (out / personas.MANIFEST).write_text(manifest.model_dump_json())
    return out


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Consent]:
    _, consent = consent_of(tmp_path, "Li")
    folder = persona_of(tmp_path, consent)
    personas.sign(folder, consent, tmp_path / "company.key")
    return folder, consent


def edited(folder: Path, change: dict[str, object]) -> None:
    file = folder / personas.MANIFEST
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))


def test_a_signed_persona_loads_and_may_be_signed_again(signed: tuple[Path, Consent], tmp_path: Path) -> None:
    folder, consent = signed
    assert personas.load(folder, consent).manifest.key == consent.key
    personas.sign(folder, consent, tmp_path / "company.key")
    assert personas.load(folder, consent)


def test_a_renewed_consent_of_the_same_key_needs_no_new_signature(
    signed: tuple[Path, Consent], tmp_path: Path
) -> None:
    folder, consent = signed
    terms = Terms(
        consent.who, "Acme", "renewed", ("jd",), "air", date(2027, 1, 1), date(2028, 1, 1), consent.footage
    )
    renewed = consents.issue(terms, tmp_path / "company.key", tmp_path / "renewed.json")
    assert personas.load(folder, renewed)


def test_one_hosts_files_do_not_load_under_anothers_name(
    signed: tuple[Path, Consent], tmp_path: Path
) -> None:
    folder, consent = signed
    _, theirs = consent_of(tmp_path, "Wang")
    other = persona_of(tmp_path, theirs)
    personas.sign(other, theirs, tmp_path / "company.key")
    for name in FILES:
        shutil.copy(other / name, folder / name)
    edited(folder, {"files": personas.fingerprints(folder, FILES)})
    with pytest.raises(ConsentError, match="changed after it was signed"):
        personas.load(folder, consent)
    # nor with the other's signature, nor with one's own key, nor with none
    manifest = json.loads((other / personas.MANIFEST).read_text())
    edited(folder, {"signature": manifest["signature"]})
    with pytest.raises(ConsentError, match="changed after it was signed"):
        personas.load(folder, consent)
    forger = consents.issue(
        Terms("Li", "Evil", "x", ("jd",), "air", date(2020, 1, 1), date(2099, 1, 1), consent.footage),
        tmp_path / "forger.key",
        tmp_path / "forged.json",
    )
    personas.sign(folder, forger, tmp_path / "forger.key")
    with pytest.raises(ConsentError, match="signed with another key"):
        personas.load(folder, consent)
    edited(folder, {"key": "", "signature": ""})
    with pytest.raises(ConsentError, match="not signed"):
        personas.load(folder, consent)


@pytest.mark.parametrize(
    "change",
    [{"width": 66}, {"footage": "a" * 64}, {"takes": {}}, {"consent": "0"}],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_manifest_is_refused(signed: tuple[Path, Consent], change: dict[str, object]) -> None:
    folder, consent = signed
    edited(folder, change)
    with pytest.raises((ConsentError, FootageError)):
        personas.load(folder, consent)


def test_an_unsigned_persona_is_for_measuring_only(tmp_path: Path) -> None:
    _, local = consent_of(tmp_path, "Li", "local")
    folder = persona_of(tmp_path, local)
    assert personas.load(folder, local)
    _, air = consent_of(tmp_path, "Li")
    with pytest.raises(ConsentError, match="not signed"):
        personas.load(folder, air)
    personas.sign(folder, air, tmp_path / "company.key")
    assert personas.load(folder, air)


def test_only_the_company_signs_and_only_whole_personas_of_the_host(tmp_path: Path) -> None:
    _, consent = consent_of(tmp_path, "Li")
    folder = persona_of(tmp_path, consent)
    _, theirs = consent_of(tmp_path, "Wang")
    consents.issue(
        Terms("Li", "Evil", "x", ("jd",), "air", date(2020, 1, 1), date(2099, 1, 1), consent.footage),
        tmp_path / "forger.key",
        tmp_path / "forged.json",
    )
    with pytest.raises(ConsentError, match="this key did not sign"):
        personas.sign(folder, consent, tmp_path / "forger.key")
    with pytest.raises(ConsentError, match="was not given for this persona"):
        personas.sign(folder, theirs, tmp_path / "company.key")
    (folder / "idle.mp4").write_bytes(b"damaged")
    with pytest.raises(FootageError, match=r"idle\.mp4.*damaged"):
        personas.sign(folder, consent, tmp_path / "company.key")
    with pytest.raises(ConsentError, match="--key"):
        personas.check_key(consent, None)
    personas.check_key(replace(consent, scope="local"), None)


def test_engines_that_are_used_alone_look_at_the_trusted_keys(
    signed: tuple[Path, Consent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = signed
    file = tmp_path / "Li-air.json"
    monkeypatch.setenv("DOUBLURE_TRUSTED_KEYS", "0" * 64)
    with pytest.raises(ConsentError, match="not trusted here"):
        patch.make(FaceSettings(engine="patch", persona=folder, consent=file), Size(64, 96))
    with pytest.raises(ConsentError, match="not trusted here"):
        kokoro.make(VoiceSettings(persona=folder, consent=file), "zh")
