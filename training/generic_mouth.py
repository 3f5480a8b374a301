"""Trains `mouth.npz`, the generic mouth: the movements of a mouth for anybody's speech.

    python -m training.generic_mouth [--clips out/clips] [--out src/doublure/picture/mouth/mouth.npz]

The data comes from `training.clips`. The network also learns to name the phones, which separates phones that
look alike here but may not on another face; that output is not saved. One clip in twelve is held back for
evaluation. Needs torch.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from doublure.enrol.learn_mouth import principal_directions
from doublure.media import FPS
from doublure.picture.mouth.acoustics import PER_FRAME
from doublure.picture.mouth.articulation import MOVES, GenericMouth, save_generic
from training.convolutions import Convolutions, movement_loss

HEARD, WIDTH = 160, 192
STEPS, BATCH, STRETCH = 4000, 12, 4 * FPS
RATE, DECAY, DROPPED, NOISE = 3e-3, 1e-2, 0.1, 0.1
MOVEMENT, NAMING = 0.5, 0.15  # weights of the velocity and phone losses, relative to position
HELD = 12  # one clip in this many is held back
STILLEST = 0.02  # added to the standard deviations, for movements that are rare
NAMES = ("jaw", "spread", "round", "press", "bite", "upper", "lower", "tip", "out", "back")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip in the form the network takes."""

    heard: Tensor
    """[HEARD, vectors]."""
    moves: Tensor
    """[MOVES, frames], divided by their standard deviations."""
    phones: Tensor
    """[vectors]."""


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clips", type=Path, default=Path("out/clips"))
    parser.add_argument("--out", type=Path, default=Path("src/doublure/picture/mouth/mouth.npz"))
    order = parser.parse_args()
    torch.manual_seed(0)
    found = [dict(np.load(file)) for file in sorted(order.clips.glob("*.heard.npz"))]
    versions = sum(name.startswith("heard_") for name in found[0])
    mean, projection = _directions(found)
    symbols = sorted({str(name) for one in found for name in np.unique(one["phones_0"])})
    spread = np.concatenate([one["moves_0"] for one in found]).std(axis=0) + STILLEST
    clips = [
        [_clip(one, version, (mean, projection), symbols, spread) for version in range(versions)]
        for one in found
    ]
    del found
    held = clips[::HELD]
    learnt = [clip for number, clip in enumerate(clips) if number % HELD]
    net = Convolutions(HEARD, WIDTH, MOVES, dropped_inputs=DROPPED, dropped=DROPPED)
    _fit(net, nn.Conv1d(WIDTH, len(symbols), 1), learnt)
    _measure(net.eval(), held)
    save_generic(order.out, GenericMouth(mean, projection, net.network()))


def _directions(
    found: list[dict[str, NDArray[np.float32]]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean [SIZE] and principal directions [SIZE, HEARD]."""
    heard = np.concatenate([one[f"heard_{kind}"].astype(np.float32) for one in found for kind in (0, 1)])
    mean = heard.mean(axis=0)
    return mean, principal_directions(heard - mean, HEARD)


def _clip(
    one: dict[str, NDArray[np.float32]],
    version: int,
    directions: tuple[NDArray[np.float32], NDArray[np.float32]],
    symbols: list[str],
    spread: NDArray[np.float32],
) -> Clip:
    mean, projection = directions
    heard = (one[f"heard_{version}"].astype(np.float32) - mean) @ projection
    numbers = torch.tensor([symbols.index(str(name)) for name in one[f"phones_{version}"]])
    return Clip(torch.tensor(heard.T), torch.tensor((one[f"moves_{version}"] / spread).T), numbers)


def _fit(net: Convolutions, namer: nn.Conv1d, learnt: list[list[Clip]]) -> None:
    optimiser = torch.optim.AdamW([*net.parameters(), *namer.parameters()], RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    chance = np.random.default_rng(0)
    learnt = [kept for clip in learnt if (kept := [one for one in clip if one.moves.shape[1] >= STRETCH])]
    for step in range(STEPS):
        given, moves, names = [], [], []
        for _ in range(BATCH):
            versions = learnt[chance.integers(len(learnt))]
            clip = versions[chance.integers(len(versions))]
            start = int(chance.integers(0, clip.moves.shape[1] - STRETCH + 1))
            vectors = slice(PER_FRAME * start, PER_FRAME * (start + STRETCH))
            given.append(clip.heard[:, vectors])
            moves.append(clip.moves[:, start : start + STRETCH])
            names.append(clip.phones[vectors])
        x, y = torch.stack(given), torch.stack(moves)
        inside = net.inside(x + NOISE * torch.randn_like(x))
        loss = movement_loss(net.answers(inside[:, :, ::PER_FRAME]), y, MOVEMENT)
        loss = loss + NAMING * functional.cross_entropy(namer(inside), torch.stack(names))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        print(f"{step + 1} of {STEPS}, loss {loss.item():.3f}", end="\r", flush=True)


@torch.no_grad()
def _measure(net: Convolutions, held: list[list[Clip]]) -> None:
    """Print the correlation of each movement on held-back clips, clean version."""
    made = np.concatenate(
        [net.answers(net.inside(clip[0].heard[None]))[0, :, ::PER_FRAME].T.numpy() for clip in held]
    )
    true = np.concatenate([clip[0].moves.T.numpy() for clip in held])
    found = [np.corrcoef(made[:, column], true[:, column])[0, 1] for column in range(MOVES)]
    print("\n" + ", ".join(f"{name} {one:.3f}" for name, one in zip(NAMES, found, strict=True)))


if __name__ == "__main__":
    main()
