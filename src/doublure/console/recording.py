"""Serves the shot list as a teleprompter; the room's voice engine speaks its prompts."""

from __future__ import annotations

import io
import socket
import wave
from collections.abc import Callable

import anyio
import numpy as np

from doublure.clock import RealClock
from doublure.console import descriptors
from doublure.console.serve import Server, listen
from doublure.console.teleprompter import make_app
from doublure.cue import Utterance
from doublure.enrol.shotlist import ShotList
from doublure.media import SAMPLE_RATE, Language
from doublure.voice.engine import find_voice
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker

EVERYWHERE = ("0.0.0.0", "::", "[::]")


class Prompts:
    """Speaks prompts and keeps every result in memory; a list has a few dozen."""

    def __init__(self, language: Language, voice: VoiceSettings) -> None:
        made = find_voice(voice.engine)(voice, language)
        self._language = language
        self._speaker = Speaker(made, language)
        self._kept: dict[str, bytes] = {}
        self._lock = anyio.Lock()

    async def speak(self, text: str) -> bytes:
        """A prompt as WAV, 16 bit, mono, 24 kHz. Raises `EngineError`."""
        async with self._lock:
            if text not in self._kept:
                utterance = Utterance(id="", cue="", kind="operator", text=text, language=self._language)
                clauses = [clause.speech.pcm async for clause in self._speaker.speak(utterance)]
                self._kept[text] = _wav(np.concatenate([*clauses, np.zeros(0, np.float32)]))
            return self._kept[text]


def run(shots: ShotList, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. Raises `SettingsError` if the address cannot be used."""
    descriptors.raise_limit()
    # no password, unlike the console: the page has no secrets, and a phone on the same network must open it
    listener = listen(host, port)
    app = make_app(shots, Prompts(shots.language, VoiceSettings()).speak)
    # a browser cannot open the "every address" wildcard
    shown = socket.gethostname() if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    announce(f"the shot list is at http://{shown}:{listener.getsockname()[1]} ; Ctrl-C ends")
    try:
        Server(app, RealClock(), signals=True).run(sockets=[listener])
    finally:
        listener.close()


def _wav(pcm: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(pcm, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
