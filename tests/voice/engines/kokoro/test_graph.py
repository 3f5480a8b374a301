from __future__ import annotations

import pytest

from doublure.enrol.voice_pitch import median_pitch
from doublure.errors import EngineError
from doublure.media import SAMPLE_RATE
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.engines.kokoro.graph import with_times_and_pitch
from doublure.voice.engines.kokoro.operations import Graph
from doublure.voice.engines.kokoro.pack import VoicePack


def test_the_pitch_is_moved_and_nothing_else() -> None:
    pack = kokoro.shipped("zf_xiaoxiao")
    plain = kokoro.say("好的，谢谢。", "zh", pack)
    low = kokoro.say("好的，谢谢。", "zh", VoicePack("low", pack.rows, 0.8))
    # the times of the phones come before the pitch; only where the silence is cut may differ, by a few steps
    assert abs(len(low) - len(plain)) <= 0.02 * SAMPLE_RATE
    assert median_pitch(low) == pytest.approx(0.8 * median_pitch(plain), rel=0.12)


def test_another_model_is_refused() -> None:
    with pytest.raises(EngineError, match="not the Kokoro model"):
        with_times_and_pitch(Graph(b""))
