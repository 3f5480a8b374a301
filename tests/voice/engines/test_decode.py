"""What a server sends becomes sound, however it is torn; what is no sound is refused."""

from __future__ import annotations

import struct

import anyio
import numpy as np
import pytest

from doublure.errors import EngineError
from doublure.media import SAMPLE_RATE, Pcm
from doublure.voice.engines import decode
from doublure.voice.engines.decode import Decoder
from tests.speakers import TYPES, encoded, toned


@pytest.fixture(scope="module")
def sound() -> Pcm:
    return anyio.run(toned, "okay then")


def decoded(raw: bytes, content_type: str, step: int, hertz: int = SAMPLE_RATE) -> Pcm:
    decoder = Decoder(content_type, hertz, "http://there")
    pieces = [decoder.feed(raw[at : at + step]) for at in range(0, len(raw), step)]
    return np.concatenate([*pieces, decoder.finish()])


@pytest.mark.parametrize("kind", ["pcm", "wav", "mp3", "flac"])
def test_torn_anywhere_it_is_the_same(sound: Pcm, kind: str) -> None:
    raw = encoded(sound, kind)
    whole = decoded(raw, TYPES[kind], len(raw))
    assert np.array_equal(whole, decoded(raw, TYPES[kind], 7))
    assert len(whole) == pytest.approx(len(sound), abs=0.1 * SAMPLE_RATE)
    assert np.abs(whole).max() == pytest.approx(np.abs(sound).max(), rel=0.1)


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "audio/mpeg"])
def test_a_wav_is_known_by_its_head_whatever_it_is_called(sound: Pcm, content_type: str) -> None:
    wav = encoded(sound, "wav")
    assert np.allclose(decoded(wav, content_type, 999), sound, atol=1e-4)


def test_floats_two_channels_and_a_length_that_lies(sound: Pcm) -> None:
    assert np.allclose(decoded(encoded(sound, "float"), "audio/wav", 999), sound, atol=1e-6)
    stereo = (np.stack([sound, np.zeros_like(sound)], axis=1) * 32767).astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 2, 24000, 96000, 4, 16, b"data", 0
    )
    assert np.allclose(decoded(head + stereo, "audio/wav", 999), sound / 2, atol=1e-4)


def test_raw_samples_of_another_rate(sound: Pcm) -> None:
    pcm = decoded(encoded(sound, "pcm", 16000), "", 999, hertz=16000)
    assert len(pcm) == pytest.approx(len(sound), abs=200)


@pytest.mark.parametrize(
    ("raw", "content_type", "what"),
    [
        (b"<!DOCTYPE html><html>", "application/octet-stream", "it is a text"),
        (b'{"error": "no such model"}', "application/json", "json instead of sound.*no such model"),
        (b"OggS" + bytes(100), "audio/ogg", "no sound that can be read"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(70000), "audio/wav", "without sound"),
        (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0, b"WAVE", b"fmt ", 16, 7, 1, 8000, 8000, 1, 8, b"data", 0), "audio/wav", "kind 7 with 8 bits"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused(raw: bytes, content_type: str, what: str) -> None:
    with pytest.raises(EngineError, match=what):
        decoded(raw, content_type, 4096)


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MOST_BYTES", 1000)
    decoder = Decoder("audio/pcm", SAMPLE_RATE, "http://there")
    decoder.feed(bytes(998))
    with pytest.raises(EngineError, match="does not end"):
        decoder.feed(bytes(4))


def test_nothing_is_no_sound_and_no_error() -> None:
    assert not len(decoded(b"", "audio/pcm", 1))
    assert not len(decoded(b"abc", "audio/mpeg", 1))


@pytest.mark.parametrize("kind", ["flac", "mp3", "pcm"])
def test_packed_silence_that_lasts_for_hours_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MOST_SECONDS", 5.0)
    hours = encoded(np.zeros(60 * SAMPLE_RATE, np.float32), kind)
    with pytest.raises(EngineError, match="does not end"):
        decoded(hours, TYPES[kind], 4096)


def test_an_mp3_that_changes_its_rate_is_heard_or_refused(sound: Pcm) -> None:
    raw = encoded(sound, "mp3") + encoded(sound, "mp3", 44100)
    with pytest.raises(EngineError, match="no sound that can be read"):
        decoded(raw, "audio/mpeg", 4096)


def test_a_servers_words_are_one_line(sound: Pcm) -> None:
    page = b"<html>\r\n\x1b[31mIt works!" + b" Really." * 200
    with pytest.raises(EngineError) as caught:
        decoded(page, "text/html", 4096)
    assert caught.value.what.isprintable()
    assert len(caught.value.what) < 300
