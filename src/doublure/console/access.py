"""Access control of the console: loopback only, or a password.

Every request passes the `Guard`, which refuses:

- host names that are not this machine's. Another site could point its own name here (DNS rebinding)
  and read the room.
- orders sent by a page of another site.
- bodies that are too long.
- if there is a password: requests without a login.

starlette's TrustedHostMiddleware is not used because it takes a list of names and cannot express 127.0.0.0/8.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import math
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doublure.clock import Clock
from doublure.console.connections import network_of

COOKIE = "doublure_login"
LOGIN_SECONDS = 12 * 3600
"""Lifetime of a login: a long shift."""
LOGINS = 1_000
"""Most logins at once; beyond that the oldest ends."""
ATTEMPTS = 5
"""Wrong passwords allowed from one network within `ATTEMPT_SECONDS`."""
ATTEMPT_SECONDS = 60.0
ADDRESSES = 1_000
"""Networks whose wrong passwords are remembered; beyond that the oldest is forgotten."""
BODY_BYTES = 64 * 1024
"""Longest request body; the longest form is a line of 1,000 characters."""
OPEN_PATHS = ("/login", "/language/", "/healthz", "/static/", "/fonts/")
"""Paths that need no password."""
READ_ONLY = ("GET", "HEAD")

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not no-referrer: with it browsers send `Origin: null` even from our own page
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def is_loopback(host: str) -> bool:
    """True for a name or an address that only this machine can reach."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(netloc: str) -> str:
    """The name in `name:port` or `[address]:port`."""
    if netloc.startswith("["):
        return netloc.partition("]")[0] + "]"
    return netloc.rpartition(":")[0] or netloc


@dataclass(frozen=True, slots=True)
class _Login:
    expires: float
    """In seconds of the clock."""
    over: anyio.Event
    """Set by logging out."""


class Access:
    """The password, the current logins, and the networks that guessed wrong too often.

    A login is a random token, kept in memory only. Logging out ends it, a restart ends all, and there
    is nothing on disk to steal.
    """

    def __init__(self, password: str | None, clock: Clock) -> None:
        self._password = password.encode() if password is not None else None
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._logins: OrderedDict[str, _Login] = OrderedDict()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    @property
    def protected(self) -> bool:
        """True when there is a password."""
        return self._password is not None

    def locked_seconds(self, address: str) -> int:
        """Seconds until this address's network may try again; 0 if it may now."""
        times = self._wrong.get(network_of(address))
        if times is None:
            return 0
        while times and times[0] <= self._clock.now() - ATTEMPT_SECONDS:
            times.popleft()
        if len(times) < ATTEMPTS:
            return 0
        return math.ceil(times[0] + ATTEMPT_SECONDS - self._clock.now())

    def right(self, address: str, given: str) -> bool:
        """Whether this is the password. A wrong one counts against the address's network. While that
        network is locked, the right password is refused too."""
        if self._password is None or self.locked_seconds(address):
            return False
        network = network_of(address)
        # digests are compared, so that the time taken reveals neither length nor content
        if hmac.compare_digest(self._digest(given.encode()), self._digest(self._password)):
            self._wrong.pop(network, None)
            return True
        times = self._wrong.setdefault(network, deque(maxlen=ATTEMPTS))
        times.append(self._clock.now())
        self._wrong.move_to_end(network)
        while len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)
        return False

    def login(self) -> str:
        """Start a login and return the value of its cookie."""
        cookie = secrets.token_urlsafe(32)
        self._logins[cookie] = _Login(self._clock.now() + LOGIN_SECONDS, anyio.Event())
        while len(self._logins) > LOGINS:
            self.log_out(next(iter(self._logins)))
        return cookie

    def log_out(self, cookie: str) -> None:
        """End a login and the streams opened with it."""
        login = self._logins.pop(cookie, None)
        if login is not None:
            login.over.set()

    def logged_in(self, cookie: str) -> bool:
        """Whether this cookie is a login that has not expired."""
        login = self._logins.get(cookie)
        return login is not None and self._clock.now() < login.expires

    async def logged_out(self, cookie: str) -> None:
        """Return when this login ends. Never returns if there is none: without a password, or for a
        program that sends the password with each request."""
        login = self._logins.get(cookie)
        if login is None:
            await anyio.Event().wait()
        else:
            with self._clock.timeout(login.expires - self._clock.now()):
                await login.over.wait()

    def _digest(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()


class Guard:
    """Middleware around the whole app: refuses requests and adds the security headers to every answer.
    With `local` it accepts requests from this machine only, password or not."""

    def __init__(self, app: ASGIApp, access: Access, *, local: bool = False) -> None:
        self._app = app
        self._access = access
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                # browsers may cache shipped files but must revalidate them, because an upgrade changes them
                shipped = scope["path"].startswith(("/static/", "/fonts/"))
                headers.setdefault("cache-control", "no-cache" if shipped else "no-store")
            await send(message)

        refusal = self._refuse(scope, Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send_safely)
            return
        try:
            body = await _body(receive)
        except _TooLong:
            await _too_long()(scope, receive, send_safely)
            return
        except _Gone:
            return
        await self._app(scope, _begun_with(body, receive), send_safely)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if self._local and not (is_loopback(host_name(host)) and is_loopback(client_address(scope))):
            return PlainTextResponse(
                "The host's consent has scope `local`: this console answers on this machine only. "
                "Open it at http://127.0.0.1.",
                421,
            )
        if not self._access.protected and not is_loopback(host_name(host)):
            return PlainTextResponse(
                "This console answers on this machine only. Open it at http://127.0.0.1, "
                "or start it with a password to use another name.",
                421,
            )
        if scope["method"] not in READ_ONLY and _from_elsewhere(headers, f"{scheme_of(scope)}://{host}"):
            return PlainTextResponse("This order came from another site's page and was not followed.", 403)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES:
            return _too_long()
        if self._access.protected and not scope["path"].startswith(OPEN_PATHS):
            return self._refuse_stranger(scope, headers)
        return None

    def _refuse_stranger(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        for_programs = path == "/metrics" or path.startswith("/api/")
        if self._access.logged_in(login_cookie(scope)):
            return None
        address = client_address(scope)
        password = _basic_password(headers) if for_programs else None
        if password is not None:
            if self._access.right(address, password):
                return None
            if wait := self._access.locked_seconds(address):
                return JSONResponse(
                    {"what": "too many wrong passwords", "where": "", "remedy": f"try again in {wait} s"},
                    429,
                    {"retry-after": str(wait)},
                )
        if for_programs:
            return JSONResponse(
                {
                    "what": "a password is needed",
                    "where": path,
                    "remedy": "send it by HTTP Basic, any user name",
                },
                401,
                {"www-authenticate": 'Basic realm="Doublure", charset="UTF-8"'},
            )
        if "hx-request" in headers:
            return Response(status_code=401, headers={"hx-redirect": "/login"})
        if path == "/":
            return RedirectResponse("/login", 303)
        return PlainTextResponse("Log in first.", 401)


def client_address(scope: Scope) -> str:
    """The client's address; empty if unknown."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def scheme_of(scope: Scope) -> str:
    """`http`, or `https` if a TLS proxy in front of the console says so. This header can be trusted, unlike
    those that name an address, because another site's page cannot make a browser send it."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "")
    return forwarded if forwarded in ("http", "https") else str(scope["scheme"])


def login_cookie(scope: Scope) -> str:
    """The login cookie of a request; empty if there is none."""
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _from_elsewhere(headers: Headers, here: str) -> bool:
    """Whether a page of another site than `here` sent this. Browsers send at least one of these headers.
    A client that sends neither is not a browser and carries nobody's cookie."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() != here.lower()
    return headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _basic_password(headers: Headers) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


class _TooLong(Exception):
    """A body longer than `BODY_BYTES`, whatever its content-length."""


class _Gone(Exception):
    """The client closed the connection before the body was complete."""


def _too_long() -> Response:
    return PlainTextResponse(f"At most {BODY_BYTES} bytes can be sent.", 413)


async def _body(receive: Receive) -> bytes:
    """The whole body. `Deadlines` closes the connection if it takes too long."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_BYTES:
            raise _TooLong
    return body


def _begun_with(body: bytes, receive: Receive) -> Receive:
    """A `receive` for the app: first the body already read, then further messages."""
    given = False

    async def receive_next() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_next
