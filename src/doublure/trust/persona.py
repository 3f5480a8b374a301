"""The persona: the bundle that enrolment makes from footage and consent, with a checksum for every file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from doublure.errors import ConsentError, FootageError, SettingsError
from doublure.files import contents, opened
from doublure.media import Language, Size
from doublure.trust.consent import Consent
from doublure.trust.signing import canonical, private_key, public_hex, verified, write_whole

MANIFEST = "manifest.json"
FACE = "face.npz"
ARTICULATION = "articulation.npz"
"""The model of how the mouth follows the sound."""
TEXTURES = "textures.mp4"
"""The mouths, one per frame, compressed like a take: uncompressed they would be half of the persona."""

Format = Literal["doublure-persona-6"]
"""Formats of personas that this version reads."""
_FORMAT = re.compile(r'"format"\s*:\s*"([^"]{1,80})"')
AGAIN = "copy the persona again, or enrol the host again"
_Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MOST_MANIFEST_BYTES = 4_000_000


class TakeEntry(BaseModel):
    """One take: a loop of real footage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    frames: int = Field(gt=0)


class VoiceEntry(BaseModel):
    """The matched voice in one language. *Matched* means the nearest fit, whatever its score is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    """A voice pack of Kokoro, float32 little-endian [510, 256]."""
    prosody: str
    """The pack whose prosody it uses."""
    pitch: float = Field(gt=0)
    """Factor applied to that pack's pitch."""
    nearest: str
    """The pack of the language that is most like the host."""
    word: Literal["matched"] = "matched"
    nearest_score: float = Field(ge=0, le=1)
    """Likeness of the nearest pack to the host, cosine of two voice prints."""
    score: float = Field(ge=0, le=1)
    """Likeness of the matched voice to the host, on speech it was not fitted to."""
    threshold: float = Field(ge=0, le=1)
    """Likeness from which two stretches of speech count as the same speaker."""


class Manifest(BaseModel):
    """`manifest.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Format = "doublure-persona-6"
    who: str
    footage: _Hex64
    """sha256 of the footage it was made from."""
    consent: str
    """Signature (hex) of the consent it was made with."""
    key: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """Public key, hex, of the company that signed the manifest."""
    signature: str = Field("", pattern=r"^([0-9a-f]{128})?$")
    """Its signature, hex, over everything else in the manifest."""
    width: int
    height: int
    takes: dict[str, TakeEntry]
    voices: dict[Language, VoiceEntry] = {}
    """The matched voice by language; none if it was not wanted or not consented to."""
    files: dict[str, _Hex64]
    """sha256 of every other file."""

    def payload(self) -> bytes:
        """The bytes that are signed. Fields that the file does not name are left out."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}, exclude_unset=True))


@dataclass(frozen=True, slots=True)
class Persona:
    """A verified persona."""

    folder: Path
    manifest: Manifest
    consent: Consent

    @property
    def size(self) -> Size:
        """Size of the takes."""
        return Size(self.manifest.width, self.manifest.height)


def fingerprints(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """sha256 (hex) of the named files of a folder, by name."""
    found: dict[str, str] = {}
    for name in names:
        with opened(folder / name) as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def load(path: Path, consent: Consent) -> Persona:
    """Verify a persona, and that the consent belongs to it. Raises `FootageError` naming the damaged
    file, `ConsentError` if the consent was given by somebody else or for other footage."""
    manifest = permitted(path, consent)
    wanted = {FACE, TEXTURES, *(take.file for take in manifest.takes.values())}
    wanted |= {voice.file for voice in manifest.voices.values()}
    if wanted - set(manifest.files) or "idle" not in manifest.takes:
        raise FootageError(
            "the persona's manifest is incomplete", where=str(path), remedy="enrol the host again"
        )
    for name, expected in manifest.files.items():
        verify_file(path, name, expected)
    return Persona(path, manifest, consent)


def check_key(consent: Consent, key: Path | None) -> None:
    """Raise `ConsentError` unless the private key in the file may sign personas of this consent. No key is
    accepted only for scope `local`."""
    if key is None:
        if consent.scope == "local":
            return
        raise ConsentError(
            "a persona that may air must be signed with the company's key",
            remedy="name the private key that signed the consent with --key, or enrol with a consent of scope "
            "local and sign the persona on the machine that has the key",
        )
    if public_hex(private_key(key, make=False)) != consent.key:
        raise ConsentError(
            "this key did not sign the consent",
            where=str(key),
            remedy="give the company's key that signed the consent",
        )


def sign(folder: Path, consent: Consent, key: Path) -> None:
    """Sign a persona's manifest with the company's private key, the one that signed the consent.

    The signature states that these files are the likeness of that consent's host. Every file is verified
    first. Raises `ConsentError`, `FootageError`.
    """
    check_key(consent, key)
    private = private_key(key, make=False)
    manifest = _manifest(folder)
    _check_host(folder, manifest, consent)
    for name, expected in manifest.files.items():
        verify_file(folder, name, expected)
    unsigned = manifest.model_copy(update={"key": consent.key})
    signed = unsigned.model_copy(update={"signature": private.sign(unsigned.payload()).hex()})
    text = signed.model_dump_json(indent=2, exclude_unset=True)
    write_whole(folder / MANIFEST, text + "\n")


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same persona, whatever their paths are. Manifests are compared, which
    hold the checksums of all files."""
    if one.resolve() == other.resolve():
        return True
    try:
        return fingerprints(one, (MANIFEST,)) == fingerprints(other, (MANIFEST,))
    except OSError:
        return False


def permitted(path: Path, consent: Consent) -> Manifest:
    manifest = _manifest(path)
    _check_host(path, manifest, consent)
    _check_signature(path, manifest, consent)
    return manifest


def _check_signature(path: Path, manifest: Manifest, consent: Consent) -> None:
    """Accept an unsigned persona only for scope `local`, because whoever can write a manifest could give one
    host's files another host's name."""
    if not manifest.signature:
        if consent.scope == "local":
            return
        raise ConsentError(
            "this persona is not signed, so nothing proves that it shows the host of the consent",
            where=str(path),
            remedy="sign it with the company's key: `doublure sign PERSONA --consent CONSENT`",
        )
    if manifest.key != consent.key or not verified(manifest.key, manifest.signature, manifest.payload()):
        raise ConsentError(
            "the persona was changed after it was signed, or signed with another key than the consent",
            where=str(path),
            remedy="copy the persona again; if the company has a new key, sign the persona again with it",
        )


def _check_host(path: Path, manifest: Manifest, consent: Consent) -> None:
    if manifest.who != consent.who or manifest.footage not in consent.footage:
        raise ConsentError(
            f"this consent ({consent.who}) was not given for this persona ({manifest.who})",
            where=str(path),
            remedy="name the consent that the persona was enrolled with, or a renewed one for the same footage",
        )


def verify_file(path: Path, name: str, expected: str) -> None:
    try:
        if Path(name).name != name:
            raise OSError("its name leads out of the folder")
        found = fingerprints(path, (name,))[name]
    except OSError as error:
        raise FootageError(
            f"a file of the persona cannot be read: {error.strerror or error}",
            where=str(path / name),
            remedy=AGAIN,
        ) from error
    if found != expected:
        raise FootageError(
            f"a file of the persona is damaged: sha256 {found[:12]}…, expected {expected[:12]}…",
            where=str(path / name),
            remedy=AGAIN,
        )


def _manifest(path: Path) -> Manifest:
    try:
        text = contents(path / MANIFEST, MOST_MANIFEST_BYTES).decode("utf-8", "replace")
        written = _FORMAT.search(text)
        if written and written[1] not in get_args(Format):
            raise FootageError(
                f"the persona has the format {written[1]}, this version reads {get_args(Format)[0]}",
                where=str(path / MANIFEST),
                remedy="enrol the host again from the same footage and consent",
            )
        return Manifest.model_validate_json(text)
    except SettingsError as error:
        raise FootageError(error.what, where=error.where, remedy=error.remedy) from error
    except OSError as error:
        raise FootageError(
            f"this folder holds no persona: {error.strerror}",
            where=str(path),
            remedy="name the folder that `doublure enrol` wrote",
        ) from error
    except ValidationError as error:
        raise FootageError(
            f"the persona's manifest is damaged: {error.errors()[0]['msg']}",
            where=str(path / MANIFEST),
            remedy=AGAIN,
        ) from error
