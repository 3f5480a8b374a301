from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import anyio
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from doublure.console.serve import reserve, serve
from tests.places import Place, closed_port, put_on_air
from tests.rooms import small_room

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
SHOWN = """() => {
  const video = document.getElementById("picture");
  return {
    time: video.currentTime, width: video.videoWidth, height: video.videoHeight, muted: video.muted,
    frames: video.getVideoPlaybackQuality().totalVideoFrames, sound: video.webkitAudioDecodedByteCount,
    behind: parseFloat(document.getElementById("behind").dataset.seconds),
  };
}"""
# contrast ratio (WCAG 2.2) of every visible text to its background
FAINT = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !e.offsetHeight || e.closest(":disabled")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${walk.currentNode.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@dataclass
class Seen:
    """A page, and the complaints of its browser."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = small_room(tmp_path_factory.mktemp("room"))
    picture = settings.picture.model_copy(
        update={"width_pixels": 720, "height_pixels": 1280, "video_kbps": 2000, "preset": "ultrafast"}
    )
    with put_on_air(settings.model_copy(update={"picture": picture})) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def look(browser: Browser, url: str, *, width: int = 1440, height: int = 900, phone: bool = False) -> Seen:
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone
    )
    context.set_default_timeout(PATIENCE_MS)
    seen = Seen(context.new_page())
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on(
        "console",
        lambda line: seen.complaints.append(line.text) if "Content Security Policy" in line.text else None,
    )
    seen.page.goto(url)
    return seen


def until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression holds. `wait_for_function` needs `eval`, which the page's policy
    forbids."""
    end = monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(condition):
        assert monotonic() < end, f"did not come about: {condition}: {page.evaluate(SHOWN)}"
        page.wait_for_timeout(50)


@pytest.fixture
def page(browser: Browser, place: Place) -> Iterator[Page]:
    seen = look(browser, place.url)
    yield seen.page
    seen.page.context.close()
    assert seen.complaints == []


def test_the_picture_plays_with_sound_close_to_air(page: Page) -> None:
    until(page, "document.getElementById('picture').currentTime > 1")
    before = page.evaluate(SHOWN)
    page.wait_for_timeout(2000)
    after = page.evaluate(SHOWN)
    assert (after["width"], after["height"]) == (720, 1280)
    assert after["time"] - before["time"] > 1
    assert after["frames"] - before["frames"] > 20
    assert after["sound"] > before["sound"] > 0
    until(page, "parseFloat(document.getElementById('behind').dataset.seconds) < 2")
    expect(page.locator("#behind")).to_contain_text("s behind")


def test_the_sound_is_off_until_asked_for(page: Page) -> None:
    until(page, "document.getElementById('picture').currentTime > 0.2")
    assert page.evaluate(SHOWN)["muted"]
    sound = page.get_by_role("button", name="Sound on")
    sound.click()
    assert not page.evaluate(SHOWN)["muted"]
    page.get_by_role("button", name="Sound off").click()
    assert page.evaluate(SHOWN)["muted"]


def test_a_typed_question_shows_up_with_its_answer(page: Page) -> None:
    page.fill("#comment-author", "Mei <b>")
    page.fill("#comment-text", "How much is the cup?")
    page.press("#comment-text", "Enter")
    expect(page.locator("#comment-text")).to_have_value("")
    comment = page.locator("#comments li", has_text="Mei <b>")
    expect(comment).to_contain_text("How much is the cup?", timeout=PATIENCE_MS)
    expect(comment.locator(".fate")).to_have_text("Answered", timeout=2 * PATIENCE_MS)
    expect(comment.locator(".answer")).to_contain_text("19.9", timeout=PATIENCE_MS)
    # the name stays for the next one
    expect(page.locator("#comment-author")).to_have_value("Mei <b>")


def test_what_the_catalogue_does_not_know_is_handed_to_the_operator(page: Page) -> None:
    page.fill("#comment-text", "Does the cup play music?")
    page.press("#comment-text", "Enter")
    question = page.locator("#unknown li", has_text="music")
    expect(question).to_be_visible(timeout=2 * PATIENCE_MS)
    question.get_by_role("button").click()
    expect(page.locator("#say-text")).to_be_focused()
    expect(page.locator("label[for=say-text]")).to_have_text("Answer to: Does the cup play music?")
    page.keyboard.type("No, it is a quiet cup.")
    page.keyboard.press("Enter")
    expect(page.locator("#say-note")).to_contain_text("says it next")
    expect(page.locator("#said")).to_contain_text("quiet cup", timeout=PATIENCE_MS)
    expect(page.locator("label[for=say-text]")).to_contain_text("word for word")


def test_the_operator_cuts_and_skips(place: Place, page: Page) -> None:
    place.until(lambda view: view.now and view.now.kind == "script")
    page.get_by_role("button", name="Cut").click()
    expect(page.locator("#controls-note")).to_contain_text("Cut.")
    product = page.locator("#now .product b")
    before = product.inner_text()
    page.get_by_role("button", name="Skip product").click()
    expect(product).not_to_have_text(before, timeout=PATIENCE_MS)


def test_esc_cuts_when_it_is_held_and_not_when_it_is_tapped(page: Page) -> None:
    orders = []
    page.on("request", lambda request: orders.append(request.url) if "/orders/" in request.url else None)
    page.focus("#comment-text")
    page.keyboard.press("Escape")
    page.wait_for_timeout(700)
    assert orders == []
    page.keyboard.down("Escape")
    expect(page.locator("#cut")).to_have_class("button stop held")
    expect(page.locator("#controls-note")).to_contain_text("Cut.")
    page.keyboard.up("Escape")
    assert len(orders) == 1


def test_a_wrong_output_is_told_and_what_was_typed_stays(page: Page) -> None:
    page.fill("#push-url", "rtmp://127.0.0.1")
    page.fill("#push-key", "")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#push-note .bad")).to_contain_text("RTMP address")
    expect(page.locator("#push-url")).to_have_value("rtmp://127.0.0.1")
    assert page.get_attribute("#push-key", "type") == "password"


def test_an_output_that_is_refused_shows_its_fault_and_can_be_removed(page: Page) -> None:
    page.fill("#push-url", f"rtmp://127.0.0.1:{closed_port()}/live")
    page.fill("#push-key", "s3cret")
    page.get_by_role("button", name="Start").click()
    output = page.locator("#outputs li")
    expect(output.locator(".fault")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#push-key")).to_have_value("")
    assert "s3cret" not in page.content()
    output.get_by_role("button").click()
    page.get_by_role("button", name="Cancel").click()
    expect(output).to_be_visible()
    output.get_by_role("button").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(output).to_have_count(0, timeout=PATIENCE_MS)


def test_the_page_moves_without_being_loaded_again(page: Page) -> None:
    page.evaluate("window.kept = true")
    clock = page.locator("#clock").inner_text()
    expect(page.locator("#clock")).not_to_have_text(clock)
    said = page.locator("#said li").first.inner_text()
    expect(page.locator("#said li").first).not_to_have_text(said, timeout=PATIENCE_MS)
    # the operator's text and cursor survive the updates
    page.fill("#say-text", "half a sen")
    page.wait_for_timeout(1200)
    expect(page.locator("#say-text")).to_be_focused()
    expect(page.locator("#say-text")).to_have_value("half a sen")
    assert page.evaluate("window.kept")


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
@pytest.mark.parametrize("phone", [False, True])
def test_it_fits_and_is_legible(browser: Browser, place: Place, language: str, phone: bool) -> None:
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    seen = look(browser, f"{place.url}/language/{language}", **size, phone=phone)
    page = seen.page
    assert (page.get_attribute("html", "lang", timeout=PATIENCE_MS) or "").startswith(language)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if not phone:
        assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]
    # cut, skip and wrap are visible and within reach of the thumb without scrolling
    for name in ("cut", "skip", "wrap"):
        box = page.locator(f"#{name}").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= size["height"]
    assert page.evaluate(FAINT) == []
    unnamed = (
        "e => e.filter(x => x.type !== 'hidden' && !x.labels.length && !x.ariaLabel).map(x => x.outerHTML)"
    )
    assert page.eval_on_selector_all("input, textarea", unnamed) == []
    page.context.close()
    assert seen.complaints == []


def test_it_says_when_the_room_cannot_be_reached_and_comes_back(browser: Browser, place: Place) -> None:
    async def serve_on(port: int) -> anyio.CancelScope:
        scope = anyio.CancelScope()
        listener = reserve("127.0.0.1", port, None)

        async def run() -> None:
            with scope:
                await serve(place.room, "127.0.0.1", port, listener=listener)

        group.start_soon(run)
        return scope

    port = closed_port()
    with place.portal.wrap_async_context_manager(place.portal.call(anyio.create_task_group)) as group:
        scope = place.portal.call(serve_on, port)
        page = look(browser, f"http://127.0.0.1:{port}").page
        until(page, "document.getElementById('picture').currentTime > 0.5")
        place.portal.call(scope.cancel)
        expect(page.locator("#lost")).to_be_visible(timeout=PATIENCE_MS)
        page.fill("#say-text", "kept")
        page.press("#say-text", "Enter")
        expect(page.locator("#say-note")).to_contain_text("No answer from the room")
        expect(page.locator("#say-text")).to_have_value("kept")
        scope = place.portal.call(serve_on, port)
        expect(page.locator("#lost")).to_be_hidden(timeout=PATIENCE_MS)
        before = page.evaluate(SHOWN)["frames"]
        until(
            page, f"document.getElementById('picture').getVideoPlaybackQuality().totalVideoFrames > {before}"
        )
        page.context.close()
        place.portal.call(scope.cancel)


def test_ending_the_show_is_asked_about(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = small_room(tmp_path_factory.mktemp("ending"))
    voice = settings.voice.model_copy(update={"speed": 2.0})
    with put_on_air(settings.model_copy(update={"voice": voice})) as place:
        seen = look(browser, place.url)
        page = seen.page
        page.get_by_role("button", name="Wrap up").click()
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_timeout(300)
        assert place.view().state == "on_air"
        page.get_by_role("button", name="Wrap up").click()
        page.get_by_role("button", name="End the show").click()
        expect(page.locator("#controls-note")).to_contain_text("being closed")
        expect(page.locator("#state")).to_have_text("Off air", timeout=3 * PATIENCE_MS)
        expect(page.locator("#alarms")).to_contain_text("The show is over")
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.get_by_role("button", name="Cut")).to_be_disabled()
        page.context.close()
        assert seen.complaints == []
