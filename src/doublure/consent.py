"""Consent is a type: nothing makes, loads or airs a likeness without a verified one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Scope = Literal["air", "local"]
"""`air`: the platforms named in the consent. `local`: measuring only, loopback addresses and
files; a room refuses every other sink."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A verified permission. Made only by `load` and `issue`, which check the signature."""

    who: str
    company: str
    purpose: str
    platforms: tuple[str, ...]
    scope: Scope
    start: date
    end: date
    """Last day it holds."""
    footage: tuple[str, ...]
    """sha256 (hex) of each file of footage it was given for."""
    key: str
    """Ed25519 public key, hex, of the signer."""
    signature: str
    """Hex."""
