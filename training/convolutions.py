"""Trainable torch version of `doublure.picture.mouth.articulation.Network`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from doublure.picture.mouth.articulation import DILATIONS, TAPS, Network


class Convolutions(nn.Module):
    """Convolutions over time. `dropped_inputs` and `dropped` are the dropout rates of whole inputs and of
    single activations."""

    def __init__(
        self, inputs: int, width: int, outputs: int, *, dropped_inputs: float, dropped: float
    ) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, width, TAPS, padding=TAPS // 2)
        self.layers = nn.ModuleList(
            [nn.Conv1d(width, width, TAPS, padding=TAPS // 2 * far, dilation=far) for far in DILATIONS]
        )
        self.last = nn.Conv1d(width, outputs, 1)
        self.whole, self.single = nn.Dropout1d(dropped_inputs), nn.Dropout(dropped)

    def inside(self, x: Tensor) -> Tensor:
        """[batch, inputs, vectors] -> [batch, width, vectors]."""
        x = functional.gelu(self.first(self.whole(x)), approximate="tanh")
        for layer in self.layers:
            x = x + functional.gelu(layer(self.single(x)), approximate="tanh")
        return x

    def answers(self, inside: Tensor) -> Tensor:
        """[batch, width, vectors] -> [batch, outputs, vectors]."""
        made: Tensor = self.last(self.single(inside))
        return made

    def network(self) -> Network:
        """The weights for the numpy version."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Conv1d)]
        return Network(
            _flat(self.first),
            _bias(self.first),
            np.stack([_flat(layer) for layer in layers]),
            np.stack([_bias(layer) for layer in layers]),
            _flat(self.last),
            _bias(self.last),
        )


def movement_loss(made: Tensor, wanted: Tensor, share: float) -> Tensor:
    """Mean squared error of position plus `share` times that of velocity; time is the last axis."""
    place = functional.mse_loss(made, wanted)
    return place + share * functional.mse_loss(made.diff(dim=2), wanted.diff(dim=2))


def _flat(conv: nn.Conv1d) -> NDArray[np.float32]:
    weight = conv.weight.detach().cpu()  # [out, in, taps]
    return np.ascontiguousarray(weight.permute(2, 1, 0).reshape(-1, weight.shape[0]).numpy())


def _bias(conv: nn.Conv1d) -> NDArray[np.float32]:
    assert conv.bias is not None
    return np.asarray(conv.bias.detach().cpu().numpy())
