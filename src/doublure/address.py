"""Addresses of outputs: how an RTMP address is read, what may be shown of one, and where it leads."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

HIDDEN = "…"
"""Stands for what is not shown."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,19}://[^\s'\"<>]+", re.IGNORECASE)
"""An address inside a sentence. The scheme's length is bounded, so that a search takes time in
proportion to the text."""
PORTS = {"rtmp": 1935, "rtmps": 443}
LONGEST_ADDRESS = 4096
"""Characters of an RTMP address with its key."""
LONGEST_HOST = 253
"""Characters of a host name (RFC 1035, 2.3.4)."""
RTMP_FORM = "it looks like rtmp://server/app/stream-key"
"""What to do about an address that is none."""


class AddressError(ValueError):
    """Why something is not an RTMP address; holds no part of it."""

    def __init__(self, why: str = "") -> None:
        super().__init__(f"this is not an RTMP address: {why}" if why else "this is not an RTMP address")


@dataclass(frozen=True, slots=True)
class RtmpAddress:
    """An RTMP address in its parts."""

    secure: bool
    host: str
    port: int
    app: str
    """The application; "" for a server that has none."""
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
    """The parts of an address to push to. The forms are:

    - `rtmp://host[:port]/app/key`, `/app/instance/key`, both perhaps with `?query`;
    - without an application `rtmp://host/key?query` (with a login in the query) or `rtmp://host//key`.

    Raises `AddressError`.
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
    """The parts of an address whose stream key comes apart: all of the path is the application.
    Raises `AddressError`."""
    server, pieces, query, _ = _rtmp_parts(url)
    return RtmpAddress(server.secure, server.host, server.port, "/".join(pieces) + query, "")


def redirected(address: RtmpAddress, url: str) -> RtmpAddress:
    """Where a server sends a publisher on to: host, port and application are those of `url`, the
    stream key stays. Raises `AddressError`."""
    there = parse_rtmp_server(url)
    name = address.key.partition("?")[0]
    # some servers name the stream as well
    app = there.app.partition("?")[0]
    if name and f"/{app}".endswith(f"/{name}"):
        app = app[: -len(name)].rstrip("/")
    return RtmpAddress(there.secure, there.host, there.port, app or address.app, address.key)


def with_key(url: str, key: str) -> str:
    """One address of a server's address and a stream key that were given apart; without a path in
    `url` there is no application."""
    parts = _split(url)
    path = "" if parts is None else parts.path.strip("/")
    return f"{url.rstrip('/')}{'/' if path else '//'}{key.lstrip('/')}"


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
    if not path[0] and not parts.query and not parts.fragment:
        return place
    return f"{place}/{path[0]}/{HIDDEN}" if len(path) > 1 else f"{place}/{HIDDEN}"


def redact_text(text: str) -> str:
    """A sentence with every address in it redacted; takes time in proportion to its length."""
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


def _rtmp_parts(url: str) -> tuple[RtmpAddress, list[str], str, bool]:
    """An address's server, the pieces of its path, its query from `?` on, and whether the path
    begins with two slashes. Raises `AddressError`."""
    url = url.strip()
    if len(url) > LONGEST_ADDRESS:
        raise AddressError(f"it has more than {LONGEST_ADDRESS} characters")
    if not url.isprintable() or " " in url:
        raise AddressError("it has a blank or a control character in it")
    parts = _split(url)
    if parts is None or parts.scheme not in PORTS or not host_of(url):
        raise AddressError
    try:
        port = PORTS[parts.scheme] if parts.port is None else parts.port
        # what the name server is asked for; a label may be empty or too long
        named = len(parts.hostname or "") <= LONGEST_HOST and bool((parts.hostname or "").encode("idna"))
    except UnicodeError:
        named, port = False, 1
    except ValueError:
        port = 0
    if not port:
        raise AddressError("its port is not between 1 and 65535")
    if not named:
        raise AddressError("its host is no name and no number")
    server = RtmpAddress(parts.scheme == "rtmps", parts.hostname or "", port, "", "")
    # what stands behind the host, because a key may hold any sign
    rest = url.partition("://")[2][len(parts.netloc) :]
    path, mark, query = rest.partition("?")
    return server, [piece for piece in path.split("/") if piece], mark + query, path.startswith("//")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None
