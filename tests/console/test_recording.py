"""The shot list served by the command: the page holds the printed list, and its prompts are spoken."""

from __future__ import annotations

import html
import io
import json
import re
import signal
import subprocess
import sys
import wave

import anyio
import httpx
import numpy as np
import pytest

from doublure.console.recording import Prompts
from doublure.enrol.shotlist import Permission, load, written
from doublure.media import LANGUAGES, SAMPLE_RATE, Language
from doublure.voice.settings import VoiceSettings

WORDS: dict[Language, tuple[str, ...]] = {
    "zh": ("苹果", "月亮", "火车", "雨伞"),
    "en": ("apple", "moon", "train", "umbrella"),
    "fr": ("pomme", "lune", "train", "parapluie"),
}
PATIENCE_SECONDS = 60.0


def plain(text: str) -> str:
    """The text with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_the_printed_list_until_ctrl_c(language: Language) -> None:
    command = [sys.executable, "-m", "doublure", "shotlist", "--lang", language, "--serve", "--port", "0"]
    options = ["--who", "Anne", "--until", "2027-12-31", "--words", ",".join(WORDS[language])]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", run.stdout.readline())
            assert found, run.stderr.read()
            answer = httpx.get(found[0], timeout=PATIENCE_SECONDS)
        finally:
            run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE_SECONDS) in (0, 130)
        assert "Traceback" not in run.stderr.read()
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    shots = load(language, Permission("Anne", until="2027-12-31", words=WORDS[language]))
    printed = plain(" ".join(written(shots)))
    given = json.loads(re.search(r'<script[^>]*id="given"[^>]*>(.*?)</script>', answer.text, re.DOTALL)[1])  # type: ignore[index]
    served = plain(html.unescape(answer.text) + json.dumps(given, ensure_ascii=False))
    said = [text for shot in shots.shots for text in (shot.title, shot.instruction, *shot.text)]
    advised = [text for one in shots.advice for text in (one.title, one.text)]
    for text in (*said, *advised, *shots.words, shots.silent):
        assert plain(text) in printed
        assert plain(text) in served
    assert [shot["name"] for shot in given["shots"]] == [shot.name for shot in shots.shots]
    assert [shot["seconds"] for shot in given["shots"]] == [shot.seconds for shot in shots.shots]


def test_a_prompt_is_spoken_once_and_kept() -> None:
    prompts = Prompts("en", VoiceSettings(engine="tone"))

    async def twice() -> tuple[bytes, bytes, bytes]:
        return (
            await prompts.speak("Reading 2."),
            await prompts.speak("Reading 2."),
            await prompts.speak("Nod."),
        )

    first, again, other = anyio.run(twice)
    assert first is again
    assert first != other
    with wave.open(io.BytesIO(first)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) > SAMPLE_RATE // 4
    assert np.abs(samples).max() > 1000
