"""A host's consent: no likeness is made, loaded or aired without a verified `Consent`.

A consent is a JSON file signed with the company's Ed25519 key. Any change to it makes it void. A
revocation is a second file; see `doublure.trust.revocation`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from doublure import address
from doublure.errors import ConsentError, SettingsError
from doublure.files import contents, opened
from doublure.trust import revocation
from doublure.trust.signing import canonical, private_key, public_hex, verified, write_whole

Part = Literal["face", "voice"]
"""A part of a likeness."""
Scope = Literal["air", "local"]
"""`air`: the platforms named in the consent. `local`: for measurements only, on loopback addresses
and in files; a room refuses every other sink."""
FORMAT = "doublure-consent-1"
ZONE = "Asia/Shanghai"
"""Time zone of a new consent's days, unless another is given."""
DEMO_KEY = "0b978290b86707b988626a8051a3f0f45db21a6ec5f838f0d3085780886d0cdd"
"""The key that signed the consents of the demo's hosts, who are rendered and not real people; trusted
everywhere. Its private half was destroyed, so it can never sign for anybody else."""
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
"""Hosts that accept the streams of a platform: only its own domains, never those of a cloud that also
serves others. A platform may give out a push address on another host; a consent then names that host."""

Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MOST_BYTES = 1_000_000
"""Largest size of a consent file; a real one has a few thousand bytes."""


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
    """First day it is valid, in `zone`."""
    end: date
    """Last day it is valid, in `zone`."""
    footage: tuple[str, ...]
    """sha256 (hex) of each file of footage it is given for."""
    covers: tuple[Part, ...] = ("face", "voice")
    """Parts of the host that may be doubled; always includes the face."""
    zone: str = ZONE
    """IANA time zone of its days."""


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
    """First day it is valid, in `zone`."""
    end: date
    """Last day it is valid, in `zone`."""
    footage: tuple[str, ...]
    """sha256 (hex) of each file of footage it was given for."""
    key: str
    """Ed25519 public key, hex, of the signer."""
    signature: str
    """Hex. Identifies the consent."""
    covers: tuple[Part, ...] = ("face", "voice")
    """Parts of the host that may be doubled; always includes the face."""
    zone: str = "UTC"
    """IANA time zone of its days."""


class _Document(BaseModel):
    """The consent file."""

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
    zone: str = "UTC"
    key: Hex64
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]

    @model_validator(mode="after")
    def _agree(self) -> _Document:
        if self.end < self.start:
            raise ValueError("the last day is before the first")
        if self.scope == "air" and not self.platforms:
            raise ValueError("a consent for air names at least one platform")
        if "face" not in self.covers:
            raise ValueError("a persona shows the face, so a consent covers it, with or without the voice")
        try:
            ZoneInfo(self.zone)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"{self.zone!r} is not a time zone such as {ZONE}") from None
        for name in self.platforms:
            if name.lower() not in PLATFORM_HOSTS and "." not in name:
                known = ", ".join(PLATFORM_HOSTS)
                raise ValueError(
                    f"{name!r} is neither a platform ({known}) nor a host such as push.example.com"
                )
        return self

    def payload(self) -> bytes:
        # older consents do not name these two fields: they cover face and voice, and their days are UTC
        unsaid = {"covers", "zone"} - self.model_fields_set
        return canonical(self.model_dump(mode="json", exclude={"signature", *unsaid}))


def issue(terms: Terms, key: Path, out: Path) -> Consent:
    """Sign `terms` with the private key in the file `key` and write the consent to `out`.

    A missing key is made, readable only by its owner. Overwrites nothing. Raises `ConsentError`.
    """
    if out.exists():
        raise ConsentError("there is a consent already", where=str(out), remedy="write to another file")
    fields = {**asdict(terms), "format": FORMAT, "key": "0" * 64, "signature": "0" * 128}
    try:
        draft = _Document.model_validate(fields)
    except ValidationError as error:
        raise ConsentError(_shape(error), where=str(out), remedy="correct this value") from error
    private = private_key(key)
    unsigned = draft.model_copy(update={"key": public_hex(private)})
    document = unsigned.model_copy(update={"signature": private.sign(unsigned.payload()).hex()})
    write_whole(out, json.dumps(document.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n")
    return _consent(document)


def load(path: Path, *, today: date, trusted: Collection[str] = (), folders: Iterable[Path] = ()) -> Consent:
    """The consent in the file, if it is valid today. Raises `ConsentError`.

    The signature must verify against the key in the file, and that key must be one of the `trusted`
    public keys (hex). Only for scope `local`, which airs nothing, may that list be empty. `today` is the
    present moment (an aware `datetime`) or a day in the consent's time zone. Revocations are also searched
    for in `folders`, such as the persona's and the room's.
    """
    consent = read(path)
    where = str(path)
    check_trust(consent, trusted, where)
    folders = tuple(folders)
    if revoked(consent, path, folders):
        remember_revocation(consent, path, folders, today)
        raise ConsentError(
            f"{consent.who} has revoked this consent", where=where, remedy="ask the host for a new one"
        )
    if _day(consent, today) < consent.start:
        raise ConsentError(
            f"the consent begins on {consent.start}, today is {_day(consent, today)} ({consent.zone})",
            where=where,
            remedy="wait, or ask for an earlier one",
        )
    if lapsed(consent, today):
        raise ConsentError(
            f"the consent ended on {consent.end}, today is {_day(consent, today)} ({consent.zone})",
            where=where,
            remedy="ask the host to renew it",
        )
    return consent


def check_trust(consent: Consent, trusted: Collection[str], where: str) -> None:
    """Raise `ConsentError` unless the consent's key is trusted. A consent carries its own key, so alone it
    proves nothing about its signer."""
    if not trusted and consent.scope == "local":
        return
    if consent.key == DEMO_KEY or consent.key in {key.lower() for key in trusted}:
        return
    raise ConsentError(
        "the consent is signed with a key that is not trusted here",
        where=where,
        remedy=f"if it is the company's key, add {consent.key} to DOUBLURE_TRUSTED_KEYS",
    )


def read(path: Path) -> Consent:
    """The consent in the file with its signature verified, valid today or not, to show it. Raises
    `ConsentError`."""
    where = str(path)
    try:
        document = _Document.model_validate_json(contents(path, MOST_BYTES))
    except SettingsError as error:
        raise ConsentError(error.what, where=where, remedy=error.remedy) from error
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
            remedy="ask for the signed original",
        ) from error
    if not verified(document.key, document.signature, document.payload()):
        raise ConsentError(
            "the consent was changed after it was signed",
            where=where,
            remedy="ask for the signed original",
        )
    return _consent(document)


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same consent, whatever their paths are."""
    if one.resolve() == other.resolve():
        return True
    try:
        return read(one).signature == read(other).signature
    except ConsentError:
        return False


def revoke(path: Path, key: Path, *, at: datetime) -> Path:
    """Write the signed revocation beside the consent, remember it on this machine, and return its path.

    If `path` is a link, the revocation is also written beside the link's target. The key must be the one
    that signed the consent. Raises `ConsentError`.
    """
    consent = read(path)
    private = private_key(key, make=False)
    public = public_hex(private)
    if public != consent.key:
        raise ConsentError(
            "this key did not sign the consent",
            where=str(key),
            remedy="give the key that signed it as --key",
        )
    fields = {
        "format": revocation.FORMAT,
        "consent": consent.signature,
        "at": at.isoformat(),
        "key": public,
    }
    signed = {**fields, "signature": private.sign(canonical(fields)).hex()}
    for file in dict.fromkeys((path.resolve(), path)):
        write_whole(revocation.beside(file), json.dumps(signed, indent=2) + "\n")
    revocation.remember(consent.signature, path, (), at)
    return revocation.beside(path)


def revoked(consent: Consent, path: Path, folders: Iterable[Path] = ()) -> bool:
    """Whether the consent was revoked, or the file `path` no longer holds exactly this consent.

    Call it every few seconds on air, with the persona's and the room's folders as `folders`. It waits for
    no database and no lock; `doublure.trust.revocation` says where it looks. If it is True, leave the air
    first, then call `remember_revocation`.
    """
    return revocation.revoked(consent.signature, path, folders)


def remember_revocation(consent: Consent, path: Path, folders: Iterable[Path], at: date) -> None:
    """Copy a known revocation to the machine's folder and to `folders` (the room's), so that deleting the
    original has no effect. Writes to the disk. Never raises."""
    revocation.remember(consent.signature, path, folders, at)


def lapsed(consent: Consent, today: date) -> bool:
    """Whether its last day is over; `today` as for `load`."""
    return _day(consent, today) > consent.end


def _day(consent: Consent, today: date) -> date:
    return today.astimezone(ZoneInfo(consent.zone)).date() if isinstance(today, datetime) else today


def check_footage(consent: Consent, files: Iterable[Path]) -> None:
    """Raise `ConsentError` unless the consent was given for each of the files."""
    for file in files:
        if fingerprint(file) not in consent.footage:
            raise ConsentError(
                f"the consent of {consent.who} was not given for this footage",
                where=str(file),
                remedy="give the file that the consent names, or ask for a consent that names this one",
            )


def allows_address(consent: Consent, url: str) -> bool:
    """Whether the picture may be sent to an address. Files and this machine are always allowed; other
    addresses need scope `air` and a host that belongs to a platform named in the consent."""
    if address.is_file(url) or address.is_loopback(url):
        return True
    host = address.host_of(url)
    if consent.scope != "air" or not host:
        return False
    for platform in consent.platforms:
        name = platform.lower()
        # a name without a dot that is not a platform means one host, never a whole domain such as "com"
        whole = PLATFORM_HOSTS.get(name, (name,) if "." in name else ())
        if host == name or any(host == domain or host.endswith(f".{domain}") for domain in whole):
            return True
    return False


def fingerprint(file: Path) -> str:
    """sha256 of a file, hex. Raises `ConsentError` if it cannot be read."""
    try:
        with opened(file) as footage:
            return hashlib.file_digest(footage, "sha256").hexdigest()
    except SettingsError as error:
        raise ConsentError(error.what, where=str(file), remedy=error.remedy) from error
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
        zone=document.zone,
    )


def _shape(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
