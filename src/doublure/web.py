"""HTTP to servers elsewhere, with an end to what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2


class _Bounded(httpx2.AsyncByteStream):
    """A body that fails when it is longer than `most` bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        heard = 0
        async for piece in self._stream:
            heard += len(piece)
            if heard > self._most:
                raise httpx2.RemoteProtocolError(f"the answer is longer than {self._most} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded_client(timeout_seconds: float, most_bytes: int, headers: Mapping[str, str]) -> httpx2.AsyncClient:
    """A client whose answers have at most `most_bytes` and come unpacked: a packed one may hold a
    thousand times its length. It follows no redirections, so that a key goes to no other server.
    What is too long or packed raises `httpx2.HTTPError`."""

    async def bound(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise httpx2.DecodingError("the answer is packed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, most_bytes)

    return httpx2.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=timeout_seconds,
        follow_redirects=False,
        event_hooks={"response": [bound]},
    )
