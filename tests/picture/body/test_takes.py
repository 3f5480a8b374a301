import pytest

from doublure.media import Place
from doublure.picture.body.takes import FADE_FRAMES, SETTLE_FRAMES, Takes


def test_idle_loops_without_a_gap() -> None:
    takes = Takes({"idle": 3})
    places = [takes.step(False).place for _ in range(7)]
    assert places == [Place("idle", n % 3) for n in range(7)]


def test_speaking_fades_into_talk_and_both_takes_run_on() -> None:
    takes = Takes({"idle": 100, "talk": 100})
    takes.step(False)
    fade = [takes.step(True) for _ in range(FADE_FRAMES)]
    assert all(plate.place.take == "talk" and plate.old is not None for plate in fade)
    weights = [plate.weight for plate in fade]
    assert weights == sorted(weights)
    assert 0 < weights[0] < weights[-1] < 1
    assert [plate.place.index for plate in fade] == list(range(FADE_FRAMES))
    assert [plate.old.index for plate in fade if plate.old] == list(range(1, FADE_FRAMES + 1))
    assert takes.step(True).old is None


def test_a_pause_between_sentences_does_not_change_the_take() -> None:
    takes = Takes({"idle": 100, "talk": 100})
    for _ in range(FADE_FRAMES + 1):
        takes.step(True)
    pause = [takes.step(False) for _ in range(SETTLE_FRAMES - 1)]
    assert {plate.place.take for plate in pause} == {"talk"}
    assert takes.step(False).place.take == "idle"


def test_a_take_is_not_changed_in_the_middle_of_a_fade() -> None:
    takes = Takes({"idle": 100, "talk": 100})
    takes.step(True)
    for _ in range(FADE_FRAMES - 1):
        plate = takes.step(False)
        assert plate.place.take == "talk"


def test_a_face_without_idle_is_refused() -> None:
    with pytest.raises(ValueError, match="idle"):
        Takes({"talk": 10})
