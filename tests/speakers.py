"""A real speech server for tests: serves every protocol with the tone voice, with or without faults."""

from __future__ import annotations

import base64
import gzip
import io
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import av
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile

from doublure.media import SAMPLE_RATE, Pcm
from doublure.voice.engines.tone import make
from doublure.voice.settings import VoiceSettings

TYPES = {
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "opus": "audio/ogg",
}
PIECE = SAMPLE_RATE // 10 * 2
"""Bytes sent at once: 100 ms of PCM."""


@dataclass
class Stage:
    """The server's behaviour, and the requests it received."""

    mode: str = "good"
    hertz: int = SAMPLE_RATE
    asked: list[dict[str, object]] = field(default_factory=list)
    complained: int = 0
    """Pieces of an endless error text that the client read, 80 kB each."""


STAGE = Stage()


async def toned(text: str, speed: float = 0.9) -> Pcm:
    """The tone voice, slightly slower than the embedded one of the tests."""
    voice = make(VoiceSettings(engine="tone", speed=speed), "en")
    return np.concatenate([piece.pcm async for piece in voice.speak(text, "en")])


def encoded(pcm: Pcm, kind: str, hertz: int = SAMPLE_RATE) -> bytes:
    """Sound as a file of that kind; raw 16 bit samples for pcm."""
    if hertz != SAMPLE_RATE:
        places = np.arange(int(len(pcm) * hertz / SAMPLE_RATE)) * SAMPLE_RATE / hertz
        pcm = np.interp(places, np.arange(len(pcm)), pcm).astype(np.float32)
    if kind == "pcm":
        return (np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes()
    file = io.BytesIO()
    codec = {"wav": "pcm_s16le", "float": "pcm_f32le", "mp3": "mp3", "flac": "flac", "opus": "libopus"}[kind]
    container = {"float": "wav", "opus": "ogg"}.get(kind, kind)
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=48000 if kind == "opus" else hertz, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None], np.float32), "flt", "mono")
        frame.sample_rate = hertz
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=stream.rate,
                                      frame_size=stream.codec_context.frame_size or 0)  # fmt: skip
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


async def sent(raw: bytes, mode: str) -> AsyncIterator[bytes]:
    half = len(raw) // 2
    for at in range(0, len(raw), PIECE):
        if at >= half and mode == "dies":
            raise ConnectionResetError
        if at >= half and mode == "stalls":
            await anyio.sleep(30)
        if at >= half and mode == "half":
            return
        # an odd number of bytes, so that a sample may be split between two pieces
        yield raw[at : at + PIECE - 1]
        yield raw[at + PIECE - 1 : at + PIECE]
        await anyio.sleep(0.001)


async def complaint() -> AsyncIterator[bytes]:
    """An error whose text is practically endless."""
    STAGE.complained = 0
    for _ in range(300):
        yield b"no\r\nway " * 10_000
        STAGE.complained += 1
        await anyio.lowlevel.checkpoint()


async def answer(text: str, kind: str, speed: float = 0.9) -> Response:
    mode = STAGE.mode
    if mode == "silent":
        await anyio.sleep(30)
    if mode == "refused":
        return JSONResponse({"error": {"message": "bad key"}}, 401)
    if mode == "complains":
        return StreamingResponse(complaint(), 500, media_type="text/plain")
    if mode == "packed":
        return Response(gzip.compress(bytes(50_000_000)), headers={"content-encoding": "gzip"})
    if mode == "moved":
        return RedirectResponse("/v1/elsewhere", 307)
    if mode == "html":
        return HTMLResponse("<html><body>It works!</body></html>")
    if mode == "empty":
        return Response(b"", media_type=TYPES[kind])
    pcm = await toned(text, speed)
    if mode == "silence":
        pcm = np.zeros(SAMPLE_RATE * 3, np.float32)
    elif mode == "noise":
        pcm = np.random.default_rng(1).uniform(-1, 1, SAMPLE_RATE).astype(np.float32)
    elif mode == "rambles":
        pcm = np.tile(pcm, 12)
    elif mode == "nan":
        return Response(encoded(pcm * np.float32("nan"), "float"), media_type="audio/wav")
    raw = encoded(pcm, kind, STAGE.hertz)
    return StreamingResponse(sent(raw, mode), media_type=TYPES[kind])


app = FastAPI()


@app.post("/v1/audio/speech")
async def openai(request: Request) -> Response:
    body = await request.json()
    STAGE.asked.append(body | {"key": request.headers.get("authorization", "")})
    return await answer(body["input"], body["response_format"], 0.9 * body["speed"])


@app.post("/{path}")
async def cosyvoice(request: Request, path: str) -> Response:
    if path == "inference_zero_shot" or path == "inference_cross_lingual":
        async with request.form() as form:
            clip = form["prompt_wav"]
            assert isinstance(clip, UploadFile)
            asked = {name: value for name, value in form.items() if isinstance(value, str)}
            STAGE.asked.append(asked | {"path": path, "clip": await clip.read()})
        response = await answer(str(asked["tts_text"]), "pcm")
        del response.headers["content-type"]  # as that server does
        return response
    body = json.loads(await request.body())
    STAGE.asked.append(body | {"path": path})
    if path == "tts_url":
        return Response(encoded(await toned(body["text"]), "wav", 22050), media_type="audio/wav")
    assert path == "tts"
    return await answer(body["text"], "wav")


@app.post("/v1/tts")
async def fish(request: Request) -> Response:
    body = await request.json()
    [reference] = body["references"]
    clip = base64.b64decode(reference.pop("audio"), validate=True)
    STAGE.asked.append(body | {"path": "v1/tts", "clip": clip})
    return await answer(body["text"], "wav")


def served(
    work: Callable[[str], Awaitable[None]],
    mode: str = "good",
    hertz: int = SAMPLE_RATE,
    seconds: float = 60.0,
) -> None:
    """Run `work` with the address of a server in this mode."""
    STAGE.mode, STAGE.hertz = mode, hertz
    STAGE.asked.clear()

    async def run() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            try:
                with anyio.fail_after(seconds):
                    await work(f"http://127.0.0.1:{listener.getsockname()[1]}")
            finally:
                server.should_exit = True

    anyio.run(run)
