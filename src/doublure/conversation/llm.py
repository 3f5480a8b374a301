"""The client for language models: any address with the chat completions protocol, streamed, with limits on
time and size."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio
import openai
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from doublure.clock import Clock
from doublure.conversation.settings import WriterSettings
from doublure.errors import EngineError
from doublure.excerpt import excerpt
from doublure.web import bounded_client

T = TypeVar("T")

LONGEST_ANSWER_TOKENS = 220
ANSWER_SECONDS = 30.0
"""Most time spent waiting for one answer in total: 220 tokens of a slow local model."""
MOST_BYTES = 1_000_000
"""Most bytes of one answer: ten times the size of 220 tokens as events."""
MOST_PIECES = 1000
"""Most pieces of one answer. Each token is one, and each costs time in the event loop."""


@dataclass(slots=True)
class _Wait:
    """Budget of one answer; only time spent waiting for the model counts."""

    seconds: float
    """Time left."""
    pieces: int = 0
    """Pieces received."""


class LanguageModel:
    """A remote or local language model."""

    def __init__(self, settings: WriterSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._client: AsyncOpenAI | None = None

    async def close(self) -> None:
        """Close the connections to the model's address."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def answer(self, prompt: str, question: str) -> AsyncGenerator[str, None]:
        """The pieces of an answer as they arrive, some of them empty. Raises `EngineError` if the address
        fails, is silent for `timeout_seconds`, takes `ANSWER_SECONDS` in all, or sends too many pieces."""
        wait = _Wait(ANSWER_SECONDS)
        stream = await self._open(prompt, question, wait)
        try:
            while (piece := await self._piece(stream, wait)) is not None:
                wait.pieces += 1
                if wait.pieces > MOST_PIECES:
                    raise EngineError("the model's answer does not end", where=self._settings.base_url)
                yield piece
        finally:
            with anyio.CancelScope(shield=True):
                await stream.close()

    async def _open(self, prompt: str, question: str, wait: _Wait) -> AsyncStream[ChatCompletionChunk]:
        settings = self._settings
        if self._client is None:
            self._client = AsyncOpenAI(
                base_url=settings.base_url,
                api_key=os.environ.get(settings.key_variable) or "none",
                max_retries=0,
                http_client=bounded_client(settings.timeout_seconds, MOST_BYTES, {}),
            )
        client = self._client

        async def ask() -> AsyncStream[ChatCompletionChunk]:
            return await client.chat.completions.create(
                model=settings.model or "default",
                messages=[{"role": "system", "content": prompt}, {"role": "user", "content": question}],
                temperature=0.3,
                max_tokens=LONGEST_ANSWER_TOKENS,
                stream=True,
            )

        return await self._within(wait, ask)

    async def _piece(self, stream: AsyncStream[ChatCompletionChunk], wait: _Wait) -> str | None:
        """The next piece of text, perhaps empty; None at the end."""

        async def read() -> ChatCompletionChunk | None:
            # a model that sends without pause must not block the event loop
            await anyio.lowlevel.checkpoint()
            return await anext(stream, None)

        chunk = await self._within(wait, read)
        if chunk is None:
            return None
        return (chunk.choices[0].delta.content or "") if chunk.choices else ""

    async def _within(self, wait: _Wait, ask: Callable[[], Awaitable[T]]) -> T:
        """The result of `ask`, within the time left. Raises `EngineError`."""
        began = self._clock.now()
        try:
            with self._clock.timeout(min(self._settings.timeout_seconds, wait.seconds)):
                return await ask()
        except Exception as error:
            # errors of the HTTP client, such as a broken connection, arrive unwrapped
            raise self._lost(error) from error
        finally:
            wait.seconds -= self._clock.now() - began
        raise self._slow(wait)

    def _slow(self, wait: _Wait) -> EngineError:
        what = f"was silent for {self._settings.timeout_seconds:g} s"
        if wait.seconds <= 0:
            what = f"did not end its answer in {ANSWER_SECONDS:g} s"
        return EngineError(f"the language model {what}", where=self._settings.base_url)

    def _lost(self, error: Exception) -> EngineError:
        remedy = f"check writer: base_url, model and the key in {self._settings.key_variable}"
        # the client's error says only that the connection failed; its cause says why
        reason = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        why = excerpt(str(reason or error)) or type(error).__name__
        return EngineError(f"the language model failed: {why}", where=self._settings.base_url, remedy=remedy)
