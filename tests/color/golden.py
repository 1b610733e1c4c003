"""Fixtures made with the authors' code; they lie outside the repository (environment variable VCNODE_GOLDEN)."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

FOLDER = Path(os.environ.get("VCNODE_GOLDEN") or Path(__file__).parents[3] / "shared" / "golden")
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips" / "dev"


def golden(file: str, *names: str) -> list[Tensor]:
    """Reads arrays of a fixture file, or skips the test where it is absent."""
    if not (FOLDER / file).exists():
        pytest.skip(f"the golden fixtures are not in {FOLDER}")
    with np.load(FOLDER / file) as arrays:
        return [torch.from_numpy(arrays[name]) for name in names]
