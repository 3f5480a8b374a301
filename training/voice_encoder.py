"""Makes `timbres.npz`: the space of Kokoro's timbres, and a regression from its points to voice prints.

    npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz
    python -m training.voice_encoder --packs package/voices --clips out/timbres --out src/doublure/enrol/timbres.npz

Speech is synthesised from random mixtures of the 54 packs, so no recording of anybody is needed. A clip
depends on its number alone, and existing clips are not made again, so a killed run resumes. A ridge
regression learns the voice print of a point from the clips (`doublure.enrol.timbres` uses it to find the
point of a host). The mean cosine on held-back clips is printed, with that of the mean print for comparison.
A clip takes two seconds of one core. Needs torch in addition to the project.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from doublure.enrol.timbres import AXES, FEATURES, TIMBRE, Space, features
from doublure.enrol.voice_pitch import median_pitch
from doublure.enrol.voice_print import spoken, voice_print
from doublure.media import Language
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.engines.kokoro.pack import VoicePack

CLIPS = 600
HELD_BACK = 5  # one clip in this many, to evaluate the regression
SEED = 7
ROWS = slice(19, 100)  # rows of a pack for clauses of 20 to 100 tokens; the timbre hardly changes among them
MOST_VOICES = 5  # most packs in a mixture
ONE_SEX = 0.7  # share of mixtures of packs of one sex
STRETCH = (0.8, 1.5)  # factor on a mixture's distance from the middle, because mixing moves towards it
PITCH = 0.3  # the pitch factor is e to a power within plus or minus this
RIDGE = 1.0  # regularises directions that few clips cover
SHARE = {"zh": 0.7, "en": 0.18, "fr": 0.12}
TEXTS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "今天给大家带来一款新的保温杯。",
        "喜欢的朋友点一下右下角的购物车。",
        "这件外套面料很软，穿着特别舒服。",
        "大家晚上好，欢迎来到我们的直播间。",
        "这个颜色卖得最快，库存不多了。",
        "有什么问题都可以打在评论区里。",
        "早上用一次，晚上再用一次就可以。",
        "我自己在家里也一直用这一款。",
        "下单以后两天之内就会发货。",
        "质量不满意可以七天无理由退换。",
        "它的容量刚好够一家三口用。",
        "把关注点一点，马上就要抽奖了。",
    ),
    "en": (
        "Good evening everyone, welcome to the show.",
        "This jacket is soft and warm to wear.",
        "Tap the basket below to see the price.",
        "I have been using it at home all year.",
    ),
    "fr": (
        "Bonsoir à tous, bienvenue dans notre boutique.",
        "Cette veste est douce et très chaude.",
        "Touchez le panier pour voir le prix.",
        "Je l'utilise chez moi depuis un an.",
    ),
}


@dataclass(frozen=True, slots=True)
class Packs:
    """All voices of Kokoro."""

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    """[packs, 510, 256]."""

    @property
    def timbres(self) -> NDArray[np.float64]:
        """[packs, TIMBRE]."""
        return self.rows[:, ROWS, :TIMBRE].mean(axis=1, dtype=np.float64)

    def prosodies(self, language: Language) -> list[int]:
        """Numbers of the packs that speak a language."""
        letters = {"zh": "z", "en": "ab", "fr": "f"}[language]
        return [number for number, name in enumerate(self.names) if name[0] in letters]


@dataclass(frozen=True, slots=True)
class Draw:
    """Parameters of one clip."""

    language: Language
    text: str
    prosody: int
    """Number of the pack that gives the prosody."""
    pitch: float
    timbre: NDArray[np.float32]
    """[TIMBRE]."""


def read_packs(folder: Path) -> Packs:
    """Read the packs of the npm package."""
    files = sorted(folder.glob("*.bin"))
    if not files:
        raise SystemExit(f"{folder} has no voice packs (*.bin); name the folder voices of kokoro-js")
    return Packs(
        tuple(file.stem for file in files),
        np.stack([np.fromfile(file, "<f4").reshape(510, 256) for file in files]),
    )


def draw(number: int, packs: Packs) -> Draw:
    """Draw the parameters of clip `number`; always the same for a number."""
    chance = np.random.default_rng([SEED, number])
    languages: tuple[Language, ...] = ("zh", "en", "fr")
    language = languages[int(chance.choice(3, p=[SHARE[one] for one in languages]))]
    among = np.arange(len(packs.names))
    if chance.random() < ONE_SEX:
        sex = "f" if chance.random() < 0.5 else "m"
        among = np.array([number for number in among if packs.names[number][1] == sex])
    who = chance.choice(among, int(chance.integers(1, MOST_VOICES + 1)), replace=False)
    timbres = packs.timbres
    middle = timbres.mean(axis=0)
    away = chance.dirichlet(np.ones(len(who))) @ timbres[who] - middle
    if len(who) > 1:
        away *= chance.uniform(*STRETCH)
    return Draw(
        language,
        str(chance.choice(TEXTS[language])),
        int(chance.choice(packs.prosodies(language))),
        float(np.exp(chance.uniform(-PITCH, PITCH))),
        (middle + away).astype(np.float32),
    )


def make_clip(drawn: Draw, packs: Packs, file: Path) -> None:
    """Synthesise a clip and save it atomically."""
    rows = packs.rows[drawn.prosody].copy()
    rows[:, :TIMBRE] = drawn.timbre
    pcm = kokoro.say(drawn.text, drawn.language, VoicePack("drawn", rows, drawn.pitch))
    making = file.with_suffix(".making.npz")
    np.savez(making, pcm=pcm.astype(np.float16), timbre=drawn.timbre, language=drawn.language)
    os.replace(making, file)


def learn(packs: Packs, clips: list[Path]) -> Space:
    """Compute the axes, and fit the regression to the clips."""
    timbres = packs.timbres
    middle = timbres.mean(axis=0)
    _, spread, directions = np.linalg.svd(timbres - middle, full_matrices=False)
    axes = directions[:AXES] * spread[:AXES, None] / np.sqrt(len(timbres))
    space = Space(middle, axes, np.zeros((FEATURES, FEATURES)), np.zeros((FEATURES, 256)))
    rows, prints = [], []
    for clip in clips:
        with np.load(clip) as kept:
            pcm, timbre, language = kept["pcm"].astype(np.float32), kept["timbre"], str(kept["language"])
        sound = spoken(pcm)
        known: Language = "zh" if language == "zh" else "en" if language == "en" else "fr"
        rows.append(features(space.point(timbre), median_pitch(sound), known))
        prints.append(voice_print(sound))
    x, y = np.array(rows), np.array(prints, np.float64)
    back = np.arange(len(x)) % HELD_BACK == 0
    if back.sum() > 1 and (~back).sum() > FEATURES:
        guess = x[back] @ np.linalg.solve(*_normal(x[~back], y[~back]))
        print(
            f"{len(x)} clips; on {back.sum()} held back, cosine of print and guess {_cosine(guess, y[back])}"
        )
        print(f"of print and mean print {_cosine(np.tile(y[~back].mean(axis=0), (back.sum(), 1)), y[back])}")
    gram, cross = _normal(x, y)
    return Space(middle, axes, gram, cross)


def _normal(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The normal equations of the ridge regression; the constant is (almost) not regularised."""
    ridge = np.eye(FEATURES) * RIDGE
    ridge[0, 0] = 1e-6
    return x.T @ x + ridge, x.T @ y


def _cosine(guess: NDArray[np.float64], truth: NDArray[np.float64]) -> str:
    return f"{np.mean((guess * truth).sum(axis=1) / np.linalg.norm(guess, axis=1)):.3f}"


def main() -> None:
    """Make the missing clips, then train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=CLIPS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    packs = read_packs(given.packs)
    given.clips.mkdir(parents=True, exist_ok=True)
    files = [given.clips / f"{number:05}.npz" for number in range(given.count)]
    for number, file in enumerate(files):
        if not file.exists():
            make_clip(draw(number, packs), packs, file)
            print(f"\r{number + 1} of {given.count}", end="", flush=True)
    print()
    space = learn(packs, files)
    np.savez(
        given.out,
        middle=space.middle.astype(np.float32),
        axes=space.axes.astype(np.float32),
        gram=space.gram,
        cross=space.cross,
    )
    print(f"{given.out}: {given.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
