"""The speaker: clause by clause, levelled, joined without clicks, cached, live before ahead."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import numpy as np
import pytest

from doublure.cue import PLAIN, Clause, CueKind, Delivery, Utterance
from doublure.errors import EngineError
from doublure.media import LANGUAGES, SAMPLE_RATE, Language, Speech
from doublure.voice.cache import SpeechCache
from doublure.voice.delivery import pause_seconds
from doublure.voice.engine import Voice
from doublure.voice.engines.tone import Tone, make
from doublure.voice.loudness import PEAK, TARGET_LUFS, lufs, true_peak
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import KEPT_TEXTS, Speaker
from doublure.voice.spoken.lexicon import lexicon

TEXT = "It was $49.90, and today it's $39.90. Link one, down below!"


def utterance(text: str, language: Language = "en") -> Utterance:
    return Utterance("u", "c", "script", text, language)


def tone() -> Voice:
    return make(VoiceSettings(engine="tone"), "en")


class Counting(Tone):
    """The tone voice, which notes what it was asked for, and waits to be let go on."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.asked: list[str] = []
        self.begun = anyio.Event()
        self.let_go = anyio.Event()
        self.let_go.set()

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        self.asked.append(spoken)
        self.begun.set()
        await self.let_go.wait()
        async for speech in super().speak(spoken, language):
            yield speech


class Pieces(Tone):
    """A streaming voice: a clause in two pieces, loud and quiet."""

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        async for speech in super().speak(spoken, language):
            yield speech
            yield Speech(speech.pcm * np.float32(0.5), speech.words, speech.phones)


class Broken(Tone):
    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        async for speech in super().speak(spoken, language):
            yield speech
        raise EngineError("the voice failed", where=self.name)


async def said(speaker: Speaker, text: str, language: Language = "en") -> list[Clause]:
    return [clause async for clause in speaker.speak(utterance(text, language))]


def test_clauses_carry_their_text_and_the_last_one_says_so() -> None:
    found = anyio.run(said, Speaker(tone(), "en"), TEXT)
    assert " ".join(clause.speech.text for clause in found) == TEXT
    assert [clause.speech.last for clause in found] == [False] * (len(found) - 1) + [True]
    words = " ".join(word.text for clause in found for word in clause.speech.words)
    assert (
        words
        == "It was forty-nine dollars ninety and today it's thirty-nine dollars ninety Link one down below"
    )
    assert {clause.utterance.id for clause in found} == {"u"}


def test_nothing_to_say_is_no_clause() -> None:
    for text in ("", "🔥", "..."):
        assert anyio.run(said, Speaker(tone(), "en"), text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_speech_is_levelled_and_does_not_click(language: Language) -> None:
    texts = {"zh": "今天129.9元，点一号链接。", "en": TEXT, "fr": "Elle est à 39,90 €, tout en bas."}
    for clause in anyio.run(said, Speaker(tone(), "en"), texts[language], language):
        pcm = clause.speech.pcm
        sound = pcm[: len(pcm) - int(pause_seconds(clause.speech.text) * SAMPLE_RATE)]
        assert lufs(sound) == pytest.approx(TARGET_LUFS, abs=0.5)
        assert true_peak(sound) <= PEAK + 1e-4
        assert abs(sound[0]) < 1e-3 > abs(sound[-1])
        assert pcm.dtype == np.float32


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("好的，", 0.12),
        ("好的。", 0.35),
        ("Really?”", 0.35),
        ("a:", 0.2),
        ("白、", 0.08),
        ("and so", 0.0),
        ("(oui !)", 0.35),
    ],
)
def test_the_pause_is_that_of_the_mark(written: str, seconds: float) -> None:
    assert pause_seconds(written) == seconds
    [clause] = anyio.run(said, Speaker(tone(), "en"), written)
    rest = int(seconds * SAMPLE_RATE)
    assert len(clause.speech.pcm) > rest
    assert not clause.speech.pcm[len(clause.speech.pcm) - rest :].any()
    assert clause.speech.phones[-1].end == len(clause.speech.pcm)


def test_pieces_of_a_streaming_voice_share_one_gain() -> None:
    found = anyio.run(said, Speaker(Pieces(1.0), "en"), "one clause only here")
    assert [clause.speech.last for clause in found] == [False, True]
    loud, quiet = (np.abs(clause.speech.pcm).max() for clause in found)
    assert quiet == pytest.approx(loud / 2, rel=0.05)


def test_what_was_said_is_not_made_again(tmp_path: Path) -> None:
    async def go() -> None:
        voice = Counting()
        speaker = Speaker(voice, "en", SpeechCache(tmp_path))
        assert not speaker.cached(TEXT)
        fresh = await said(speaker, TEXT)
        made = len(voice.asked)
        assert speaker.cached(TEXT)
        again = await said(Speaker(voice, "en", SpeechCache(tmp_path)), TEXT)
        assert len(voice.asked) == made
        for one, other in zip(fresh, again, strict=True):
            assert np.abs(one.speech.pcm - other.speech.pcm).max() < 2 / 32767
            assert (one.speech.text, one.speech.last, one.speech.words, one.speech.phones) == (
                other.speech.text, other.speech.last, other.speech.words, other.speech.phones,
            )  # fmt: skip

    anyio.run(go)


def test_another_voice_speed_or_language_is_another_sound(tmp_path: Path) -> None:
    async def go() -> None:
        cache = SpeechCache(tmp_path)
        await said(Speaker(tone(), "en", cache), "ok 5")
        fast = make(VoiceSettings(engine="tone", speed=1.5), "en")
        assert Speaker(tone(), "en", cache).cached("ok 5")
        assert not Speaker(fast, "en", cache).cached("ok 5")
        assert not Speaker(tone(), "fr", cache).cached("ok 5")

    anyio.run(go)


def test_preparing_fills_the_cache_and_does_nothing_without_one(tmp_path: Path) -> None:
    async def go() -> None:
        voice = Counting()
        speaker = Speaker(voice, "en", SpeechCache(tmp_path))
        await speaker.prepare(TEXT)
        assert speaker.cached(TEXT)
        made = len(voice.asked)
        await speaker.prepare(TEXT)
        await said(speaker, TEXT)
        assert len(voice.asked) == made
        bare = Speaker(voice, "en")
        await bare.prepare(TEXT)
        assert len(voice.asked) == made
        assert not bare.cached(TEXT)

    anyio.run(go)


def test_speech_for_air_goes_before_speech_made_ahead(tmp_path: Path) -> None:
    async def go() -> None:
        voice = Counting()
        speaker = Speaker(voice, "en", SpeechCache(tmp_path))
        voice.let_go = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(speaker.prepare, "a line for later.")
            await voice.begun.wait()
            voice.begun = anyio.Event()
            group.start_soon(said, speaker, "an answer now.")
            await voice.begun.wait()
            voice.let_go.set()
        assert voice.asked == ["a line for later.", "an answer now."]
        assert speaker.cached("an answer now.")
        assert not speaker.cached("a line for later.")
        await speaker.prepare("a line for later.")
        assert speaker.cached("a line for later.")

    anyio.run(go)


def test_a_line_that_is_being_made_is_waited_for_and_not_made_twice(tmp_path: Path) -> None:
    async def go() -> None:
        voice = Counting()
        speaker = Speaker(voice, "en", SpeechCache(tmp_path))
        voice.let_go = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(speaker.prepare, "the next line.")
            await voice.begun.wait()
            group.start_soon(said, speaker, "the next line.")
            await anyio.wait_all_tasks_blocked()
            voice.let_go.set()
        assert voice.asked == ["the next line."]

    anyio.run(go)


def test_a_broken_voice_raises_and_nothing_half_is_kept(tmp_path: Path) -> None:
    async def go() -> None:
        speaker = Speaker(Broken(1.0), "en", SpeechCache(tmp_path))
        with pytest.raises(EngineError, match="the voice failed"):
            await said(speaker, "hello there.")
        with pytest.raises(EngineError):
            await speaker.prepare("hello there.")
        assert not speaker.cached("hello there.")

    anyio.run(go)


def test_warming_loads_what_can_be_loaded(tmp_path: Path) -> None:
    async def go() -> None:
        await said(Speaker(tone(), "en", SpeechCache(tmp_path)), "hello there.")
        speaker = Speaker(tone(), "en", SpeechCache(tmp_path))
        await speaker.warm()
        assert speaker.cached("hello there.")

    anyio.run(go)


def test_an_unknown_language_falls_back_to_the_rooms() -> None:
    class English(Tone):
        async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
            assert language == "en"
            async for speech in super().speak(spoken, language):
                yield speech

    voice = English(1.0)
    voice.languages = frozenset({"en"})
    assert len(anyio.run(said, Speaker(voice, "en"), "hello 5", "zh")) == 1


def test_a_paced_clause_is_kept_apart_from_the_usual_one(tmp_path: Path) -> None:
    async def show() -> None:
        cache = SpeechCache(tmp_path)
        await cache.open()
        speaker = Speaker(tone(), "en", cache)
        slow = Delivery(rate=0.8)
        await speaker.prepare("Hello there.")
        assert speaker.cached("Hello there.")
        assert not speaker.cached("Hello there.", slow)
        await speaker.prepare("Hello there.", slow)
        assert speaker.cached("Hello there.", slow)
        lengths = []
        for delivery in (PLAIN, slow):
            utterance = Utterance("1", "1", "script", "Hello there.", "en", delivery=delivery)
            lengths.append(sum([len(clause.speech.pcm) async for clause in speaker.speak(utterance)]))
        assert lengths[1] > 1.1 * lengths[0]

    anyio.run(show)


def test_the_shops_words_are_said_as_its_lexicon_says(tmp_path: Path) -> None:
    async def words(speaker: Speaker) -> list[str]:
        utterance = Utterance("1", "1", "script", "New Loewe bag", "en")
        return [word.text async for clause in speaker.speak(utterance) for word in clause.speech.words]

    assert "Loewe" in anyio.run(words, Speaker(tone(), "en"))
    shop = Speaker(tone(), "en", lexicon=lexicon({"Loewe": "lo-eh-veh"}, "en"))
    assert "lo-eh-veh" in anyio.run(words, shop)


def test_other_phones_are_another_sound_in_the_cache() -> None:
    def key(how: str, text: str = "New Loewe bag") -> str:
        speaker = Speaker(tone(), "en", lexicon=lexicon({"Loewe": how}, "en"))
        return speaker._parts(text, "en", PLAIN)[0].key

    assert key("/loʊˈɛveɪ/") == key("/loʊˈɛveɪ/") != key("/luˈiv/")
    assert key("/loʊˈɛveɪ/", "New bag") == key("/luˈiv/", "New bag")


# ---- what is waited for ------------------------------------------------------------------------

LONG = "It's a regular fit in three quiet colours, so it suits your parents too."


async def texts_of(speaker: Speaker, kind: CueKind) -> list[str]:
    asked = Utterance("u", "c", kind, LONG, "en")
    return [clause.speech.text async for clause in speaker.speak(asked)]


@pytest.mark.parametrize("kind", ["answer", "operator", "welcome"])
def test_what_somebody_waits_for_begins_with_a_shorter_clause(kind: CueKind, tmp_path: Path) -> None:
    speaker = Speaker(tone(), "en", SpeechCache(tmp_path))
    script, awaited = anyio.run(texts_of, speaker, "script"), anyio.run(texts_of, Speaker(tone(), "en"), kind)
    assert " ".join(awaited) == " ".join(script) == LONG
    assert awaited[0] == "It's a regular fit"
    assert script[0].startswith("It's a regular fit in")


def test_what_is_in_the_cache_is_not_made_again_in_other_clauses(tmp_path: Path) -> None:
    async def speak() -> tuple[list[str], int]:
        voice = Counting()
        speaker = Speaker(voice, "en", SpeechCache(tmp_path))
        await speaker.prepare(LONG)
        made = len(voice.asked)
        return await texts_of(speaker, "answer"), len(voice.asked) - made

    clauses, made_again = anyio.run(speak)
    assert made_again == 0
    assert clauses[0] != "It's a regular fit"


# ---- what is kept ---------------------------------------------------------------------------------


def test_the_clauses_of_a_text_are_made_once_while_they_are_wanted() -> None:
    voice = Tone(1.0)
    speaker = Speaker(voice, "en")
    lively = Delivery(energy="lively")
    first, other = speaker._parts(TEXT, "en", PLAIN), speaker._parts(TEXT, "en", lively)
    assert speaker._parts(TEXT, "en", PLAIN) is first
    assert speaker._parts(TEXT, "en", lively) is other
    assert speaker._parts(TEXT, "en", PLAIN, soon=True) is not first
    for number in range(KEPT_TEXTS):
        speaker.cached(f"Number {number}.")
    assert len(speaker._kept_parts) == KEPT_TEXTS
    assert speaker._parts(TEXT, "en", PLAIN) is not first
    assert speaker._parts(TEXT, "en", PLAIN) == first
    # when another voice takes over, its sound is another one's
    voice.name = "tone two"
    assert {part.key for part in speaker._parts(TEXT, "en", PLAIN)}.isdisjoint(part.key for part in first)


def test_a_closed_speaker_leaves_no_lane(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    speaker = Speaker(tone(), "en", SpeechCache(tmp_path))
    anyio.run(said, speaker, TEXT)
    lanes = set(threading.enumerate()) - before
    assert {lane.name.rpartition("_")[0] for lane in lanes} == {"speech", "speech-cache"}
    speaker.close()
    for lane in lanes:
        lane.join(5.0)
    assert not [lane for lane in lanes if lane.is_alive()]
