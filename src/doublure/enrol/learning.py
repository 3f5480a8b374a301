"""Learns how the host's mouth moves when something is said: `doublure.articulation`'s networks, with torch.

The host's own voice says what the mouth did, but other voices will drive it: the footage's sound is heard
faster and slower as well (which moves pitch and formants), and noise and missing inputs keep the networks
from leaning on any one thing. A stretch of silence with a resting mouth is learnt too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from doublure.acoustics import PER_FRAME, Heard, hear
from doublure.articulation import MOVES, Articulation, Network, generic_mouth, inputs
from doublure.enrol.convolutions import Convolutions, movement_loss, principal_directions
from doublure.geometry import SHAPES, ShapeBasis
from doublure.media import FPS, SAMPLES_PER_FRAME, Pcm

HEARD = 160  # directions of what is heard that are kept
WIDTH = 96  # channels inside
BATCH = 8  # stretches a step
STRETCH = 8 * FPS  # frames a stretch
RATE = 3e-3  # highest learning rate, of one cycle
DECAY = 1e-2
DROPPED_INPUTS = 0.3
DROPPED = 0.3
NOISE = 0.2
SPEEDS = (1.0, 0.9, 1.12)  # of the sound; the first is as it is
MOVEMENT = 0.5  # how much errors of speed count beside errors of place
SILENCE = 3 * FPS  # frames
THREADS = 2


@dataclass(frozen=True, slots=True)
class Effort:
    """How long it is learnt."""

    networks: int = 3
    """Averaged."""
    steps: int = 500
    """Of each."""


FULL = Effort()
QUICK = Effort(networks=1, steps=150)
"""For a first look: a tenth of the time."""


def learn(
    pcm: Pcm,
    shapes: NDArray[np.float64],
    basis: ShapeBasis,
    rest: NDArray[np.float64],
    effort: Effort = FULL,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Articulation:
    """From the footage's sound and its mouths [frames, SHAPES], NaN where they are not to be learnt; on the GPU
    when there is one. Same input and machine, same result."""
    torch.set_num_threads(THREADS)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    heard = [_faster(pcm, speed, len(shapes)) for speed in SPEEDS]
    mean = heard[0].mean(axis=0)
    projection = principal_directions(heard[0] - mean, HEARD)
    silent = hear(np.zeros(SILENCE * SAMPLES_PER_FRAME, np.float32))
    generic = generic_mouth()
    given = [
        torch.tensor(inputs(one, mean, projection, generic).T, device=device) for one in (*heard, silent)
    ]
    # small movements count less: they are mostly tremble
    weight = np.sqrt(basis.spread)
    wanted = torch.tensor((shapes * weight).T, dtype=torch.float32, device=device)
    silence = np.repeat((rest * weight)[:, None], SILENCE, axis=1)
    resting = torch.tensor(silence, dtype=torch.float32, device=device)
    networks: list[Convolutions] = []
    for seed in range(effort.networks):
        torch.manual_seed(seed)
        net = _network().to(device)
        for step in _fit(net, given, wanted, resting, effort.steps):
            progress(seed * effort.steps + step, effort.networks * effort.steps)
        networks.append(net.eval())
    return Articulation(
        mean,
        projection,
        generic,
        rest.astype(np.float32),
        tuple(_unweighted(one, weight) for one in networks),
    )


def _network() -> Convolutions:
    return Convolutions(HEARD + MOVES, WIDTH, SHAPES, dropped_inputs=DROPPED_INPUTS, dropped=DROPPED)


def _faster(pcm: Pcm, speed: float, frames: int) -> Heard:
    """What is heard of the sound played at another speed, at the times of the sound as it is."""
    count = PER_FRAME * frames
    if speed == 1.0:
        heard = hear(pcm[: frames * SAMPLES_PER_FRAME])
        return np.pad(heard, ((0, count - len(heard)), (0, 0)), mode="edge")
    at = np.arange(int(len(pcm) / speed)) * speed
    heard = hear(np.interp(at, np.arange(len(pcm)), pcm).astype(np.float32))
    places = np.clip(np.arange(count) / speed, 0, len(heard) - 1.001)
    low, share = places.astype(int), (places % 1)[:, None].astype(np.float32)
    return np.asarray(heard[low] * (1 - share) + heard[low + 1] * share)


def _fit(
    net: Convolutions, given: list[Tensor], wanted: Tensor, resting: Tensor, steps: int
) -> Iterator[int]:
    """Trains in place; yields the number of each step that is over."""
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    stretch = min(STRETCH, wanted.shape[1])
    chance = np.random.default_rng(torch.initial_seed())
    for step in range(steps):
        sounds: list[Tensor] = []
        outputs: list[Tensor] = []
        for _ in range(BATCH):
            start = int(chance.integers(0, wanted.shape[1] - stretch + 1))
            # half of the time as it was recorded
            version = int(chance.integers(1, len(SPEEDS))) if chance.random() < 0.5 else 0
            sounds.append(given[version][:, PER_FRAME * start : PER_FRAME * (start + stretch)])
            outputs.append(wanted[:, start : start + stretch])
        x, y = torch.stack(sounds), torch.stack(outputs)
        quiet = min(stretch, SILENCE)
        x[0, :, : PER_FRAME * quiet], y[0, :, :quiet] = given[-1][:, : PER_FRAME * quiet], resting[:, :quiet]
        inside = net.inside(x + NOISE * torch.randn_like(x))
        made = net.answers(inside[:, :, ::PER_FRAME])
        # what is not to be learnt is right whatever it is
        loss = movement_loss(made, torch.where(torch.isnan(y), made.detach(), y), MOVEMENT)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        yield step + 1


def _unweighted(net: Convolutions, weight: NDArray[np.float64]) -> Network:
    known = net.network()
    scale = (1 / weight).astype(np.float32)
    return Network(
        known.first, known.first_bias, known.layers, known.biases, known.last * scale, known.last_bias * scale
    )
