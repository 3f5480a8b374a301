"""Who may open the console: this machine only, or everybody who knows the password.

Every request passes the `Guard`. It refuses names that are not this machine's (a page of another
site that points its own name here would otherwise read the room), orders that another site's page
sends, bodies that are too long, and, where there is a password, everybody who is not logged in.
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
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doublure.clock import Clock

COOKIE = "doublure_login"
LOGIN_SECONDS = 12 * 3600
"""How long a login lasts: a long shift."""
ATTEMPTS = 5
"""Wrong passwords that one address may send within `ATTEMPT_SECONDS`."""
ATTEMPT_SECONDS = 60.0
ADDRESSES = 1_000
"""Addresses whose wrong passwords are remembered; the oldest is forgotten first."""
BODY_BYTES = 64 * 1024
"""Longest request body; the longest form is a line of 1,000 characters."""
OPEN_PATHS = ("/login", "/language/", "/healthz", "/static/", "/fonts/")
"""What may be had without the password."""
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


class Access:
    """The password, the logins it gave out, and who guessed too often.

    A login is a signed time of expiry. The key is made anew with every start, so a restart logs
    everybody out and nothing that could be stolen lies on the disk.
    """

    def __init__(self, password: str | None, clock: Clock) -> None:
        self._password = password.encode() if password is not None else None
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    @property
    def protected(self) -> bool:
        """True when there is a password."""
        return self._password is not None

    def locked_seconds(self, address: str) -> int:
        """Seconds for which this address may not try again; 0 when it may."""
        times = self._wrong.get(address)
        if times is None:
            return 0
        while times and times[0] <= self._clock.now() - ATTEMPT_SECONDS:
            times.popleft()
        if len(times) < ATTEMPTS:
            return 0
        return math.ceil(times[0] + ATTEMPT_SECONDS - self._clock.now())

    def right(self, address: str, given: str) -> bool:
        """Is this the password? A wrong one counts against the address, and while it is locked
        the right one does not help either."""
        if self._password is None or self.locked_seconds(address):
            return False
        # compared as digests, so that the time tells nothing about length or content
        if hmac.compare_digest(self._digest(given.encode()), self._digest(self._password)):
            self._wrong.pop(address, None)
            return True
        times = self._wrong.setdefault(address, deque(maxlen=ATTEMPTS))
        times.append(self._clock.now())
        self._wrong.move_to_end(address)
        while len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)
        return False

    def login(self) -> str:
        """The value of a fresh login cookie."""
        expires = str(int(self._clock.now() + LOGIN_SECONDS))
        return f"{expires}.{self._sign(expires)}"

    def logged_in(self, cookie: str) -> bool:
        """Is this a login that we gave out and that still holds?"""
        expires, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(expires).encode()):
            return False
        return self._clock.now() < int(expires)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _digest(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()


class Guard:
    """Stands before the whole app and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                # the shipped files may be kept, but are asked for again after an upgrade
                shipped = scope["path"].startswith(("/static/", "/fonts/"))
                headers.setdefault("cache-control", "no-cache" if shipped else "no-store")
            await send(message)

        refusal = self._refuse(scope, Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send_safely)
            return
        await self._app(scope, _limited(receive), send_safely)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._access.protected and not is_loopback(host_name(host)):
            return PlainTextResponse(
                "This console answers on this machine only. Open it at http://127.0.0.1, "
                "or start it with a password to use another name.",
                421,
            )
        if scope["method"] not in READ_ONLY and _from_elsewhere(headers, host):
            return PlainTextResponse("This order came from another site's page and was not followed.", 403)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES:
            return PlainTextResponse(f"At most {BODY_BYTES} bytes can be sent.", 413)
        if self._access.protected and not scope["path"].startswith(OPEN_PATHS):
            return self._refuse_stranger(scope, headers)
        return None

    def _refuse_stranger(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        for_programs = path == "/metrics" or path.startswith("/api/")
        if self._access.logged_in(_cookie(headers)):
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
    """Who asks, as an address."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _from_elsewhere(headers: Headers, host: str) -> bool:
    """Was this sent by a page of another site? Browsers say where a page came from; programs that
    send neither header are no browsers and carry nobody's cookie."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2].lower() != host.lower()
    return headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _basic_password(headers: Headers) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _limited(receive: Receive) -> Receive:
    """Ends a body that grows past the limit without having said its length."""
    read = 0

    async def receive_some() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return receive_some
