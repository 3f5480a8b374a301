from __future__ import annotations

import io
import json
import re
import string
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from doublure.console import teleprompter, words
from doublure.console.serve import listen
from doublure.enrol.shotlist import Advice, Marks, Shot, ShotList, load, read_marks
from doublure.errors import EngineError
from doublure.media import LANGUAGES, SAMPLE_RATE, Language
from tests.console.test_page import ARGUMENTS, CHROMIUM, FAINT, PATIENCE_MS

SHOTS = ShotList(
    language="en",
    advice=(
        Advice("Light", "Two soft lights."),
        Advice("<b>Sound</b>", "</script><script>alert(1)</script>"),
    ),
    shots=(
        Shot("idle", "idle", "Listening", "Look into the lens.", 1.0),
        Shot("talk", "talk_1", "Reading", "Read aloud.", 3.0, ("One sentence.", "And <i>another</i> one.")),
        Shot("gesture", "greet_1", "Greet", "Wave & smile.", 1.0, gesture="greet", announcement="Greet now."),
        Shot("consent", "consent", "Consent", "Word for word.", 1.0, ("I agree.",)),
    ),
    words=("apple", "moon", "train", "umbrella"),
    silent="Say nothing.",
)


STOPPED = 60.0
"""Time at which the page's clock is stopped, s: later than its time once a page is loaded."""


def silence(seconds: float = 0.1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(bytes(2 * int(seconds * SAMPLE_RATE)))
    return buffer.getvalue()


@dataclass
class Prompter:
    """The page's address, and the prompts it requested."""

    url: str
    said: list[str] = field(default_factory=list)
    mute: bool = False

    async def speak(self, text: str) -> bytes:
        if self.mute:
            raise EngineError("the voice is broken")
        self.said.append(text)
        return silence()


@contextmanager
def served(shots: ShotList) -> Iterator[Prompter]:
    listener = listen("127.0.0.1", 0)
    prompter = Prompter(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app = teleprompter.make_app(shots, prompter.speak)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield prompter
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def prompter() -> Iterator[Prompter]:
    with served(SHOTS) as prompter:
        yield prompter


@pytest.fixture
def client(prompter: Prompter) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=prompter.url, timeout=10) as client:
        yield client


# ---- without a browser


def test_the_page_is_whole_and_nothing_in_it_is_markup(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "&lt;b&gt;Sound" in page.text
    assert "alert(1)</script>" not in page.text
    assert "another</i>" not in page.text
    given = re.search(r'<script id="given" type="application/json">(.*?)</script>', page.text, re.DOTALL)
    assert given is not None
    shown = json.loads(given[1])
    assert [shot["name"] for shot in shown["shots"]] == ["idle", "talk_1", "greet_1", "consent"]
    assert shown["shots"][1]["text"] == ["One sentence.", "And <i>another</i> one."]
    for asked in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert asked.startswith("/")
        assert client.get(asked).status_code == 200, asked


def test_headers_keep_strangers_out(client: httpx.Client) -> None:
    for path in ("/", "/static/teleprompter.js", "/prompt/idle.wav", "/prompt/nobody.wav"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] in ("no-store", "no-cache")


def test_a_prompt_says_what_is_announced(client: httpx.Client, prompter: Prompter) -> None:
    sound = client.get("/prompt/idle.wav")
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.content == silence()
    client.get("/prompt/greet_1.wav")
    assert prompter.said == ["Listening. Look into the lens.", "Greet now."]
    assert client.get("/prompt/nobody.wav").status_code == 404
    prompter.mute = True
    broken = client.get("/prompt/idle.wav")
    assert broken.status_code == 503
    assert "the voice is broken" in broken.text


def test_a_picture_is_asked_for_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "static" / "gestures").mkdir(parents=True)
    (tmp_path / "static" / "gestures" / "greet.jpg").write_bytes(b"")
    monkeypatch.setattr(teleprompter, "files", lambda package: tmp_path)
    shown = [teleprompter._shown(shot).picture for shot in SHOTS.shots]
    assert shown == ["", "", "/static/gestures/greet.jpg", ""]


def test_every_phrase_is_whole_and_used() -> None:
    told = {language: words.phrases(teleprompter.PHRASES, language) for language in LANGUAGES}
    console = files("doublure.console")
    text = (console / "templates/teleprompter.html").read_text() + (
        console / "static/teleprompter.js"
    ).read_text()
    for key in told["en"]:
        blanks = {
            tuple(sorted(name for _, name, _, _ in string.Formatter().parse(told[language][key]) if name))
            for language in LANGUAGES
        }
        assert all(told[language][key].strip() for language in LANGUAGES), key
        assert len(blanks) == 1, key
        assert re.search(rf"\b(p|phrases)\.{key}\b", text), f"{key} is not used"


# ---- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, url: str, *, phone: bool = False, stopped: bool = True) -> Iterator[Page]:
    """The page, with a clock that the test moves if `stopped`; fails if the page logs an error.

    Only the test moves a stopped clock, but Playwright's stopped clock is wrong after a reload. A running
    one stays right.
    """
    width, height = (390, 844) if phone else (1366, 768)
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone
    )
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
    page.on(
        "request",
        lambda asked: complaints.append(asked.url) if not asked.url.startswith(("blob:", url)) else None,
    )
    page.clock.install(time=0 if stopped else None)
    page.goto(url)
    if stopped:
        page.clock.pause_at(STOPPED)
    yield page
    context.close()
    assert complaints == []


def screen(page: Page) -> str:
    return str(page.evaluate("document.body.dataset.screen"))


def pass_until(page: Page, true: Callable[[], object], *, step_ms: int = 240) -> None:
    """Let the page's time pass until `true` holds."""
    end = monotonic() + PATIENCE_MS / 1000
    while not true():
        assert monotonic() < end, f"did not come about; the page shows {screen(page)}"
        page.clock.run_for(step_ms)
        sleep(0.01)  # fetching and decoding take real time


def at(page: Page, shown: str, title: str = "") -> Callable[[], bool]:
    heading = page.locator("#shot-title")
    return lambda: screen(page) == shown and (not title or heading.text_content() == title)


def begin(page: Page) -> None:
    page.click("#begin")
    expect(page.locator("#rolling")).to_be_visible()
    page.click("#rolling")
    pass_until(page, at(page, "count"))


def downloaded(page: Page, folder: Path) -> Marks:
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "doublure-marks.json"
    file = folder / "marks.json"
    download.value.save_as(file)
    return read_marks(file)


def overflow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_host_goes_through_the_whole_list(browser: Browser, prompter: Prompter, tmp_path: Path) -> None:
    with looking(browser, prompter.url) as page:
        assert page.locator(".words li").all_text_contents() == list(SHOTS.words)
        page.keyboard.press("Space")
        assert screen(page) == "sync"
        page.keyboard.press("Space")
        pass_until(page, lambda: page.locator("#flash.white").count())
        for shot in SHOTS.shots:
            pass_until(page, at(page, "count", shot.title))
            pass_until(page, at(page, "shot", shot.title))
            assert page.locator("#read").is_visible() == bool(shot.text)
            assert page.locator("#hold").is_visible() != bool(shot.text)
        pass_until(page, at(page, "end"))
        expect(page.locator("#end-title")).to_have_text("Everything is recorded")
        marks = downloaded(page, tmp_path)
        page.click("[data-redo=greet_1]")
        pass_until(page, at(page, "shot", "Greet"))
        pass_until(page, at(page, "end"))
        again = downloaded(page, tmp_path)
    assert [text.partition(".")[0] for text in prompter.said] == [
        "Listening",
        "Reading",
        "Greet now",
        "Consent",
    ]
    assert (marks.language, marks.words) == ("en", SHOTS.words)
    assert [mark.name for mark in marks.shots] == [shot.name for shot in SHOTS.shots]
    end = 3.0
    for mark, shot in zip(marks.shots, SHOTS.shots, strict=True):
        assert mark.start >= end  # at least a count-in after the previous shot
        assert mark.end - mark.start == pytest.approx(shot.seconds + (1.5 if shot.text else 0.0), abs=0.1)
        assert (mark.kind, mark.redone, mark.pauses) == (shot.kind, 0, ())
        end = mark.end + 3.0
    assert [mark for mark in again.shots if mark.name != "greet_1"] == [
        mark for mark in marks.shots if mark.name != "greet_1"
    ]
    assert again.shots[2].redone == 1
    assert again.shots[2].start > marks.shots[3].end


def test_pause_again_skip_and_done(browser: Browser, prompter: Prompter, tmp_path: Path) -> None:
    with looking(browser, prompter.url) as page:
        begin(page)
        page.keyboard.press("ArrowRight")  # skips the first
        pass_until(page, at(page, "shot", "Reading"))
        page.clock.run_for(500)
        expect(page.locator("#next")).to_have_text("Skip")
        page.keyboard.press("ArrowLeft")  # once more
        pass_until(page, at(page, "count", "Reading"))
        pass_until(page, at(page, "shot", "Reading"))
        page.clock.run_for(1000)
        page.keyboard.press("Space")
        expect(page.locator("#paused")).to_be_visible()
        stood = page.locator("#text").get_attribute("style")
        page.clock.run_for(5000)
        assert page.locator("#text").get_attribute("style") == stood
        page.keyboard.press("Space")
        pass_until(page, lambda: page.locator("#paused").is_hidden())  # after a countdown
        pass_until(page, lambda: page.locator("#next").text_content() == "Done", step_ms=50)
        page.keyboard.press("ArrowRight")
        pass_until(page, at(page, "count", "Greet"))
        page.click("#toggle")  # holds the count-in
        page.clock.run_for(9000)
        assert screen(page) == "count"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        pass_until(page, at(page, "end"))
        expect(page.locator("#end-title")).to_have_text("3 of 4 shots are missing")
        (mark,) = downloaded(page, tmp_path).shots
    assert (mark.name, mark.redone) == ("talk_1", 1)
    (pause,) = mark.pauses
    assert pause.start - mark.start == pytest.approx(1.0, abs=0.2)
    assert pause.end - pause.start == pytest.approx(8.0, abs=0.3)
    assert mark.end - pause.end == pytest.approx(0.5, abs=0.3)


def test_speed_mirror_and_scrolling_by_hand(browser: Browser, prompter: Prompter) -> None:
    long = replace(SHOTS, shots=(replace(SHOTS.shots[1], seconds=60.0, text=("A sentence to read.",) * 20),))
    with served(long) as slow, looking(browser, slow.url) as page:
        begin(page)
        pass_until(page, at(page, "shot"))
        page.clock.run_for(1000)
        expect(page.locator("#text .lit")).to_have_count(1)
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('#text')).fontSize)") >= 40
        page.keyboard.press("m")
        box = page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('#glass')).transform).a")
        assert box == -1
        assert page.locator("#mirror").get_attribute("aria-pressed") == "true"
        page.click("#mirror")
        assert page.locator("#glass.mirrored").count() == 0
        page.keyboard.press("+")
        expect(page.locator("#speed")).to_have_text("1.1×")
        page.click("#slower")
        page.click("#slower")
        expect(page.locator("#speed")).to_have_text("0.9×")
        lit = "[...document.querySelectorAll('#text p')].findIndex((line) => line.className === 'lit')"
        assert page.evaluate(lit) == 0
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 600)
        pass_until(page, lambda: page.evaluate(lit) >= 4)
        page.mouse.down()
        page.mouse.move(600, 700, steps=3)
        page.mouse.up()
        assert page.evaluate(lit) < 4


def test_a_broken_voice_does_not_stop_the_host(browser: Browser, prompter: Prompter) -> None:
    prompter.mute = True
    with looking(browser, prompter.url) as page:
        begin(page)
        pass_until(page, page.locator("#count-note").is_visible)
        pass_until(page, at(page, "shot", "Listening"))
        prompter.mute = False
        pass_until(page, at(page, "shot", "Reading"))
        assert page.locator("#count-note").get_attribute("hidden") == ""


def test_a_reload_loses_nothing(browser: Browser, prompter: Prompter, tmp_path: Path) -> None:
    with looking(browser, prompter.url, stopped=False) as page:
        page.check(".advice input >> nth=1")
        begin(page)
        pass_until(page, at(page, "shot", "Reading"))
        page.keyboard.press("m")
        page.reload()
        expect(page.locator("#resume")).to_be_visible()
        assert page.locator("#glass.mirrored").count() == 1
        page.clock.run_for(9000)
        assert screen(page) == "count"
        page.click("#resume-button")
        pass_until(page, at(page, "shot", "Reading"))
        pass_until(page, at(page, "count", "Greet"))
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        pass_until(page, at(page, "end"))
        marks = downloaded(page, tmp_path)
        page.click("#start-over")
        page.click("#ask button[value=yes]")
        expect(page.locator("#prepare")).to_be_visible()
        assert page.is_checked(".advice input >> nth=1")
        page.reload()
        expect(page.locator("#prepare")).to_be_visible()
    assert [(mark.name, mark.redone) for mark in marks.shots] == [("idle", 0), ("talk_1", 1)]
    assert marks.shots[1].start > marks.shots[0].end


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_shows_every_screen_whole(browser: Browser, language: Language) -> None:
    small = """() => [...document.querySelectorAll('button, label')]
        .filter((e) => e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.outerHTML)"""
    tiny = """() => [...document.querySelectorAll('body *')].filter((e) => e.offsetParent &&
        [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) &&
        parseFloat(getComputedStyle(e).fontSize) < 16).map((e) => e.outerHTML)"""

    def whole(page: Page) -> None:
        assert not overflow(page)
        assert page.evaluate(small) == []
        assert page.evaluate(tiny) == []
        assert page.evaluate(FAINT) == []

    with served(load(language)) as prompter, looking(browser, prompter.url, phone=True) as page:
        assert page.get_attribute("html", "lang") == {"zh": "zh-Hans"}.get(language, language)
        whole(page)
        page.tap("#begin")
        whole(page)
        page.tap("#rolling")
        pass_until(page, at(page, "count"))
        whole(page)
        pass_until(page, at(page, "shot"), step_ms=1000)
        whole(page)
        page.tap("#next")
        pass_until(page, at(page, "shot"), step_ms=1000)
        assert page.locator("#read").is_visible()
        whole(page)
        page.tap("#toggle")
        whole(page)
        page.evaluate(
            "for (const shot of document.querySelectorAll('#strip i')) document.querySelector('#next').click()"
        )
        assert screen(page) == "end"
        whole(page)
