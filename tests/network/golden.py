"""The golden fixtures: outputs of the authors' code, and the rule that regenerates the weights behind them.

They lie outside the repository. The environment variable VCNODE_GOLDEN names their folder; without it,
../shared/golden beside the checkout is tried. Tests skip where they are absent.
"""

import os
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

FOLDER = Path(os.environ.get("VCNODE_GOLDEN") or Path(__file__).parents[3] / "shared" / "golden")
SEED = 20190616


class Fixture:
    """The arrays of one fixture file, as float32 tensors."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = FOLDER / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"golden fixture {name}.npz is not there; set VCNODE_GOLDEN to its folder")
        self.arrays = np.load(path)

    def __getitem__(self, key: str) -> Tensor:
        """Return one array; images stored as int16 hold 1/32 steps."""
        array = torch.from_numpy(self.arrays[key])
        if array.dtype == torch.int16:
            return array.float() / 32
        return array if array.dtype in (torch.int32, torch.int64) else array.float()

    def check(self, key: str, actual: Tensor, max_error: float, mean_error: float) -> None:
        """Compare one whole array."""
        _compare(f"{self.name}/{key}", actual, self[key], max_error, mean_error)

    def check_fingerprint(self, key: str, actual: Tensor, max_error: float, mean_error: float) -> None:
        """Compare a 1 x C x H x W map with its stored fingerprint."""
        assert list(actual.shape) == self[f"{key}.shape"].tolist(), key
        for part, found in _fingerprint(actual[0], self[f"{key}.slice_idx"].tolist()).items():
            _compare(f"{self.name}/{key}.{part}", found, self[f"{key}.{part}"], max_error, mean_error)
        map_ = actual.double()
        stats = [map_.mean(), map_.std(correction=0), map_.min(), map_.max(), map_.norm()]
        expected = self[f"{key}.stats"]
        torch.testing.assert_close(torch.stack(stats).float(), expected, rtol=1e-4, atol=max_error)


@cache
def fixture(name: str) -> Fixture:
    """Open a fixture file, or skip the test."""
    return Fixture(name)


def _fingerprint(map_: Tensor, where: list[int]) -> dict[str, Tensor]:
    height, width = map_.shape[1:]
    rows, columns = max(1, height // 12), max(1, width // 16)
    cropped = map_.mean(0)[: height // rows * rows, : width // columns * columns]
    cells = cropped.unflatten(1, (-1, columns)).unflatten(0, (-1, rows)).mean(dim=(1, 3))
    y, x, *chosen = where
    picked = map_[chosen]
    corners = torch.stack([picked[:, j, i] for j in (0, -1) for i in (0, -1)])
    return {
        "chan_mean": map_.mean(dim=(1, 2)),
        "cell_mean": cells,
        "slice": picked[:, y : y + 6, x : x + 8],
        "corner": corners,
    }


def _compare(name: str, actual: Tensor, expected: Tensor, max_error: float, mean_error: float) -> None:
    assert actual.shape == expected.shape, f"{name}: {tuple(actual.shape)} for {tuple(expected.shape)}"
    error = (actual - expected).abs()
    assert error.max() <= max_error, f"{name}: greatest error {error.max():.3g}, allowed {max_error:.3g}"
    assert error.mean() <= mean_error, f"{name}: mean error {error.mean():.3g}, allowed {mean_error:.3g}"


def load_rule_weights[Module: nn.Module](network: str, module: Module) -> Module:
    """Fill a module with the weights that the fixtures were made with, and return it in evaluation mode."""
    module.load_state_dict(rule_weights(network, {k: tuple(v.shape) for k, v in module.state_dict().items()}))
    return module.eval()


def rule_weights(network: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Generate every tensor of a state dict from its name alone."""
    return {key: torch.from_numpy(_rule(network, key, shape)) for key, shape in shapes.items()}


def _rule(network: str, key: str, shape: tuple[int, ...]) -> np.ndarray:
    seed = zlib.crc32(f"{network}/{key}".encode()) ^ SEED
    z = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    last = key.rsplit(".", 1)[-1]
    if last in ("weight_u", "weight_v"):
        z = z / np.linalg.norm(z)
    elif last == "gamma":
        z = 0.5 + 0.05 * z
    elif last == "bias" and network.startswith("vgg"):
        z = 5 * z
    elif last == "bias":
        z = 0.05 * z + (network == "colornet" and key != "conv10_ab.bias")
    elif key.endswith("_ss.weight"):
        z = 1 + 0.1 * z
    elif shape == (1,):
        z = 0.25 + 0.02 * z
    else:
        gain = {"conv1_1.0.weight": 2, "conv10_ab.weight": 0.005}.get(key, 1) if network == "colornet" else 2
        z = z * np.sqrt(gain / np.prod(shape[1:]))
        if (network, key) == ("colornet", "conv1_1.0.weight"):
            z[:, 3] *= 30
    return z.astype(np.float32)
