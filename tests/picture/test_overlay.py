from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.media import LANGUAGES, Box, Language, Picture, Size
from doublure.picture.body.plates import Fit
from doublure.picture.faces.patch import head_box
from doublure.picture.label import LABELS, covered
from doublure.picture.mouth.track import FaceTrack, load_track
from doublure.picture.overlay import Overlay, OverlayState
from doublure.picture.raster import i420, planes
from doublure.shop.catalog import Product
from doublure.shop.prices import Price
from doublure.trust.consent import load as load_consent
from doublure.trust.persona import Persona
from doublure.trust.persona import load as load_persona

CUP = Product("cup", "弹盖保温杯", Price(Decimal("69.9"), "CNY"), Price(Decimal(89), "CNY"), 2, 500)
SIZES = [
    Size(240, 426),
    Size(360, 640),
    Size(720, 1280),
    Size(1080, 1920),
    Size(2160, 3840),
    Size(1280, 720),
    Size(720, 900),
]
EMPTY = OverlayState("", None)
PHONE = Size(360, 640)


def plain(size: Size, level: int = 128) -> Picture:
    picture = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    picture[: size.height] = round(16 + level * 219 / 255)
    return picture


def noise(size: Size) -> Picture:
    return np.random.default_rng(3).integers(16, 236, (size.height * 3 // 2, size.width), dtype=np.uint8)


def labelled(
    language: Language = "zh", size: Size = PHONE, state: OverlayState = EMPTY
) -> tuple[Overlay, Picture]:
    overlay, picture = Overlay(size, language), noise(size)
    overlay.draw(picture, state)
    return overlay, picture


def label_luma(overlay: Overlay, picture: Picture, size: Size) -> NDArray[np.uint8]:
    box = overlay.label
    return planes(picture, size)[0][box.top : box.top + box.height, box.left : box.left + box.width]


def luminance(y: float) -> float:
    """Relative luminance of a grey (WCAG 2.1)."""
    share = (y - 16) / 219
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


# ---- the label ------------------------------------------------------------------------------


def test_the_label_says_what_the_law_asks() -> None:
    assert "AI" in LABELS["zh"]
    assert "生成" in LABELS["zh"]
    assert "数字人" in LABELS["zh"]
    assert "AI-generated" in LABELS["en"]
    assert "Généré par IA" in LABELS["fr"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_label_is_there_whatever_is_drawn(language: Language, size: Size) -> None:
    overlay = Overlay(size, language)
    for caption in ("", "这款保温杯能装五百毫升，早上装的水下午还是热的" * 3):
        for product in (None, CUP):
            for background in (plain(size, 0), plain(size, 255), noise(size)):
                overlay.draw(background, OverlayState(caption, product))
                assert overlay.label_present(background)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_its_letters_are_six_percent_of_the_short_side(language: Language, size: Size) -> None:
    overlay = Overlay(size, language)
    picture = plain(size)
    overlay.draw(picture, EMPTY)
    luma = label_luma(overlay, picture, size)
    rim = max(3, luma.shape[0] // 14)
    inside = luma[rim:-rim, rim:-rim] > 150
    columns = np.nonzero(inside[: inside.shape[0] // 2].any(axis=0))[0]
    # the first letter is a capital (A, A, G): as high as its ink in the upper line
    end = int(columns[np.nonzero(np.diff(columns) > 1)[0][0]])
    ink = inside[: inside.shape[0] * 52 // 100, int(columns[0]) : end + 1].any(axis=1)
    tall = int(np.nonzero(ink)[0][-1] - np.nonzero(ink)[0][0] + 1)
    assert tall >= 0.06 * size.short_side - 1
    assert tall >= 0.05 * size.short_side
    # the right-hand column and the lower part belong to the platform
    assert overlay.label.left + overlay.label.width <= size.width * 0.9
    assert overlay.label.top + overlay.label.height < size.height * 0.4
    if size.height > size.width:
        assert overlay.label.top > 0.08 * size.height


@pytest.mark.parametrize("level", [0, 128, 255])
def test_its_contrast_does_not_depend_on_the_picture(level: int) -> None:
    overlay = Overlay(PHONE, "en")
    picture = plain(PHONE, level)
    overlay.draw(picture, EMPTY)
    luma = label_luma(overlay, picture, PHONE)[6:-6, 6:-6]
    light, dark = (luminance(float(np.percentile(luma, share))) for share in (97, 20))
    assert (light + 0.05) / (dark + 0.05) > 4.5


def test_nothing_is_drawn_over_the_label() -> None:
    bare, full = (labelled("fr", state=state) for state in (EMPTY, OverlayState("Une phrase " * 40, CUP)))
    rim = 4
    assert (
        label_luma(*bare, PHONE)[rim:-rim, rim:-rim] == label_luma(*full, PHONE)[rim:-rim, rim:-rim]
    ).all()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [Size(240, 426), PHONE, Size(720, 1280)], ids=str)
def test_the_check_notices_what_happens_to_the_label(language: Language, size: Size) -> None:
    overlay, whole = labelled(language, size)
    box = overlay.label
    assert overlay.label_present(whole)
    assert not overlay.label_present(noise(size))
    assert not overlay.label_present(plain(size, 26))

    def spoiled(change: object) -> Picture:
        picture = whole.copy()
        luma = planes(picture, size)[0]
        assert callable(change)
        luma[...] = change(luma.copy())
        return picture

    step = max(2, size.width // 180)
    assert not overlay.label_present(spoiled(lambda luma: np.roll(luma, step, 1)))
    assert not overlay.label_present(spoiled(lambda luma: np.roll(luma, -step, 0)))
    assert not overlay.label_present(spoiled(lambda luma: (luma * 0.6 + 40).astype(np.uint8)))
    assert not overlay.label_present(spoiled(lambda luma: 255 - luma))

    def covered(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        side = box.height // 3
        luma[box.top + side : box.top + 2 * side, box.left + side : box.left + 2 * side] = 26
        return luma

    assert not overlay.label_present(spoiled(covered))
    other = Overlay(size, "en" if language != "en" else "fr")
    assert not other.label_present(whole)


@pytest.mark.parametrize("kbps", [200, 500])
def test_the_check_sees_the_label_through_compression(kbps: int) -> None:
    overlay = Overlay(PHONE, "zh")
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"}
        )
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            PHONE.width,
            PHONE.height,
            "yuv420p",
            kbps * 1000,
        )
        ramp = np.linspace(30, 220, PHONE.width, dtype=np.float32)
        for n in range(30):
            moving = np.broadcast_to(np.roll(ramp, n * 5)[None, :, None], (PHONE.height, PHONE.width, 3))
            picture = i420(moving)
            overlay.draw(picture, OverlayState("说着说着", CUP))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        pictures = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    assert len(pictures) == 30
    assert all(overlay.label_present(picture) for picture in pictures)


# ---- subtitles and card -----------------------------------------------------------------------


def changed(size: Size, state: OverlayState, language: Language = "zh") -> NDArray[np.bool_]:
    """Rows and columns that `state` adds to the label: bool [height, width]."""
    overlay = Overlay(size, language)
    without, with_it = plain(size), plain(size)
    overlay.draw(without, EMPTY)
    overlay.draw(with_it, state)
    return np.asarray(planes(without, size)[0] != planes(with_it, size)[0])


@pytest.mark.parametrize(
    "caption",
    [
        "好的",
        "充满一次，每天刷两回，大约能用30天，续航真的很长",
        "Supercalifragilisticexpialidocious" * 9,
        "🙂 Bonjour 👋🏽 !",
        "مرحبا Hello שלום",
        "a\nb\tc\u200b",
        "长" * 900,
    ],
)
@pytest.mark.parametrize("size", [Size(240, 426), PHONE, Size(1080, 1920)], ids=str)
def test_subtitles_keep_their_place(caption: str, size: Size) -> None:
    rows, columns = np.nonzero(changed(size, OverlayState(caption, None)))
    assert len(rows) > 50
    assert rows.min() >= 0.6 * size.height
    assert rows.max() <= 0.72 * size.height
    assert columns.min() >= 0.08 * size.width
    assert columns.max() <= 0.92 * size.width


@pytest.mark.parametrize("caption", ["", "   ", "\n", "🙂🙂", "\u200b"])
def test_a_caption_without_letters_draws_nothing(caption: str) -> None:
    assert not changed(PHONE, OverlayState(caption, None)).any()


def test_subtitles_are_seen_on_white_and_on_black() -> None:
    for level in (0, 255):
        overlay, picture = Overlay(PHONE, "en"), plain(PHONE, level)
        overlay.draw(picture, OverlayState("Hello there", None))
        luma = planes(picture, PHONE)[0][int(0.62 * 640) : int(0.7 * 640)]
        assert (luma > 225).sum() > 300
        assert (luma < 40).sum() > 300


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_card_lies_between_label_and_subtitles_at_the_left(size: Size) -> None:
    there = changed(size, OverlayState("", CUP))
    rows, columns = np.nonzero(there)
    assert len(rows) > 1000 * (size.short_side / 240) ** 2
    assert columns.max() < size.width * 0.4
    # the face is in the middle: its columns stay free
    assert rows.max() < size.height * (0.64 if size.height > size.width else 0.84)
    box = Overlay(size, "zh").label
    assert rows.min() > box.top + box.height - 0.05 * size.short_side
    assert not (there & changed(size, OverlayState("长" * 60, None))).any()


def test_every_extreme_of_size_is_drawn(tmp_path: Path) -> None:
    for size in (Size(240, 240), Size(240, 3840), Size(2160, 240), Size(242, 426)):
        for language in LANGUAGES:
            overlay, picture = Overlay(size, language), noise(size)
            overlay.draw(picture, OverlayState("一句很长很长的话，" * 12, CUP))
            assert overlay.label_present(picture)


def test_the_same_state_gives_the_same_picture_and_pictures_of_another_size_are_refused() -> None:
    state = OverlayState("Il reste trois jours", CUP)
    one, two = (labelled("fr", state=state)[1] for _ in range(2))
    assert (one == two).all()
    overlay, again = labelled("fr", state=state)
    for n in range(20):
        overlay.draw(noise(PHONE), OverlayState(f"another {n}", None))
    again = noise(PHONE)
    overlay.draw(again, state)
    assert (again == one).all()
    with pytest.raises(ValueError, match="360x640"):
        overlay.draw(noise(Size(640, 360)), state)


# ---- where the host's head is -----------------------------------------------------------------

PERSONAS = Path(__file__).resolve().parents[2] / "demo" / "personas"
ROOMS = [
    Size(360, 640),
    Size(720, 1280),
    Size(1080, 1920),
    Size(1280, 720),
    Size(720, 720),
]


@cache
def persona(name: str) -> Persona:
    consent = load_consent(PERSONAS / f"{name}.consent.json", today=date(2026, 12, 1))
    return load_persona(PERSONAS / name, consent)


@cache
def track(name: str) -> FaceTrack:
    return load_track(persona(name))


def faces(name: str, size: Size) -> NDArray[np.float64]:
    """Landmarks of the lower face in every 7th frame of every take: [n, 2], pixels of the room's picture."""
    fit, known = Fit.cover(persona(name).size, size), track(name)
    frames = np.concatenate([take[::7] for take in known.takes.values()])
    return np.asarray(known.control[frames][..., :2].reshape(-1, 2) * fit.scale - (fit.left, fit.top))


def disc(head: Box, size: Size, wide: float = 1.0) -> NDArray[np.bool_]:
    """The head, bool [height, width]."""
    y, x = np.mgrid[: size.height, : size.width] + 0.5
    x = (x - head.left - head.width / 2) / (wide * head.width / 2)
    y = (y - head.top - head.height / 2) / (head.height / 2)
    return np.asarray(x**2 + y**2 < 1)


@pytest.mark.parametrize("name", ["woman", "man"])
@pytest.mark.parametrize("size", ROOMS, ids=str)
def test_the_head_of_a_persona_holds_its_face_in_every_take(name: str, size: Size) -> None:
    head = head_box(track(name), Fit.cover(persona(name).size, size))
    places = faces(name, size)
    seen = places[(places >= 0).all(axis=1) & (places < (size.width, size.height)).all(axis=1)].astype(int)
    assert disc(head, size)[seen[:, 1], seen[:, 0]].all()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "size"), [*(("woman", size) for size in ROOMS), ("man", Size(720, 1280))], ids=str
)
def test_label_and_card_keep_off_the_host(name: str, size: Size, language: Language) -> None:
    head = head_box(track(name), Fit.cover(persona(name).size, size))
    overlay, picture = Overlay(size, language, head), plain(size)
    overlay.draw(picture, EMPTY)
    box = overlay.label
    label = np.zeros((size.height, size.width), np.bool_)
    label[box.top : box.top + box.height, box.left : box.left + box.width] = True
    assert not (label & disc(head, size)).any()
    assert box.left + box.width <= 0.9 * size.width
    portrait = size.height > size.width
    assert box.top >= (0.08 if portrait else 0.03) * size.height
    # two lines of capitals of 5 %, and what stands between and around them
    assert box.height >= 0.19 * size.short_side
    with_card, full = plain(size), plain(size)
    overlay.draw(with_card, OverlayState("", CUP))
    overlay.draw(full, OverlayState("一句很长很长的话，" * 12, CUP))
    card = planes(picture, size)[0] != planes(with_card, size)[0]
    captions = planes(with_card, size)[0] != planes(full, size)[0]
    assert card.sum() > 0.02 * size.short_side**2
    inside = label.copy()
    inside[box.top + 3 : box.top + box.height - 3, box.left + 3 : box.left + box.width - 3] = False
    assert not (card & (label ^ inside)).any()
    assert not (captions & label).any()
    # the card may lie on hair, its shadow on a cheek's edge, nothing of it in the middle of the face
    assert not (card & disc(head, size, 0.65)).any()
    assert overlay.label_present(full)


def test_a_head_that_leaves_no_room_is_covered_as_little_as_can_be() -> None:
    size = Size(360, 640)
    head = Box(-40, -40, 440, 600)
    label = Overlay(size, "en", head).label
    assert 0 < covered(label, head) <= covered(Overlay(size, "en").label, head)
    assert Overlay(size, "en", Box(100, 700, 50, 50)).label == Overlay(size, "en").label
    assert covered(Box(0, 0, 10, 10), Box(0, 0, 0, 0)) == 0
