"""An HTTP client for other machines that bounds the size of their responses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2


class _Bounded(httpx2.AsyncByteStream):
    """A response body that fails if it is longer than `most` bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        heard = 0
        async for piece in self._stream:
            heard += len(piece)
            if heard > self._most:
                raise httpx2.RemoteProtocolError(f"the response is longer than {self._most} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded_client(timeout_seconds: float, most_bytes: int, headers: Mapping[str, str]) -> httpx2.AsyncClient:
    """A client that raises `httpx2.HTTPError` for a response that is compressed or longer than `most_bytes`.

    A compressed response may expand to a thousand times its length. The client follows no redirects, so
    that a key is sent to no other server.
    """

    async def bound(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise httpx2.DecodingError("the response is compressed, although that was not requested")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, most_bytes)

    return httpx2.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=timeout_seconds,
        follow_redirects=False,
        event_hooks={"response": [bound]},
    )
