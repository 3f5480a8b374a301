"""Consent is a type: nothing makes, loads or airs a likeness without a verified one.

A consent is a JSON file signed with the company's Ed25519 key. Whoever changes a letter of it
makes it void. A revocation is a second file beside it; its mere presence takes every room that
uses the consent off air, so that a damaged one errs on the side of the host.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from doublure import address
from doublure.errors import ConsentError

Part = Literal["face", "voice"]
"""Of a likeness."""
Scope = Literal["air", "local"]
"""`air`: the platforms named in the consent. `local`: measuring only, loopback addresses and
files; a room refuses every other sink."""
FORMAT = "doublure-consent-1"
REVOCATION_FORMAT = "doublure-revocation-1"
REVOKED = ".revoked"
"""Added to the consent's file name."""
PLATFORM_HOSTS: dict[str, tuple[str, ...]] = {
    "taobao": ("taobao.com",),
    "douyin": ("douyin.com", "douyincdn.com"),
    "tiktok": ("tiktok.com", "tiktokcdn.com", "tiktokv.com"),
    "kuaishou": ("kuaishou.com", "gifshow.com", "yximgs.com"),
    "jd": ("jd.com",),
    "wechat": ("weixin.qq.com", "channels.weixin.qq.com"),
    "bilibili": ("bilibili.com", "bilivideo.com"),
    "youtube": ("youtube.com",),
    "twitch": ("twitch.tv",),
}
"""Hosts that take the streams of a platform: its own domains only, never those of a cloud that
serves others as well. Platforms hand out push addresses one by one and may use other hosts; those
are named in the consent."""

Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the host permits."""

    who: str
    company: str
    purpose: str
    platforms: tuple[str, ...]
    """Names (`douyin`) or hosts (`push.example.com`)."""
    scope: Scope
    start: date
    """First day it holds."""
    end: date
    """Last day it holds."""
    footage: tuple[str, ...]
    """sha256 (hex) of each file of footage it is given for."""
    covers: tuple[Part, ...] = ("face", "voice")
    """What of the host may be doubled; the face always."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A verified permission. Made only by `load` and `issue`, which check the signature."""

    who: str
    company: str
    purpose: str
    platforms: tuple[str, ...]
    """Names (`douyin`) or hosts (`push.example.com`)."""
    scope: Scope
    start: date
    """First day it holds."""
    end: date
    """Last day it holds."""
    footage: tuple[str, ...]
    """sha256 (hex) of each file of footage it was given for."""
    key: str
    """Ed25519 public key, hex, of the signer."""
    signature: str
    """Hex."""
    covers: tuple[Part, ...] = ("face", "voice")
    """What of the host may be doubled; the face always."""


class _Document(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["doublure-consent-1"]
    who: str = Field(min_length=1)
    company: str = Field(min_length=1)
    purpose: str = Field(min_length=1)
    platforms: tuple[str, ...]
    scope: Scope
    start: date
    end: date
    footage: tuple[Hex64, ...] = Field(min_length=1)
    covers: tuple[Part, ...] = ("face", "voice")
    key: Hex64
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]

    @model_validator(mode="after")
    def _agree(self) -> _Document:
        if self.end < self.start:
            raise ValueError("the last day is before the first")
        if self.scope == "air" and not self.platforms:
            raise ValueError("a consent for air names at least one platform")
        if "face" not in self.covers:
            raise ValueError("a persona shows the face: a consent covers it, with or without the voice")
        for name in self.platforms:
            if name.lower() not in PLATFORM_HOSTS and "." not in name:
                known = ", ".join(PLATFORM_HOSTS)
                raise ValueError(
                    f"{name!r} is neither a platform ({known}) nor a host such as push.example.com"
                )
        return self

    def payload(self) -> bytes:
        # a consent signed before it could leave the voice out does not name what it covers: it was spoken
        # for pictures and voice
        unsaid = set() if "covers" in self.model_fields_set else {"covers"}
        return _canonical(self.model_dump(mode="json", exclude={"signature", *unsaid}))


def issue(terms: Terms, key: Path, out: Path) -> Consent:
    """Sign `terms` with the private key in the file `key` (made, readable by its owner only, when
    there is none) and write the consent to `out`. Raises `ConsentError`; overwrites nothing."""
    if out.exists():
        raise ConsentError("there is a consent already", where=str(out), remedy="write to another file")
    fields = {**asdict(terms), "format": FORMAT, "key": "0" * 64, "signature": "0" * 128}
    try:
        draft = _Document.model_validate(fields)
    except ValidationError as error:
        raise ConsentError(_shape(error), where=str(out), remedy="correct what was asked for") from error
    private = _private_key(key)
    unsigned = draft.model_copy(update={"key": private.public_key().public_bytes_raw().hex()})
    document = unsigned.model_copy(update={"signature": private.sign(unsigned.payload()).hex()})
    _write(out, json.dumps(document.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n", 0o644)
    return _consent(document)


def load(path: Path, *, today: date, trusted: Collection[str] = ()) -> Consent:
    """The consent in the file, when it holds today.

    The signature must verify against the key in the file; where `trusted` public keys (hex) are
    given, that key must be one of them. Raises `ConsentError`.
    """
    consent = read(path)
    where = str(path)
    if trusted and consent.key not in {key.lower() for key in trusted}:
        raise ConsentError(
            "the consent is signed with a key that is not trusted here",
            where=where,
            remedy=f"add {consent.key} to the trusted keys if it is the company's",
        )
    if revoked(path):
        raise ConsentError(
            f"{consent.who} has revoked this consent", where=where, remedy="ask the host for a new one"
        )
    if today < consent.start:
        raise ConsentError(
            f"the consent begins on {consent.start}, today is {today}",
            where=where,
            remedy="wait, or ask for an earlier one",
        )
    if lapsed(consent, today):
        raise ConsentError(
            f"the consent ended on {consent.end}, today is {today}",
            where=where,
            remedy="ask the host to renew it",
        )
    return consent


def read(path: Path) -> Consent:
    """The consent in the file, its signature verified, whether or not it holds today (to show it).
    Raises `ConsentError`."""
    where = str(path)
    try:
        document = _Document.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConsentError(
            f"the consent cannot be read: {error.strerror}",
            where=where,
            remedy="make one with `doublure consent new`",
        ) from error
    except ValidationError as error:
        raise ConsentError(
            f"this is not a whole consent: {_shape(error)}",
            where=where,
            remedy="ask for the file as it was signed",
        ) from error
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document.key))
        public.verify(bytes.fromhex(document.signature), document.payload())
    except (InvalidSignature, ValueError) as error:
        raise ConsentError(
            "the consent was changed after it was signed",
            where=where,
            remedy="ask for the file as it was signed",
        ) from error
    return _consent(document)


def revoke(path: Path, key: Path, *, at: datetime) -> Path:
    """Write the signed revocation beside the consent and return its path. The key must be the one
    that signed the consent. Raises `ConsentError`."""
    consent = read(path)
    private = _private_key(key, make=False)
    public = private.public_key().public_bytes_raw().hex()
    if public != consent.key:
        raise ConsentError(
            "this key did not sign the consent",
            where=str(key),
            remedy="give the key it was signed with as --key",
        )
    fields = {"format": REVOCATION_FORMAT, "consent": consent.signature, "at": at.isoformat(), "key": public}
    signed = {**fields, "signature": private.sign(_canonical(fields)).hex()}
    revocation = _revocation(path)
    _write(revocation, json.dumps(signed, indent=2) + "\n", 0o644)
    return revocation


def revoked(path: Path) -> bool:
    """True when the consent was revoked or is gone. Two looks at the file system, cheap enough to
    ask every few seconds."""
    return _revocation(path).exists() or not path.exists()


def lapsed(consent: Consent, today: date) -> bool:
    """True when its last day is over."""
    return today > consent.end


def check_footage(consent: Consent, files: Iterable[Path]) -> None:
    """Raise `ConsentError` unless the consent was given for each of the files."""
    for file in files:
        if fingerprint(file) not in consent.footage:
            raise ConsentError(
                f"the consent of {consent.who} was not given for this footage",
                where=str(file),
                remedy="give the file that was signed for, or ask for a consent that names this one",
            )


def allows_address(consent: Consent, url: str) -> bool:
    """True when the picture may be sent there: files and this machine always, other addresses only
    with scope `air` and when their host belongs to a platform that the consent names."""
    if address.is_file(url) or address.is_loopback(url):
        return True
    host = address.host_of(url)
    if consent.scope != "air" or not host:
        return False
    for platform in consent.platforms:
        name = platform.lower()
        # a name without a dot that is no platform is one host, never a whole domain such as "com"
        whole = PLATFORM_HOSTS.get(name, (name,) if "." in name else ())
        if host == name or any(host == domain or host.endswith(f".{domain}") for domain in whole):
            return True
    return False


def fingerprint(file: Path) -> str:
    """sha256 of a file, hex. Raises `ConsentError` when it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ConsentError(
            f"the footage cannot be read: {error.strerror}", where=str(file), remedy="check the path"
        ) from error


def _consent(document: _Document) -> Consent:
    return Consent(
        who=document.who,
        company=document.company,
        purpose=document.purpose,
        platforms=document.platforms,
        scope=document.scope,
        start=document.start,
        end=document.end,
        footage=document.footage,
        key=document.key,
        signature=document.signature,
        covers=document.covers,
    )


def _private_key(path: Path, make: bool = True) -> Ed25519PrivateKey:
    if make and not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(path, pem.decode(), 0o600)
        return made
    remedy = "give the Ed25519 key that `doublure consent new` made"
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConsentError(
            f"the key cannot be read: {error.strerror}", where=str(path), remedy=remedy
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConsentError(
            "this is not a private key without password", where=str(path), remedy=remedy
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConsentError("this is not an Ed25519 key", where=str(path), remedy=remedy)
    return key


def _write(path: Path, text: str, mode: int) -> None:
    """Write whole or not at all, and on the disk before it returns."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8"
        ) as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConsentError(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            remedy="choose a folder you may write to",
        ) from error


def _canonical(fields: Mapping[str, object]) -> bytes:
    """The bytes that are signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _shape(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _revocation(path: Path) -> Path:
    return path.with_name(path.name + REVOKED)
