"""A voice on a server: one request per clause, its sound streamed.

The sound is cut into pieces where it is quietest, so that joins are inaudible. It has no times; `fallback`
finds them if they are needed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
import numpy as np

from doublure import address
from doublure.errors import EngineError, SettingsError
from doublure.excerpt import excerpt
from doublure.media import SAMPLE_RATE, Language, Pcm, Speech
from doublure.voice.engines.decode import MOST_BYTES, Decoder
from doublure.voice.settings import VoiceSettings
from doublure.web import bounded_client

FIRST, LATER = int(0.35 * SAMPLE_RATE), int(0.8 * SAMPLE_RATE)
"""Samples per piece: the first one is short so that it is ready soon, later ones are longer."""
EARLIEST = 0.6
"""A piece is cut in the last 40 % of the sound received."""
QUIET = SAMPLE_RATE // 100
"""Width of the quiet place: 10 ms."""
COMPLAINT_BYTES = 4096
"""Most bytes read of an error response; a server may send without end."""


@dataclass(frozen=True, slots=True)
class Body:
    """The request for one clause."""

    path: str
    """Path below the address, with its leading slash."""
    json: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    """Fields of a multipart form, instead of JSON."""
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """Files of the form: name and content."""


class Remote:
    """A voice whose sound comes from a server."""

    def __init__(
        self,
        name: str,
        languages: frozenset[Language],
        settings: VoiceSettings,
        body: Callable[[str, Language], Body],
    ) -> None:
        self.name = f"{name}#{hashlib.sha256(settings.base_url.encode()).hexdigest()[:6]}" + (
            f"@{settings.speed:g}" if settings.speed != 1.0 else ""
        )
        self.languages = languages
        self._settings = settings
        self._body = body
        self._where = shown(settings.base_url)
        key = os.environ.get(settings.key_variable, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # created before air, because it reads the machine's certificates
        self._client = bounded_client(settings.first_seconds, MOST_BYTES, headers)

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        """The clause in pieces without times; nothing if it has no words. Raises `EngineError` if the server
        fails, is silent for `first_seconds`, or sends something other than sound."""
        if not any(mark.isalnum() for mark in spoken):
            return
        if language not in self.languages:
            raise EngineError(f"this voice does not speak {language!r}", where=self.name)
        least = FIRST
        waiting: Pcm = np.zeros(0, np.float32)
        async with aclosing(self._sound(self._body(spoken, language))) as sound:
            async for pcm in sound:
                waiting = np.concatenate([waiting, pcm])
                if len(waiting) >= least:
                    at = quietest(waiting)
                    yield Speech(waiting[:at])
                    waiting = waiting[at:]
                    least = LATER
        if len(waiting):
            yield Speech(waiting)

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._client.aclose()

    async def _sound(self, body: Body) -> AsyncGenerator[Pcm, None]:
        try:
            async with self._client.stream(
                "POST",
                self._settings.base_url.rstrip("/") + body.path,
                json=body.json,
                data=body.form,
                files=body.files or None,
            ) as response:
                if response.status_code != httpx2.codes.OK:
                    raise self._refused(response.status_code, await _beginning(response))
                decoder = Decoder(
                    response.headers.get("content-type", ""), self._settings.pcm_hertz, self._where
                )
                async for raw in response.aiter_raw():
                    pcm = decoder.feed(raw)
                    if len(pcm):
                        yield pcm
                yield decoder.finish()
        except httpx2.TimeoutException as error:
            seconds = f"{self._settings.first_seconds:g}"
            raise EngineError(f"the speech server was silent for {seconds} s", where=self._where) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = excerpt(str(error)) or type(error).__name__
            raise EngineError(
                f"the speech server was lost: {reason}",
                where=self._where,
                remedy="check that it runs and that voice: base_url leads to it",
            ) from error

    def _refused(self, status: int, raw: bytes) -> EngineError:
        remedies = {
            401: f"check the key in {self._settings.key_variable}",
            403: f"check the key in {self._settings.key_variable}",
            404: "check voice: base_url, shape and model",
        }
        text = excerpt(raw.decode("utf-8", "replace"))
        return EngineError(
            f"the speech server refused with {status}: {text}",
            where=self._where,
            remedy=remedies.get(status, "see the server's own log"),
        )


async def _beginning(response: httpx2.Response) -> bytes:
    """The first bytes of an error response. The rest is not read; the connection is closed with the response."""
    raw = b""
    async with aclosing(response.aiter_raw(COMPLAINT_BYTES)) as pieces:
        async for piece in pieces:
            raw += piece
            if len(raw) >= COMPLAINT_BYTES:
                break
    return raw[:COMPLAINT_BYTES]


def quietest(pcm: Pcm) -> int:
    """The place to cut: the middle of the quietest 10 ms in the last part of the sound."""
    first = int(len(pcm) * EARLIEST)
    power = np.convolve(pcm[first:].astype(np.float64) ** 2, np.ones(QUIET), "valid")
    return first + int(power.argmin()) + QUIET // 2 if len(power) else len(pcm)


def shown(base_url: str) -> str:
    """The address without a password in it."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_address(settings: VoiceSettings) -> None:
    """Raise `SettingsError` if the address is missing or not an HTTP address, or if the key for a server
    elsewhere is missing."""
    if not settings.base_url:
        raise SettingsError(
            f"the voice {settings.engine} has no address",
            where="voice.base_url",
            remedy="set it, for example http://127.0.0.1:8880/v1, or take engine: kokoro",
        )
    if not _is_http(settings.base_url):
        raise SettingsError(
            "this is not an HTTP address",
            where="voice.base_url",
            remedy="it looks like http://127.0.0.1:8880/v1",
        )
    if not address.is_loopback(settings.base_url) and not os.environ.get(settings.key_variable):
        raise SettingsError(
            f"the environment variable {settings.key_variable} is empty",
            where="voice.key_variable",
            remedy="set it to the speech server's key; any word where the server wants none",
        )


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # reading the port validates it
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
