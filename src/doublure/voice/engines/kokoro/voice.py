"""The voice `kokoro`: Kokoro-82M v1.0 (int8) through onnxruntime, Mandarin, English and French.

The weights are loaded once per process, at first use, and shared by every voice. The model's duration predictor
gives the time of each phone, so no alignment is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from doublure.clock import RealClock
from doublure.errors import EngineError
from doublure.media import Language, Pcm, Phone, Speech, Word
from doublure.settings import load_machine
from doublure.threads import Lane
from doublure.trust.consent import load as load_consent
from doublure.voice.engine import Voice
from doublure.voice.engines.kokoro.pack import VoicePack, load_voice
from doublure.voice.engines.kokoro.ports import PITCH
from doublure.voice.engines.kokoro.weights import loaded_model
from doublure.voice.phones.symbols import Sounded, Sounds, known_symbols, phones
from doublure.voice.settings import VoiceSettings

UNIT = 600
"""Samples of one duration frame: 25 ms, the decoder's upsampling of 300 twice."""
LEADS = 2 * UNIT
"""The sound of a token is 50 ms earlier than its frames say. Measured on eight sentences in three languages:
with this shift the pauses at commas were quietest."""
LONGEST = 510
"""Tokens of one run, without pads: rows of a voice pack (Kokoro's context of 512)."""
NICE = 10
"""The voice yields to the picture if both need the core."""
DEFAULTS: dict[Language, str] = {"zh": "zf_xiaoxiao", "en": "af_heart", "fr": "ff_siwis"}
OWN = "persona"
"""The name that selects the persona's matched voice."""
_LANGUAGE_OF: dict[str, Language] = {"z": "zh", "a": "en", "f": "fr"}
"""First letter of a pack's name."""

_STRESS = frozenset("ˈˌ")
_TONES = frozenset("↓→↗↘")
_LENGTHENERS = frozenset("ʰʲː\u0303ᵝ")
"""Modifiers; their time belongs to the symbol before."""
_VOWELS = frozenset("AIOQWYaeiouyæɑɐɒɔəɚɛɜɤɨɪøœɯʊʌᵊᵻ")
_PAUSES = frozenset(";:,.!?—… ")
SHORT_BREAK = 3 * UNIT
"""A word break of up to 75 ms is not a pause: the mouth goes on."""
_QUIET = 10 ** (-46 / 20)
"""Padding below this share of the clause's peak counts as silence."""
LEAD, TAIL = 360, 1200
"""Samples kept before the first sound (15 ms) and after the last (50 ms)."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """The input of one run of the model, and the meaning of each of its tokens."""

    ids: NDArray[np.int64]
    """int64 [n], without pads."""
    marks: tuple[str, ...]
    """The symbol of each token."""
    owners: tuple[int, ...]
    """The word of each token; -1 for punctuation and breaks."""
    words: tuple[str, ...]


class Kokoro:
    """One voice pack in one language. `own` is a persona's matched voice; without it `pack` names a shipped
    one."""

    def __init__(self, pack: str, language: Language, speed: float, own: VoicePack | None = None) -> None:
        self.name = f"kokoro/{pack}" + (f"@{speed:g}" if speed != 1.0 else "")
        self.languages: frozenset[Language] = frozenset({language})
        self._pack = pack
        self._own = own
        self._speed = speed
        self._sounds: Sounds | None = None

    def paced(self, pace: float) -> Kokoro:
        """The same voice, `pace` times as fast, with the rhythm from its duration predictor."""
        other = Kokoro(self._pack, next(iter(self.languages)), self._speed * pace, self._own)
        other._sounds = self._sounds
        return other

    def pronouncing(self, sounds: Sounds) -> Kokoro:
        """The same voice with these words pronounced by their given phones."""
        other = self.paced(1.0)
        other._sounds = sounds
        return other

    async def warm(self) -> None:
        """Load weights, pack and lexicons. Raises `EngineError`."""
        words: dict[Language, str] = {"zh": "好的", "en": "okay", "fr": "bonjour"}
        (language,) = self.languages
        async for _ in self.speak(words[language], language):
            pass

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        """One `Speech` per clause, more only if it has over 510 symbols, none if it has no words. Raises
        `EngineError`."""
        for symbols in await _lane().run(_symbols, spoken, language, self._sounds):
            options = ort.RunOptions()
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
            try:
                speech = await _lane().run(self._say, symbols, options)
            finally:
                # a cut abandons the call; the model stops at its next node, which frees the lane
                options.terminate = True
            yield speech

    def _say(self, symbols: Symbols, options: ort.RunOptions) -> Speech:
        pack = self._own or shipped(self._pack)
        try:
            return _run(symbols, pack, self._speed, options)
        except Exception as error:  # onnxruntime's errors have no common class
            raise EngineError(f"the voice failed: {error}", where=self.name) from error


def recite(spoken: str, language: Language, pack: VoicePack, speed: float = 1.0) -> list[Speech]:
    """Speak a clause with any voice pack. Blocks; for use off air. Raises `EngineError`."""
    options = ort.RunOptions()
    return [_run(symbols, pack, speed, options) for symbols in _symbols(spoken, language)]


def say(spoken: str, language: Language, pack: VoicePack) -> Pcm:
    """The sound of a clause with any voice pack. Blocks; for use off air. Raises `EngineError`."""
    pieces = [speech.pcm for speech in recite(spoken, language, pack)]
    return np.concatenate([np.zeros(0, np.float32), *pieces])


def _run(symbols: Symbols, pack: VoicePack, speed: float, options: ort.RunOptions) -> Speech:
    feed = {
        "tokens": np.pad(symbols.ids, 1)[None],
        "style": pack.rows[min(len(symbols.ids), LONGEST) - 1][None],
        "speed": np.array([speed], np.float32),
        PITCH: np.array([pack.pitch], np.float32),
    }
    pcm, durations = loaded_model().run(None, feed, options)
    return timed(symbols, np.asarray(pcm, np.float32).ravel(), np.asarray(durations).ravel())


def shipped(name: str) -> VoicePack:
    """A voice pack that comes with the program. Raises `EngineError`."""
    return VoicePack(name, _style(name), 1.0)


def make(settings: VoiceSettings, language: Language) -> Voice:
    """A Kokoro voice by the name of its pack. Cheap: the weights load at first use. Without a name, or with the
    name `persona`, it is the persona's matched voice if there is one. Raises `EngineError` if there is no such
    pack or it speaks another language; `ConsentError` or `FootageError` if the persona does."""
    own = _own(settings, language) if settings.name in ("", OWN) else None
    if own is not None:
        return Kokoro(own.name, language, settings.speed, own)
    pack = settings.name or DEFAULTS[language]
    known = packs(language)
    if pack not in known:
        raise EngineError(
            f"kokoro has no voice {pack!r} for {language!r}",
            where="voice.name",
            remedy=f"take one of: {', '.join(known)}",
        )
    return Kokoro(pack, language, settings.speed)


def _own(settings: VoiceSettings, language: Language) -> VoicePack | None:
    """The persona's matched voice; None if there is none and the settings do not ask for it by name."""
    asked = settings.name == OWN
    if settings.persona is None or settings.consent is None:
        if asked:
            raise EngineError(
                "the persona's voice is wanted, but no persona and consent are named",
                where="voice.name",
                remedy="name them under face: or voice:, or take one of Kokoro's voices",
            )
        return None
    consent = load_consent(settings.consent, today=RealClock().wall(), trusted=load_machine().trusted)
    return load_voice(settings.persona, consent, language, needed=asked)


def packs(language: Language | None = None) -> list[str]:
    """Names of the shipped voice packs, of one language or of all."""
    names = sorted(name.removesuffix(".bin") for name in _sums())
    return [name for name in names if language in (None, _LANGUAGE_OF[name[0]])]


# ---- symbols ---------------------------------------------------------------------------------------


def _symbols(spoken: str, language: Language, sounds: Sounds | None = None) -> list[Symbols]:
    runs: list[list[Sounded]] = [[]]
    length = 0
    for sounded in phones(spoken, language, sounds):
        size = len(sounded.symbols) + sounded.spaced
        if length + size > LONGEST and runs[-1]:
            runs.append([])
            length = 0
        runs[-1].append(sounded)
        length += size
    return [encoded for run in runs if (encoded := _encoded(run)).words]


def _encoded(run: list[Sounded]) -> Symbols:
    vocabulary = known_symbols()
    marks: list[str] = []
    owners: list[int] = []
    words: list[str] = []
    for sounded in run:
        if sounded.spaced and marks:
            marks.append(" ")
            owners.append(-1)
        known = [mark for mark in sounded.symbols if mark in vocabulary]
        marks += known
        owners += [len(words) if sounded.text else -1] * len(known)
        if sounded.text:
            words.append(sounded.text)
    del marks[LONGEST:], owners[LONGEST:]  # one endless word
    ids = np.array([vocabulary[mark] for mark in marks], np.int64)
    return Symbols(ids, tuple(marks), tuple(owners), tuple(words))


# ---- times -----------------------------------------------------------------------------------------


def timed(symbols: Symbols, pcm: Pcm, durations: NDArray[np.float32]) -> Speech:
    """Speech from sound and frames per token (pads first and last), with the silence at both ends cut."""
    edges = np.maximum(np.rint(np.cumsum(durations)).astype(np.int64) * UNIT - LEADS, 0)
    onset, end = _sounding(pcm)
    edges[0] = min(edges[0], onset)  # sound before the first phone belongs to it
    begin = max(0, int(edges[0]) - LEAD)
    spans = [
        (max(0, min(int(one), end) - begin), max(0, min(int(other), end) - begin))
        for one, other in pairwise(edges[:-1])
    ]
    return Speech(
        np.ascontiguousarray(pcm[begin:end]), _words(symbols, spans), _phones(symbols, spans, end - begin)
    )


def _sounding(pcm: Pcm) -> tuple[int, int]:
    """First sample of the sound, and one past its last including the kept tail."""
    step = 120  # 5 ms
    steps = len(pcm) // step
    loud = np.abs(pcm[: steps * step]).reshape(steps, step).max(axis=1)
    heard = np.flatnonzero(loud > max(1e-4, float(loud.max(initial=0.0)) * _QUIET))
    if not len(heard):
        return len(pcm), len(pcm)
    return int(heard[0]) * step, min(len(pcm), int(heard[-1] + 1) * step + TAIL)


def _words(symbols: Symbols, spans: list[tuple[int, int]]) -> tuple[Word, ...]:
    words = []
    for number, text in enumerate(symbols.words):
        own = [span for span, owner in zip(spans, symbols.owners, strict=True) if owner == number]
        if own:
            words.append(Word(text, own[0][0], own[-1][1]))
    return tuple(words)


def _phones(symbols: Symbols, spans: list[tuple[int, int]], length: int) -> tuple[Phone, ...]:
    """One phone per sounding symbol, without gaps from the first sample to the last. The time of a stress mark
    goes to the vowel after it, of a tone to the vowel before it, of a modifier to its letter."""
    names: list[str] = []
    sizes: list[int] = []
    carried = spans[0][0] if spans else length
    if carried:
        names.append("")
        sizes.append(carried)
    carried = 0
    for mark, (start, end) in zip(symbols.marks, spans, strict=True):
        size = end - start
        if mark in _STRESS:
            carried += size
        elif mark in _TONES or mark in _LENGTHENERS:
            sizes[_bearer(names, mark)] += size
        elif mark == " " and size + carried <= SHORT_BREAK and names and names[-1]:
            sizes[-1] += size
        else:
            names.append("" if mark in _PAUSES else mark)
            sizes.append(size + carried)
            carried = 0
    rest = length - sum(sizes)
    if rest > 0:
        names.append("")
        sizes.append(rest)
    return _joined(names, sizes)


def _bearer(names: list[str], mark: str) -> int:
    if mark in _TONES:
        for index in range(len(names) - 1, -1, -1):
            if names[index] in _VOWELS:
                return index
    return len(names) - 1


def _joined(names: list[str], sizes: list[int]) -> tuple[Phone, ...]:
    """Phones end to end. Adjacent pauses are merged; phones without length are dropped."""
    found: list[Phone] = []
    start = 0
    for name, size in zip(names, sizes, strict=True):
        if not size:
            continue
        if found and not name and not found[-1].symbol:
            found[-1] = Phone("", found[-1].start, start + size)
        else:
            found.append(Phone(name, start, start + size))
        start += size
    return tuple(found)


# ---- loaded once per process -----------------------------------------------------------------------


@cache
def _lane() -> Lane:
    return Lane("voice", nice=NICE)


@cache
def _sums() -> dict[str, str]:
    """sha256 of each pack by its file name."""
    lines = _file("SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def _file(name: str) -> Path:
    return Path(str(resources.files("doublure.voice.engines.kokoro") / "data" / name))


@cache
def _style(pack: str) -> NDArray[np.float32]:
    """A voice pack, float32 [510, 256]: the style for each number of tokens."""
    path = _file(f"{pack}.bin")
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != _sums()[path.name]:
        raise EngineError("this voice pack is damaged", where=str(path), remedy="install doublure again")
    return np.frombuffer(raw, "<f4").reshape(LONGEST, 256)
