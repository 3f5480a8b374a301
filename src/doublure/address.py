"""Addresses of outputs: parses RTMP addresses, redacts their secrets and finds their hosts."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

HIDDEN = "…"
"""Replaces what is not shown."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,19}://[^\s'\"<>]+", re.IGNORECASE)
"""An address inside a sentence. The scheme's length is bounded, so that a search takes time linear in the
length of the text."""
PORTS = {"rtmp": 1935, "rtmps": 443}
LONGEST_ADDRESS = 4096
"""Characters of an RTMP address with its key."""
LONGEST_HOST = 253
"""Characters of a host name (RFC 1035, 2.3.4)."""
RTMP_FORM = "it looks like rtmp://server/app/stream-key"
"""The remedy shown for a malformed RTMP address."""


class AddressError(ValueError):
    """Says why a text is not an RTMP address. Never contains any part of it."""

    def __init__(self, why: str = "") -> None:
        super().__init__(f"this is not an RTMP address: {why}" if why else "this is not an RTMP address")


@dataclass(frozen=True, slots=True)
class RtmpAddress:
    """The parts of an RTMP address."""

    secure: bool
    host: str
    port: int
    app: str
    """The application; "" if the server has none."""
    key: str
    """Stream key with its query; never shown."""

    @property
    def server(self) -> str:
        """`rtmp://host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rtmps' if self.secure else 'rtmp'}://{host}:{self.port}"

    @property
    def tc_url(self) -> str:
        """The address up to the application, as RTMP's `connect` names it."""
        return f"{self.server}/{self.app}"


def parse_rtmp(url: str) -> RtmpAddress:
    """The parts of an address to push to. Raises `AddressError`. The accepted forms are:

    - `rtmp://host[:port]/app/key` and `/app/instance/key`, both with an optional `?query`;
    - without an application, `rtmp://host/key?query` (with a login in the query) or `rtmp://host//key`.
    """
    server, pieces, query, bare = _rtmp_parts(url)
    if not pieces:
        raise AddressError("it has no application and no stream key")
    if len(pieces) == 1 and not (query or bare):
        raise AddressError("it has no stream key")
    depth = min(len(pieces) - 1, 2)
    app, key = "/".join(pieces[:depth]), "/".join(pieces[depth:])
    return RtmpAddress(server.secure, server.host, server.port, app, key + query)


def parse_rtmp_server(url: str) -> RtmpAddress:
    """The parts of an address whose stream key is given separately: the whole path is the application.
    Raises `AddressError`."""
    server, pieces, query, _ = _rtmp_parts(url)
    return RtmpAddress(server.secure, server.host, server.port, "/".join(pieces) + query, "")


def redirected(address: RtmpAddress, url: str) -> RtmpAddress:
    """The address that a server redirects a publisher to: host, port and application of `url`, with the
    same stream key. Raises `AddressError`."""
    there = parse_rtmp_server(url)
    name = address.key.partition("?")[0]
    # some servers append the name of the stream
    app = there.app.partition("?")[0]
    if name and f"/{app}".endswith(f"/{name}"):
        app = app[: -len(name)].rstrip("/")
    return RtmpAddress(there.secure, there.host, there.port, app or address.app, address.key)


def with_key(url: str, key: str) -> str:
    """Join a server's address and a separate stream key. Without a path in `url` there is no
    application."""
    parts = _split(url)
    path = "" if parts is None else parts.path.strip("/")
    return f"{url.rstrip('/')}{'/' if path else '//'}{key.lstrip('/')}"


def redact(url: str) -> str:
    """The address without its secrets: user, password, stream key and query.

    Only the first part of the path (the application) is kept, and only if a key follows it. A file's path is
    returned unchanged.
    """
    parts = _split(url)
    if parts is None:
        return HIDDEN
    if parts.scheme in ("", "file"):
        return url
    path = parts.path.strip("/").split("/")
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if not path[0] and not parts.query and not parts.fragment:
        return place
    return f"{place}/{path[0]}/{HIDDEN}" if len(path) > 1 else f"{place}/{HIDDEN}"


def redact_text(text: str) -> str:
    """A text with every address in it redacted. Takes time linear in the length of the text."""
    return ADDRESS.sub(lambda found: redact(found.group()), text)


def is_file(url: str) -> bool:
    """Whether the address is a file on this machine."""
    parts = _split(url)
    return parts is not None and parts.scheme in ("", "file")


def host_of(url: str) -> str:
    """Host name in lower case; "" for a file and for an address that cannot be parsed."""
    parts = _split(url)
    if parts is None or "\\" in parts.netloc or not parts.netloc.isprintable():
        return ""  # parsers disagree about these, so they name no host
    return (parts.hostname or "").rstrip(".").lower()


def is_loopback(url: str) -> bool:
    """Whether the address names this machine: 127.0.0.0/8, ::1 or localhost. Other names are not resolved,
    so that no name server can make another machine look like this one."""
    host = host_of(url)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _rtmp_parts(url: str) -> tuple[RtmpAddress, list[str], str, bool]:
    """The server, the pieces of the path, the query from `?` on, and whether the path begins with two
    slashes. Raises `AddressError`."""
    url = url.strip()
    if len(url) > LONGEST_ADDRESS:
        raise AddressError(f"it has more than {LONGEST_ADDRESS} characters")
    if not url.isprintable() or " " in url:
        raise AddressError("it contains a blank or a control character")
    parts = _split(url)
    if parts is None or parts.scheme not in PORTS or not host_of(url):
        raise AddressError
    try:
        port = PORTS[parts.scheme] if parts.port is None else parts.port
        # the form that a name server is asked for; encoding it fails on an empty or overlong label
        named = len(parts.hostname or "") <= LONGEST_HOST and bool((parts.hostname or "").encode("idna"))
    except UnicodeError:
        named, port = False, 1
    except ValueError:
        port = 0
    if not port:
        raise AddressError("its port is not between 1 and 65535")
    if not named:
        raise AddressError("its host is neither a name nor a number")
    server = RtmpAddress(parts.scheme == "rtmps", parts.hostname or "", port, "", "")
    # the key is cut from the raw text after the host, because it may hold any character
    rest = url.partition("://")[2][len(parts.netloc) :]
    path, mark, query = rest.partition("?")
    return server, [piece for piece in path.split("/") if piece], mark + query, path.startswith("//")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None
