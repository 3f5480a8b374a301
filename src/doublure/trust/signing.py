"""Ed25519 keys and signatures, and atomic writes of small files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from doublure.errors import ConsentError


def canonical(fields: Mapping[str, object]) -> bytes:
    """The bytes that are signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def verified(key: str, signature: str, payload: bytes) -> bool:
    """Whether the holder of the public key (hex) signed the payload; the signature is in hex."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_hex(private: Ed25519PrivateKey) -> str:
    """The public key, hex."""
    return private.public_key().public_bytes_raw().hex()


def private_key(path: Path, make: bool = True) -> Ed25519PrivateKey:
    """The private key in a PEM file. With `make`, a missing file is made, readable only by its owner.
    Raises `ConsentError`."""
    if make and not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_whole(path, pem.decode(), 0o600)
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
            "this is not a private key, or it has a password", where=str(path), remedy=remedy
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConsentError("this is not an Ed25519 key", where=str(path), remedy=remedy)
    return key


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all. It is on the disk when this returns. Raises `ConsentError`."""
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
