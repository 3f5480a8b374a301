"""The operator's orders from the page. Each answers with a note that the page shows beside its button.

A form keeps its text unless the order was accepted, so an error loses nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio.lowlevel import checkpoint
from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse

from doublure.console import page
from doublure.console.allowance import Order, TooOften, check_outputs
from doublure.console.entries import CommentEntry, LineEntry, OutputEntry, PushEntry, SkipEntry, explain
from doublure.console.feed import Console
from doublure.console.words import Words, choose
from doublure.errors import ConsentError, DoublureError, SettingsError, SinkError

Entry = TypeVar("Entry", bound=BaseModel)

LANGUAGE_COOKIE = "doublure_language"


def words_of(request: Request, console: Console) -> Words:
    """The words in the operator's language."""
    return choose(request.cookies.get(LANGUAGE_COOKIE), console.room.view().language)


def status_of(error: DoublureError) -> int:
    """The HTTP status for an error."""
    if isinstance(error, ConsentError):
        return 403
    if isinstance(error, SettingsError | SinkError):
        return 422
    return 503


def routes(console: Console) -> APIRouter:
    """The routes under `/orders`."""
    router = APIRouter(prefix="/orders", include_in_schema=False)
    room = console.room

    @router.post("/cut")
    async def cut(request: Request) -> HTMLResponse:
        return await _answer(console, request, "done_cut", room.cut)

    @router.post("/skip")
    async def skip(request: Request) -> HTMLResponse:
        async def order() -> None:
            # the page sends the product it showed, so two operators who press at once skip once
            await room.skip((await _counted(console, request, SkipEntry, "skip")).product)

        return await _answer(console, request, "done_skip", order)

    @router.post("/wrap")
    async def wrap(request: Request) -> HTMLResponse:
        note = await _answer(console, request, "done_wrap", checkpoint)
        if note.status_code == 200:
            # a wrap takes until the goodbye is said, so the note is sent first
            note.background = BackgroundTask(room.wrap)
        return note

    @router.post("/say")
    async def say(request: Request) -> HTMLResponse:
        async def order() -> None:
            await room.say((await _counted(console, request, LineEntry, "say")).text)

        return await _answer(console, request, "done_say", order)

    @router.post("/comment")
    async def comment(request: Request) -> HTMLResponse:
        async def order() -> None:
            written = await _entry(request, CommentEntry)
            await room.comment(
                written.author or words_of(request, console)("comment_author_default"), written.text
            )

        return await _answer(console, request, "done_comment", order)

    @router.post("/push")
    async def push(request: Request) -> HTMLResponse:
        async def order() -> None:
            await push_to(console, (await _entry(request, PushEntry)).address)

        return await _answer(console, request, "done_push", order)

    @router.post("/stop_push")
    async def stop_push(request: Request) -> HTMLResponse:
        async def order() -> None:
            await room.stop_push((await _counted(console, request, OutputEntry, "stop_push")).name)

        return await _answer(console, request, "done_stop_push", order)

    return router


async def push_to(console: Console, address: str) -> None:
    """Add an output. Raises `TooOften`, `SinkError` and `ConsentError`."""
    console.allowance.take("push")
    async with console.pushing:
        check_outputs(console.room.view())
        await console.room.push(address)


async def _answer(
    console: Console, request: Request, done: str, order: Callable[[], Awaitable[None]]
) -> HTMLResponse:
    """Carry out an order and return a note of its result; `done` is the key of the success message."""
    words = words_of(request, console)
    if console.room.view().state == "off":
        return HTMLResponse(page.note(words, fault=words("room_over")), 409)
    try:
        await order()
    except ValidationError as error:
        return HTMLResponse(page.note(words, fault=explain(error, words)), 422)
    except TooOften as error:
        fault = words("orders_often", seconds=error.seconds)
        return HTMLResponse(page.note(words, fault=fault), 429, {"retry-after": str(error.seconds)})
    except DoublureError as error:
        fault = f"{error.where}: {error.what}" if error.where else error.what
        return HTMLResponse(page.note(words, fault=fault, remedy=error.remedy), status_of(error))
    return HTMLResponse(page.note(words, done=words(done)))


async def _counted(console: Console, request: Request, kind: type[Entry], order: Order) -> Entry:
    """The entry of a rate-limited order; an invalid entry does not count. Raises `TooOften`."""
    entry = await _entry(request, kind)
    console.allowance.take(order)
    return entry


async def _entry(request: Request, kind: type[Entry]) -> Entry:
    async with request.form(max_files=0, max_fields=10) as form:
        return kind.model_validate(dict(form.items()))
