"""JSON API for programs: the same orders and the same view as the page.

An error is `{"what": ..., "where": ..., "remedy": ...}`.
"""

from __future__ import annotations

from fastapi import APIRouter, Path
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from doublure.console.allowance import TooOften
from doublure.console.entries import CommentEntry, LineEntry, PushEntry
from doublure.console.feed import Console
from doublure.console.orders import push_to, status_of, words_of
from doublure.errors import DoublureError, SinkError
from doublure.views import RoomView


class Fault(BaseModel):
    """An error: what is wrong, where, and what to do."""

    what: str
    where: str = ""
    remedy: str = ""


async def tell_fault(request: Request, error: Exception) -> Response:
    """Answer a `DoublureError`, an invalid entry or `TooOften` as JSON."""
    if isinstance(error, DoublureError):
        fault = Fault(what=error.what, where=error.where, remedy=error.remedy)
        return JSONResponse(fault.model_dump(), status_of(error))
    if isinstance(error, TooOften):
        fault = Fault(what="too many orders of this kind", remedy=f"try again in {error.seconds} s")
        return JSONResponse(fault.model_dump(), 429, {"retry-after": str(error.seconds)})
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    return JSONResponse(
        Fault(what=first["msg"], where=where, remedy="see /api/openapi.json").model_dump(), 422
    )


def routes(console: Console) -> APIRouter:
    """The routes under `/api`."""
    router = APIRouter(prefix="/api", tags=["room"])
    room = console.room

    @router.get("/room", summary="The whole room at this moment")
    async def view() -> RoomView:
        return room.view()

    @router.post("/comments", status_code=202, summary="A comment as a viewer's")
    async def comment(request: Request, entry: CommentEntry) -> None:
        await room.comment(entry.author or words_of(request, console)("comment_author_default"), entry.text)

    @router.post("/cut", status_code=202, summary="Stop speaking now")
    async def cut() -> None:
        await room.cut()

    @router.post("/say", status_code=202, summary="Let the host say a line next")
    async def say(entry: LineEntry) -> None:
        console.allowance.take("say")
        await room.say(entry.text)

    @router.post("/skip", status_code=202, summary="Go on to the next product")
    async def skip() -> None:
        console.allowance.take("skip")
        await room.skip()

    @router.post("/wrap", status_code=202, summary="Finish the sentence, say goodbye, leave the air")
    async def wrap() -> Response:
        return Response(status_code=202, background=BackgroundTask(room.wrap))

    @router.post("/sinks", status_code=202, summary="Send the picture to an RTMP address as well")
    async def push(entry: PushEntry) -> None:
        await push_to(console, entry.address)

    @router.delete("/sinks/{name}", status_code=202, summary="Stop an output that was added")
    async def stop_push(name: str = Path(max_length=200)) -> None:
        console.allowance.take("stop_push")
        if name not in {sink.name for sink in room.view().sinks if sink.removable}:
            raise SinkError(
                "there is no removable output with this name", where=name, remedy="see GET /api/room"
            )
        await room.stop_push(name)

    return router
