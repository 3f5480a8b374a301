from __future__ import annotations

import io
import json
import re
import string
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Request, sync_playwright

from doublure.enrol.report.comparison import CLIP_HEIGHT, HeldOut, Still, stills, write_clip
from doublure.enrol.report.findings import KINDS, SEVERITIES, Finding
from doublure.enrol.report.page import (
    GRADES,
    TARGETS,
    VOICE_CAUSES,
    Card,
    Grade,
    Target,
    Timing,
    Words,
    numbers,
    phrases,
    verdict,
    voice_advice,
    write,
)
from doublure.enrol.report.score import Score
from doublure.media import FPS, LANGUAGES, SAMPLES_PER_FRAME, Language, Picture, Size
from doublure.picture.overlay import Overlay
from doublure.trust.persona import VoiceEntry
from tests.clips import SIZE, placed, talking
from tests.console.test_page import ARGUMENTS, CHROMIUM, FAINT

HELD = range(200, 240)
FINE = Score(0.93, 0.86, 1.9, 0.95, 0.97, 1.02, 1.04, 0, 40, 0, (231, 220, 204), (210, 205, 236))
FOUND = (
    Finding("hand", 61.0, 62.5, "warn"),
    Finding("hand", 12.0, 13.4, "warn"),
    Finding("cut", 63.0, 63.0, "warn"),
    Finding("few_pixels", 0.0, 120.0, "warn"),
    Finding("glasses", 0.0, 120.0, "note"),
)


@cache
def shown() -> HeldOut:
    """40 frames of the rendered host; the double's are darker, so that they are told apart."""
    pictures, pcm, _ = talking(2.0)
    pictures = pictures[10 : 10 + len(HELD)]
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    oval = np.stack([216 + 60 * np.cos(turn), 330 + 45 * np.sin(turn)], axis=1)

    def ours() -> Iterator[Picture]:
        for picture in pictures:
            double = picture.copy()
            double[: SIZE.height] = 16 + (picture[: SIZE.height] - 16.0) * 0.5
            yield double

    sound = pcm[10 * SAMPLES_PER_FRAME :]
    return HeldOut(lambda: iter(pictures), ours, HELD, [oval] * len(HELD), sound)


def card(language: Language = "en", score: Score = FINE, found: tuple[Finding, ...] = ()) -> Card:
    timings = (Timing("face", 41.2), Timing("polishing", 83.0))
    return Card("Lin & <Co>", "take_2.mp4", 120.0, language, score, 1.1, found, timings, shown())


# ---- the verdict ----------------------------------------------------------------------------------


def test_a_measure_between_its_bounds_is_good_and_beyond_both_is_not_usable() -> None:
    target = Target("sharpness_ratio", (0.75, 1.35), (0.5, 1.8))
    values = (0.4, 0.5, 0.75, 1.0, 1.35, 1.8, 1.9)
    grades = ("again", "usable", "good", "good", "good", "usable", "again")
    assert tuple(target.grade(value) for value in values) == grades
    assert target.grade(float("nan")) == "again"


@pytest.mark.parametrize(
    ("score", "found", "expected"),
    [
        (FINE, (), "good"),
        (FINE, FOUND, "good"),
        (replace(FINE, ssim=0.85), (), "usable"),
        (replace(FINE, ssim=0.7), (), "again"),
        (replace(FINE, offset_frames=-3), (), "again"),
        (replace(FINE, unseen_frames=4), (), "again"),
        (FINE, (Finding("too_short", 0, 120, "bad"),), "again"),
    ],
)
def test_the_worst_decides(score: Score, found: tuple[Finding, ...], expected: Grade) -> None:
    assert verdict(card(score=score, found=found)) == expected


def test_a_mouth_that_stands_open_in_silence_is_not_good() -> None:
    assert verdict(replace(card(), silent_opening_ratio=1.7)) == "usable"
    assert verdict(replace(card(), silent_opening_ratio=2.7)) == "again"


def test_every_target_is_of_something_measured_and_usable_is_wider_than_good() -> None:
    known = {field.name for field in fields(Score)} | {"silent_opening_ratio", "unseen_percent"}
    assert {target.measure for target in TARGETS} <= known
    assert len({target.measure for target in TARGETS}) == len(TARGETS)
    for target in TARGETS:
        assert target.usable[0] <= target.good[0] <= target.good[1] <= target.usable[1]


# ---- the voice ------------------------------------------------------------------------------------

MATCHED = VoiceEntry(
    file="voice_zh.bin",
    prosody="zm_yunxi",
    pitch=0.8,
    nearest="zm_yunxi",
    nearest_score=0.641,
    score=0.756,
    threshold=0.8,
)


def test_the_voice_is_called_matched_and_its_scores_are_shown(tmp_path: Path) -> None:
    voiced = replace(card(), voice=MATCHED, findings=(Finding("music", 0, 120, "warn"),))
    told = numbers(voiced)
    assert (told["voice_word"], told["voice_score"], told["voice_nearest_score"]) == ("matched", 0.756, 0.641)
    assert voice_advice(voiced) == ("voice_under", "voice_music")
    assert voice_advice(replace(voiced, voice=MATCHED.model_copy(update={"score": 0.84}), findings=())) == (
        "voice_over",
    )
    page = write(voiced, tmp_path).read_text("utf-8")
    for shown_ in (
        "Matched voice",
        "zm_yunxi",
        "0.76",
        "0.64",
        "0.80",
        "still another voice",
        "Music or a hum",
    ):
        assert shown_ in page
    assert "clone" not in page.lower()


def test_without_a_matched_voice_nothing_is_said_of_it() -> None:
    assert voice_advice(card()) == ()
    assert not [key for key in numbers(card()) if key.startswith("voice")]


# ---- words ----------------------------------------------------------------------------------------


def test_every_phrase_is_whole_in_every_language() -> None:
    for key in phrases():
        said = [Words(language)(key) for language in LANGUAGES]
        assert all(phrase.strip() for phrase in said), key
        blanks = [
            sorted(name for _, name, _, _ in string.Formatter().parse(phrase) if name) for phrase in said
        ]
        assert blanks[0] == blanks[1] == blanks[2], f"{key}: not the same {{blanks}} in each language"


def test_every_phrase_is_used_and_every_used_phrase_is_there() -> None:
    folder = files("doublure.enrol.report")
    text = folder.joinpath("templates/report.html").read_text() + folder.joinpath("page.py").read_text()
    used = set(re.findall(r"""(?:\bt|words|self)\(["']([a-z_]+)["'](?! \+)""", text))
    used |= {"because_again_plain"} & set(re.findall(r'"([a-z_]+)"', text))
    families = {
        "verdict": GRADES,
        "because": GRADES,
        "state": GRADES,
        "severity": SEVERITIES,
        "finding": KINDS,
        "advice": KINDS,
        "stills": ("typical", "worst"),
        "voice": ("over", "under", *VOICE_CAUSES),
        **{part: tuple(target.measure for target in TARGETS) for part in ("name", "short", "means")},
    }
    used |= {f"{family}_{member}" for family, members in families.items() for member in members}
    used |= {key for key in phrases() if key.startswith("timing_")}
    assert used == set(phrases())


def test_numbers_are_written_as_the_language_does() -> None:
    assert [Words(language).number(2.44, "lip_distance_percent") for language in LANGUAGES] == [
        "2.4%",
        "2.4%",
        "2,4 %",
    ]
    english = Words("en")
    assert [english.number(value, "offset_frames") for value in (-2.0, 0.0, 1.0)] == ["−2", "0", "+1"]
    assert {target.measure: english.target(target) for target in TARGETS}.items() >= {
        ("ssim", "at least 0.90"),
        ("lip_distance_percent", "at most 3.0%"),
        ("sharpness_ratio", "0.75 to 1.35"),
        ("offset_frames", "−1 to +1"),
        ("unseen_percent", "0.0%"),
    }
    assert "«\u00a0i\u00a0»" in Words("fr")("means_width_correlation")


# ---- pictures -------------------------------------------------------------------------------------


def luma(jpeg: bytes) -> NDArray[np.float32]:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"), np.float32)


def test_stills_are_of_the_frames_asked_for_and_the_double_is_labelled() -> None:
    made = stills(shown(), (231, 204), "en")
    assert [one.second for one in made] == [231 / FPS, 204 / FPS]
    for one in made:
        assert isinstance(one, Still)
        truth, ours = luma(one.truth), luma(one.ours)
        assert truth.shape == ours.shape == (480, 480)
        assert 0.4 < ours[240:].mean() / truth[240:].mean() < 0.65
        # the label's white letters stand on its dark plate
        box = Overlay(Size(480, 480), "en").label
        plate = ours[box.top : box.top + box.height, box.left : box.left + box.width]
        assert np.quantile(plate, 0.95) > 220
        assert np.quantile(plate, 0.2) < 50
        assert b'"Label":"1"' in one.ours
        assert b'"Label":"1"' not in one.truth
    with pytest.raises(ValueError, match="not in range"):
        stills(shown(), (999,), "en")


def test_the_clip_plays_with_sound_and_says_what_it_is(tmp_path: Path) -> None:
    size = write_clip(shown(), "zh", tmp_path / "report.mp4")
    with av.open(str(tmp_path / "report.mp4")) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert json.loads(clip.metadata["AIGC"])["Label"] == "1"
        pictures = [frame.to_ndarray(format="gray") for frame in clip.decode(video)]
        assert len(pictures) == len(HELD)
        assert pictures[0].shape == (size.height, size.width)
        assert size.height <= CLIP_HEIGHT
        left, right = np.hsplit(pictures[20][size.height // 2 :].astype(float), 2)
        assert 0.4 < right.mean() / left.mean() < 0.65
    with av.open(str(tmp_path / "report.mp4")) as clip:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in clip.decode(audio=0)])
        assert np.abs(heard).max() > 0.1


def test_a_wide_and_long_stretch_is_cut_to_the_face_and_to_ten_seconds(tmp_path: Path) -> None:
    wide, count = Size(1920, 1080), 270
    picture = placed(next(shown().truth()), wide, [(800, 200)])
    mask = shown().masks[0] + (800, 200)
    pcm = np.zeros(count * SAMPLES_PER_FRAME, np.float32)
    pcm[15 * SAMPLES_PER_FRAME :] = np.sin(np.arange(len(pcm) - 15 * SAMPLES_PER_FRAME) / 20)

    def still() -> Iterator[Picture]:
        return iter([picture] * count)

    long = HeldOut(still, still, range(count), [mask] * count, pcm)
    size = write_clip(long, "fr", tmp_path / "wide.mp4")
    assert size.height <= CLIP_HEIGHT
    assert 1.3 < size.width / size.height < 1.6
    with av.open(str(tmp_path / "wide.mp4")) as clip:
        assert clip.streams.video[0].frames == 10 * FPS


# ---- the files ------------------------------------------------------------------------------------


def test_the_numbers_are_flat_and_named_with_their_units() -> None:
    flat = numbers(card(found=FOUND))
    assert flat["verdict"] == "good"
    assert flat["opening_correlation"] == 0.93
    assert flat["scored_frames"] == 40
    assert flat["worst_frames"] == [231, 220, 204]
    assert (flat["hand_count"], flat["hand_seconds"], flat["hand_severity"]) == (2, 2.9, "warn")
    assert flat["timing_polishing_seconds"] == 83.0
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in flat)
    assert not any(isinstance(value, dict) for value in flat.values())
    assert {field.name for field in fields(Score)} - {"frames", "worst", "typical"} <= set(flat)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, Path]:
    """One report a language: good, usable and to be recorded again."""
    grave = (*FOUND, Finding("noise", 0.0, 30.0, "bad"))
    cards = {
        "en": card("en"),
        "zh": card("zh", replace(FINE, ssim=0.85), FOUND),
        "fr": card("fr", replace(FINE, sharpness_ratio=0.3), grave),
    }
    return {name: write(one, tmp_path_factory.mktemp(name)) for name, one in cards.items()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("fr", 390, "light"), ("zh", 390, "dark"), ("fr", 1280, "dark"), ("en", 1280, "light")],
)
def test_the_page_fits_is_legible_and_plays(
    browser: Browser, pages: dict[Language, Path], language: Language, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        is_mobile=width < 640,
        color_scheme=scheme,  # type: ignore[arg-type]
        offline=True,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.extend(_failures(request)))
    page.goto(pages[language].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(FAINT) == []
    assert page.evaluate("[...document.images].every(one => one.naturalWidth === 480 && one.alt)")
    page.wait_for_function("document.querySelector('video').readyState >= 2", timeout=10_000)
    box = page.locator("#verdict").bounding_box()
    assert box is not None
    # the verdict is in sight before anybody scrolls
    assert box["y"] + box["height"] < 844
    assert page.locator("tbody tr").count() == len(TARGETS)
    assert complaints == []
    context.close()


def _failures(request: Request) -> list[str]:
    """What of a page could not be read. A browser that has enough of a video to play it stops reading; whether it
    plays is asked above."""
    stopped = request.resource_type == "media" and request.failure == "net::ERR_ABORTED"
    return [] if stopped else [request.url]


def test_the_page_says_what_was_found_and_when(browser: Browser, pages: dict[Language, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["fr"].as_uri())
    assert "La pièce est bruyante" in page.locator(".found").inner_text()
    sentence = page.locator("#verdict").inner_text()
    assert "À refaire" in sentence
    assert "la pièce est bruyante et la bouche n'est pas aussi nette" in sentence.replace("\u00a0", " ")
    # the gravest first, each kind once, in order of time
    titles = page.locator(".found h3").all_inner_texts()
    assert titles[0] == "La pièce est bruyante"
    assert len(titles) == 5
    times = page.locator(".found .times").all_inner_texts()
    assert "0:12–0:13, 1:01–1:02" in times
    assert times.count("tout du long") == 2
    page.goto(pages["en"].as_uri())
    assert "Lin & <Co>" in page.locator("h1").inner_text()
    assert "Nothing to complain of" in page.inner_text("main")
    assert "polishing" in page.inner_text("main")
    page.goto(pages["zh"].as_uri())
    assert "可用" in page.locator("#verdict").inner_text()
    assert page.get_attribute("html", "lang") == "zh-CN"
    page.close()
