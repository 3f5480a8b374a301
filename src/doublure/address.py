"""Addresses of outputs: what may be shown of one, and where it leads."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

HIDDEN = "…"
"""Stands for what is not shown."""
ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
"""An address inside a sentence."""


def redact(url: str) -> str:
    """The address without what lets others stream: user, password, stream key and query.

    Of the path only the first part (the application) stays, and only when a key follows it; a
    file's path is returned as it is.
    """
    parts = _split(url)
    if parts is None:
        return HIDDEN
    if parts.scheme in ("", "file"):
        return url
    path = parts.path.strip("/").split("/")
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if not path[0] and not parts.query:
        return place
    return f"{place}/{path[0]}/{HIDDEN}" if len(path) > 1 else f"{place}/{HIDDEN}"


def redact_text(text: str) -> str:
    """A sentence with every address in it redacted."""
    return ADDRESS.sub(lambda found: redact(found.group()), text)


def is_file(url: str) -> bool:
    """True for a file on this machine."""
    parts = _split(url)
    return parts is not None and parts.scheme in ("", "file")


def host_of(url: str) -> str:
    """Host name in lower case; "" for a file and for an address that cannot be read."""
    parts = _split(url)
    if parts is None or "\\" in parts.netloc or not parts.netloc.isprintable():
        return ""  # readers of addresses disagree about these, so they name nobody
    return (parts.hostname or "").rstrip(".").lower()


def is_loopback(url: str) -> bool:
    """True when the address names this machine: 127.0.0.0/8, ::1 or localhost. Other names are
    not looked up, so that no name server can make another machine look like this one."""
    host = host_of(url)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None
