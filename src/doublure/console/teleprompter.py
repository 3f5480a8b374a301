"""The shot list as a page beside the camera: teleprompter, timers and spoken prompts. It also writes the
marks, which say where each shot lies in the recording."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from math import ceil

from fastapi import FastAPI, Request
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from doublure.console.access import SECURITY_HEADERS
from doublure.console.page import environment
from doublure.console.words import Words, phrases
from doublure.enrol.shotlist import RATES, Shot, ShotList, clock, typeset
from doublure.errors import DoublureError

PHRASES = "teleprompter.yaml"
"""The page's own texts; its script fills in the {braces}."""
COUNT_SECONDS = 5.0
"""From the end of a prompt to the start of its shot: a short pause and 3-2-1."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A shot, as JSON for the page's script."""

    kind: str
    name: str
    title: str
    instruction: str
    seconds: float
    text: tuple[str, ...]
    picture: str
    """Address of an example picture; "" if there is none."""


def make_app(shots: ShotList, prompt: Callable[[str], Awaitable[bytes]]) -> FastAPI:
    """The page of a shot list. `prompt` speaks a text and returns it as WAV. If it raises a
    `DoublureError`, the page goes on without a voice."""
    app = FastAPI(title="Doublure", docs_url=None, redoc_url=None, openapi_url=None)
    html = _page(shots)
    named = {shot.name: shot for shot in shots.shots}

    @app.middleware("http")
    async def send_safely(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        response.headers.update(SECURITY_HEADERS)
        # browsers may cache shipped files but must revalidate them, because an upgrade changes them
        shipped = request.url.path.startswith(("/static/", "/fonts/"))
        response.headers.setdefault("cache-control", "no-cache" if shipped else "no-store")
        return response

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(html)

    @app.get("/prompt/{name}.wav")
    async def spoken(name: str) -> Response:
        shot = named.get(name)
        if shot is None:
            return PlainTextResponse("There is no such shot.", 404)
        try:
            return Response(await prompt(_announcement(shot)), media_type="audio/wav")
        except DoublureError as error:
            return PlainTextResponse(str(error), 503)

    app.mount("/static", StaticFiles(packages=[("doublure.console", "static")]))
    app.mount("/fonts", StaticFiles(packages=[("doublure.picture", "fonts")]))
    return app


def _page(shots: ShotList) -> str:
    templates = environment()
    templates.filters["typeset"] = typeset
    shown = [asdict(_shown(shot)) for shot in shots.shots]
    said = phrases(PHRASES, shots.language)
    given = {
        "language": shots.language,
        "words": shots.words,
        "silent": typeset(shots.silent),
        "shots": shown,
        "phrases": said,
        "reading": RATES[shots.language],
    }
    # progress that the page stored for another list must not be taken for this one's
    key = hashlib.sha256(json.dumps([shots.language, shots.words, shown]).encode()).hexdigest()[:16]
    return templates.get_template("teleprompter.html").render(
        t=Words(shots.language),  # the frame template needs the language
        list=shots,
        p=said,
        given={**given, "key": key},
        recording=clock(shots.seconds),
        minutes=ceil(_whole_seconds(shots) / 60),
    )


def _shown(shot: Shot) -> _Shown:
    return _Shown(
        kind=shot.kind,
        name=shot.name,
        title=typeset(shot.title),
        instruction=typeset(shot.instruction),
        seconds=shot.seconds,
        text=tuple(typeset(sentence) for sentence in shot.text),
        picture=_picture(shot.gesture or shot.kind),
    )


def _picture(name: str) -> str:
    """Address of the picture, or "": the page would show a broken image for one that is not shipped."""
    there = files(__package__).joinpath("static", "gestures", f"{name}.jpg").is_file()
    return f"/static/gestures/{name}.jpg" if there else ""


def _announcement(shot: Shot) -> str:
    return shot.announcement or f"{shot.title}. {shot.instruction}"


def _whole_seconds(shots: ShotList) -> float:
    """Length of the recording with its announcements and count-ins."""
    spoken = sum(len(_announcement(shot)) for shot in shots.shots) / RATES[shots.language]
    return shots.seconds + spoken + COUNT_SECONDS * len(shots.shots)
