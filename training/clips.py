"""Makes the training data of `training.generic_mouth`: speech of many voices with true mouth movements.

    python -m training.clips --packs FOLDER [--count 600] [--out out/clips]

FOLDER holds Kokoro's voice packs, `*.bin` (npm package kokoro-js 1.2.1, `voices/`, Apache-2.0). The texts
come from the demo shops, the test cases of the spoken form and dictionaries. The voices are random mixtures
of packs: the timbre half of a style comes from any packs, the prosody half from one of the language. The
rendered presenters' words and voices are left out, because the face is evaluated on them. The movements come
from `actor.mouth`. Every clip is used clean and degraded: faster or slower (as from a smaller or larger
head), in a room, band-limited, with noise. A killed run resumes.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from actor.mouth import SMILE, Style, controls
from doublure.media import LANGUAGES, SAMPLE_RATE, SAMPLES_PER_FRAME, Language, Pcm, Phone, Speech
from doublure.picture.mouth.acoustics import PER_FRAME, hear
from doublure.voice.engines.kokoro.pack import VoicePack
from doublure.voice.engines.kokoro.voice import LONGEST, recite
from doublure.voice.spoken.form import spoken

SHARES = (0.42, 0.3, 0.28)  # of clips in each language
NATIVE: dict[Language, str] = {"zh": "z", "en": "ab", "fr": "f"}  # first letters of packs
UNHEARD = ("zf_xiaobei", "zm_yunxi", "af_bella", "am_michael")  # voices held out for evaluation
PRESENTERS = ("zf_xiaoxiao", "af_heart", "am_fenrir", "ff_siwis")  # voices of the rendered presenters
WRITTEN = 0.55  # share of clips with sentences; the others are random words, to cover all phones
MIXED = 0.67  # share of clips in a mixed voice
SPEEDS = (0.85, 1.2)
CHANGED = 4  # degraded versions of a clip
RATES = (0.85, 1.18)  # playback rates of degraded versions; the pitch changes too
LONGEST_SECONDS = 12
PLAIN = Style(variation=0)
SPOKEN = Path("tests/spoken.yaml")
DEMO = Path("demo")
TIMBRE = slice(0, 128)  # part of a style; the rest is prosody

Packs = dict[str, NDArray[np.float32]]


def main() -> None:
    """Make the missing clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path("out/clips"))
    order = parser.parse_args()
    packs = {
        file.stem: np.fromfile(file, "<f4").reshape(LONGEST, 256)
        for file in sorted(order.packs.glob("*.bin"))
        if file.stem not in UNHEARD
    }
    order.out.mkdir(parents=True, exist_ok=True)
    for number in range(order.count):
        said, file = (order.out / f"{number:04d}.{kind}.npz" for kind in ("said", "heard"))
        chance = np.random.default_rng(number)
        if not said.exists():
            _write(said, _said(packs, chance))
        if not file.exists():
            _write(file, _heard(said, np.random.default_rng((number, 1))))
        print(f"{number + 1} of {order.count}", end="\r", flush=True)


def _write(file: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    making = file.with_suffix(".making.npz")
    np.savez(making, **arrays)
    making.replace(file)


def _said(packs: Packs, chance: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    """Sound of a clip (16 bits) and its phones: symbols, and times as [phones, 2] samples."""
    language = LANGUAGES[chance.choice(len(LANGUAGES), p=SHARES)]
    speech = recite(
        _text(language, chance), language, _pack(language, packs, chance), chance.uniform(*SPEEDS)
    )
    pcm, phones = _framed(speech[0], chance)
    return {
        "pcm": np.round(pcm.clip(-1, 1) * 32767).astype(np.int16),
        "symbols": np.array([phone.symbol for phone in phones]),
        "times": np.array([(phone.start, phone.end) for phone in phones]),
    }


def _heard(said: Path, chance: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    """Per version (the first is clean): speech features, mouth movements, phones."""
    with np.load(said) as known:
        pcm = known["pcm"].astype(np.float32) / 32767
        phones = [
            Phone(str(symbol), int(start), int(end))
            for symbol, (start, end) in zip(known["symbols"], known["times"], strict=True)
        ]
    found: dict[str, NDArray[np.generic]] = {}
    for version in range(CHANGED + 1):
        rate = chance.uniform(*RATES) if version else 1.0
        sound, own = _played(pcm, phones, rate)
        frames = len(sound) // SAMPLES_PER_FRAME
        # movements come from the clean sound, because closures are located in it
        moves = np.delete(controls(own, sound, frames, seed=0, style=PLAIN), SMILE, axis=1)
        found[f"moves_{version}"] = moves
        found[f"heard_{version}"] = hear(_degraded(sound, chance) if version else sound).astype(np.float16)
        found[f"phones_{version}"] = _named(own, PER_FRAME * frames)
    return found


def _played(pcm: Pcm, phones: list[Phone], rate: float) -> tuple[Pcm, list[Phone]]:
    """The sound played `rate` times as fast, cut to whole frames."""
    at = np.arange(int(len(pcm) / rate / SAMPLES_PER_FRAME) * SAMPLES_PER_FRAME) * rate
    sound = np.interp(at, np.arange(len(pcm)), pcm).astype(np.float32)
    return sound, [Phone(one.symbol, int(one.start / rate), int(one.end / rate)) for one in phones]


# ---- words -----------------------------------------------------------------------------------------


def _text(language: Language, chance: np.random.Generator) -> str:
    between = "，" if language == "zh" else ", "
    if chance.random() < WRITTEN:
        sentences = _sentences(language)
        return between.join(sentences[chance.integers(len(sentences))] for _ in range(3))
    known = _dictionary(language)
    count = chance.integers(8, 16) if language == "zh" else chance.integers(6, 11)
    drawn = [known[chance.integers(len(known))] for _ in range(count)]
    blank = "" if language == "zh" else " "
    return "".join(word + (between if chance.random() < 0.16 else blank) for word in drawn)


@cache
def _sentences(language: Language) -> list[str]:
    cases = yaml.safe_load(SPOKEN.read_text("utf-8"))[language]
    said = [pair[1] for kind, pairs in cases.items() if kind != "bad" for pair in pairs]
    for name in ("catalog", "rundown"):
        shop = yaml.safe_load((DEMO / language / f"{name}.yaml").read_text("utf-8"))
        said += [spoken(text, language) for text in _strings(shop) if "/" not in text]
    return [text for text in said if len(text) > 6]


def _strings(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from _strings(value)
    elif isinstance(found, list):
        for value in found:
            yield from _strings(value)


@cache
def _dictionary(language: Language) -> list[str]:
    if language == "zh":
        lines = files("jieba").joinpath("dict.txt").read_text("utf-8").splitlines()
        counted = [line.split()[:2] for line in lines]
        return [word for word, count in counted if int(count) > 30 and len(word) < 5 and word[0] >= "一"]
    lexicon = sqlite3.connect(str(files(f"gruut_lang_{language}").joinpath("lexicon.db")))
    words = [word for (word,) in lexicon.execute("select distinct word from word_phonemes order by word")]
    return [word for word in words if word.isalpha() and word.islower() and 3 < len(word) < 11]


# ---- sound -----------------------------------------------------------------------------------------


def _pack(language: Language, packs: Packs, chance: np.random.Generator) -> VoicePack:
    native = [name for name in packs if name[0] in NATIVE[language]]
    timbres = [name for name in packs if name not in PRESENTERS]
    own = native[chance.integers(len(native))]
    style = packs[own].copy()
    if own in PRESENTERS or chance.random() < MIXED:
        one, other = (packs[timbres[chance.integers(len(timbres))]] for _ in range(2))
        share = chance.random()
        style[:, TIMBRE] = share * one[:, TIMBRE] + (1 - share) * other[:, TIMBRE]
    return VoicePack("mixed", style, 1.0)


def _framed(speech: Speech, chance: np.random.Generator) -> tuple[Pcm, list[Phone]]:
    """Add silence before and after; cut long speech, and cut to whole frames."""
    before, after = (int(chance.integers(4, 16)) * SAMPLES_PER_FRAME for _ in range(2))
    said = speech.pcm[: LONGEST_SECONDS * SAMPLE_RATE]
    pcm = np.concatenate([np.zeros(before, np.float32), said, np.zeros(after, np.float32)])
    phones = [
        Phone(phone.symbol, phone.start + before, min(phone.end, len(said)) + before)
        for phone in speech.phones
        if phone.start < len(said)
    ]
    return pcm[: len(pcm) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME], phones


def _degraded(pcm: Pcm, chance: np.random.Generator) -> Pcm:
    """Add reverberation, a narrow band and noise, at random."""
    count, sound = len(pcm), pcm.astype(np.float64)
    if chance.random() < 0.6:
        length = int(chance.uniform(0.1, 0.4) * SAMPLE_RATE)
        echo = chance.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)  # -60 dB at the end
        echo *= chance.uniform(0.1, 0.5) / np.sqrt((echo**2).sum())
        echo[0] += 1
        size = count + length
        sound = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)[:count]
    if chance.random() < 0.6:
        hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
        tilt = (1 + hertz / 1500) ** chance.uniform(-0.5, 0.5)
        edge = chance.uniform(3400, 11000)
        sound = np.fft.irfft(np.fft.rfft(sound) * tilt / np.sqrt(1 + (hertz / edge) ** 8), count)
    noise = chance.standard_normal(count)
    if chance.random() < 0.5:
        noise = np.convolve(noise, np.ones(6) / 6, "same")
    noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-chance.uniform(12, 35) / 20)
    return (sound + noise).astype(np.float32)


def _named(phones: list[Phone], count: int) -> NDArray[np.str_]:
    """The phone at the middle of each vector, "" in silence."""
    named = np.full(count, "", dtype="<U3")
    middles = (np.arange(count) + 0.5) * SAMPLES_PER_FRAME / PER_FRAME
    for phone in phones:
        named[(middles >= phone.start) & (middles < phone.end)] = phone.symbol
    return named


if __name__ == "__main__":
    main()
