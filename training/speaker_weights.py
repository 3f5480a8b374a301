"""Makes `speaker.npz`, the speaker verification weights, from the Resemblyzer wheel.

    python -m training.speaker_weights --wheel Resemblyzer-0.1.4-py3-none-any.whl --out src/doublure/enrol/speaker.npz

They are stored in 16 bits: on 68 clips of people, voice prints of the stored and the original weights had a
cosine of at least 0.99999. The package itself is not installed, because it needs librosa, numba and a
compiler for its speech detector. Needs torch in addition to the project.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import torch

KEPT = ("lstm.", "linear.")  # the rest belongs to the optimiser and the training loss


def main() -> None:
    """Convert and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with zipfile.ZipFile(given.wheel) as wheel:
        packed = io.BytesIO(wheel.read("resemblyzer/pretrained.pt"))
    weights = torch.load(packed, map_location="cpu", weights_only=False)["model_state"]
    kept = {name: one.numpy().astype(np.float16) for name, one in weights.items() if name.startswith(KEPT)}
    np.savez(given.out, **kept)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB, {len(kept)} arrays")


if __name__ == "__main__":
    main()
