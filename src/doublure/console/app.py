"""The console as an ASGI app: the operator's page, its orders, the picture, and the API."""

from __future__ import annotations

import anyio
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from doublure import __version__
from doublure.clock import Clock, RealClock
from doublure.console import api, orders, page
from doublure.console.access import (
    COOKIE,
    LOGIN_SECONDS,
    Access,
    Guard,
    client_address,
    login_cookie,
    scheme_of,
)
from doublure.console.allowance import Allowance, TooOften
from doublure.console.feed import Console, Events, Picture
from doublure.console.orders import LANGUAGE_COOKIE, words_of
from doublure.errors import DoublureError
from doublure.media import LANGUAGES
from doublure.show.room import Room

LANGUAGE_SECONDS = 365 * 24 * 3600


def make_app(
    room: Room, password: str | None = None, *, closing: anyio.Event | None = None, clock: Clock | None = None
) -> FastAPI:
    """The console of a room. Without a password it answers on loopback names only.
    `closing` ends the streams while the show goes on."""
    clock = clock or RealClock()
    access = Access(password, clock)
    console = Console(room, closing or anyio.Event(), access.logged_out, Allowance(clock))
    app = FastAPI(
        title="Doublure", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.add_middleware(Guard, access=access, local=room.local)
    for fault in (DoublureError, RequestValidationError, TooOften):
        app.add_exception_handler(fault, api.tell_fault)
    app.include_router(orders.routes(console))
    app.include_router(api.routes(console))
    _add_pages(app, console, access)
    _add_login(app, console, access)
    app.mount("/static", StaticFiles(packages=[("doublure.console", "static")]))
    # the picture's font, for machines without a Chinese one
    app.mount("/fonts", StaticFiles(packages=[("doublure.picture", "fonts")]))
    return app


def _add_pages(app: FastAPI, console: Console, access: Access) -> None:
    room = console.room

    @app.get("/", include_in_schema=False)
    async def control_room(request: Request) -> HTMLResponse:
        return HTMLResponse(page.whole(room.view(), words_of(request, console), protected=access.protected))

    @app.get("/events", include_in_schema=False)
    async def events(request: Request) -> Response:
        return Events(console, words_of(request, console))

    @app.get("/live.flv", include_in_schema=False)
    async def picture() -> Response:
        return Picture(console)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        state = room.view().state
        return JSONResponse({"state": state}, 503 if state == "off" else 200)

    @app.get("/language/{language}", include_in_schema=False)
    async def choose_language(language: str) -> Response:
        answer = RedirectResponse("/", 303)
        if language in LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE, language, max_age=LANGUAGE_SECONDS, httponly=True, samesite="strict"
            )
        return answer


def _add_login(app: FastAPI, console: Console, access: Access) -> None:
    @app.get("/login", include_in_schema=False)
    async def ask(request: Request) -> Response:
        if not access.protected or access.logged_in(login_cookie(request.scope)):
            return RedirectResponse("/", 303)
        return HTMLResponse(page.login(words_of(request, console)))

    @app.post("/login", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        words = words_of(request, console)
        address = client_address(request.scope)
        async with request.form(max_files=0, max_fields=3) as form:
            given = form.get("password")
        if isinstance(given, str) and access.right(address, given):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(
                COOKIE,
                access.login(),
                max_age=LOGIN_SECONDS,
                httponly=True,
                samesite="strict",
                secure=scheme_of(request.scope) == "https",
            )
            return answer
        if wait := access.locked_seconds(address):
            headers = {"retry-after": str(wait)}
            return HTMLResponse(page.login(words, words("wrong_often", seconds=wait)), 429, headers)
        return HTMLResponse(page.login(words, words("wrong_password")), 403)

    @app.post("/logout", include_in_schema=False)
    async def log_out(request: Request) -> Response:
        access.log_out(login_cookie(request.scope))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer
