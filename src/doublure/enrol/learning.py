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
from torch import Tensor, nn
from torch.nn import functional

from doublure.acoustics import PER_FRAME, Heard, hear
from doublure.articulation import DILATIONS, TAPS, Articulation, Network
from doublure.geometry import SHAPES, ShapeBasis
from doublure.media import FPS, SAMPLES_PER_FRAME, Pcm

INPUTS = 160  # directions of what is heard that are kept
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


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(INPUTS, WIDTH, TAPS, padding=TAPS // 2)
        self.layers = nn.ModuleList(
            [nn.Conv1d(WIDTH, WIDTH, TAPS, padding=TAPS // 2 * far, dilation=far) for far in DILATIONS]
        )
        self.last = nn.Conv1d(WIDTH, SHAPES, 1)
        self.whole, self.single = nn.Dropout1d(DROPPED_INPUTS), nn.Dropout(DROPPED)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, INPUTS, vectors] -> [batch, SHAPES, vectors / PER_FRAME]."""
        x = functional.gelu(self.first(self.whole(x)), approximate="tanh")
        for layer in self.layers:
            x = x + functional.gelu(layer(self.single(x)), approximate="tanh")
        made: Tensor = self.last(self.single(x[:, :, ::PER_FRAME]))
        return made

    def network(self) -> Network:
        """As numpy computes it."""

        def flat(conv: nn.Conv1d) -> NDArray[np.float32]:
            weight = conv.weight.detach()  # [out, in, taps]
            return np.ascontiguousarray(weight.permute(2, 1, 0).reshape(-1, weight.shape[0]).numpy())

        def bias(conv: nn.Conv1d) -> NDArray[np.float32]:
            assert conv.bias is not None
            return np.asarray(conv.bias.detach().numpy())

        layers = [layer for layer in self.layers if isinstance(layer, nn.Conv1d)]
        return Network(
            flat(self.first),
            bias(self.first),
            np.stack([flat(layer) for layer in layers]),
            np.stack([bias(layer) for layer in layers]),
            flat(self.last),
            bias(self.last),
        )


def learn(
    pcm: Pcm,
    shapes: NDArray[np.float64],
    basis: ShapeBasis,
    rest: NDArray[np.float64],
    effort: Effort = FULL,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Articulation:
    """From the footage's sound and its mouths [frames, SHAPES]. Same input, same result."""
    torch.set_num_threads(THREADS)
    heard = [_faster(pcm, speed, len(shapes)) for speed in SPEEDS]
    mean = heard[0].mean(axis=0)
    projection = _projection(heard[0] - mean)
    silent = hear(np.zeros(SILENCE * SAMPLES_PER_FRAME, np.float32))
    given = [torch.tensor(((one - mean) @ projection).T) for one in (*heard, silent)]
    # small movements count less: they are mostly tremble
    weight = np.sqrt(basis.spread)
    wanted = torch.tensor((shapes * weight).T, dtype=torch.float32)
    resting = torch.tensor(np.repeat((rest * weight)[:, None], SILENCE, axis=1), dtype=torch.float32)
    networks: list[_Net] = []
    for seed in range(effort.networks):
        torch.manual_seed(seed)
        net = _Net()
        for step in _fit(net, given, wanted, resting, effort.steps):
            progress(seed * effort.steps + step, effort.networks * effort.steps)
        networks.append(net.eval())
    return Articulation(
        mean, projection, rest.astype(np.float32), tuple(_unweighted(one, weight) for one in networks)
    )


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


def _projection(away: Heard) -> NDArray[np.float32]:
    """To principal directions, the stronger ones held back a little: [SIZE, INPUTS]."""
    variance, axes = np.linalg.eigh(away.T @ away / len(away))
    spread = np.sqrt(np.maximum(variance[::-1][:INPUTS], 1e-9))
    found = axes[:, ::-1][:, :INPUTS] / spread**0.7
    return np.asarray(found / np.sqrt(np.mean(spread**0.6)), np.float32)


def _fit(net: _Net, given: list[Tensor], wanted: Tensor, resting: Tensor, steps: int) -> Iterator[int]:
    """Trains in place; yields the number of each step that is over."""
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    stretch = min(STRETCH, wanted.shape[1])
    chance = np.random.default_rng(torch.initial_seed())
    for step in range(steps):
        inputs: list[Tensor] = []
        outputs: list[Tensor] = []
        for _ in range(BATCH):
            start = int(chance.integers(0, wanted.shape[1] - stretch + 1))
            # half of the time as it was recorded
            version = int(chance.integers(1, len(SPEEDS))) if chance.random() < 0.5 else 0
            inputs.append(given[version][:, PER_FRAME * start : PER_FRAME * (start + stretch)])
            outputs.append(wanted[:, start : start + stretch])
        x, y = torch.stack(inputs), torch.stack(outputs)
        quiet = min(stretch, SILENCE)
        x[0, :, : PER_FRAME * quiet], y[0, :, :quiet] = given[-1][:, : PER_FRAME * quiet], resting[:, :quiet]
        made = net(x + NOISE * torch.randn_like(x))
        loss = functional.mse_loss(made, y)
        loss = loss + MOVEMENT * functional.mse_loss(made.diff(dim=2), y.diff(dim=2))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        yield step + 1


def _unweighted(net: _Net, weight: NDArray[np.float64]) -> Network:
    known = net.network()
    scale = (1 / weight).astype(np.float32)
    return Network(
        known.first, known.first_bias, known.layers, known.biases, known.last * scale, known.last_bias * scale
    )
