"""LPIPS: learned perceptual distance (Zhang, Isola, Efros, Shechtman & Wang 2018), version 0.1 on AlexNet.

Numbers are those of `lpips` 0.1.4 with `net="alex"`, on pictures scaled to -1..1. Its weights do not come with
vcnode. They are taken, without any download, from the first of

1. the file given, or named by the environment variable `VCNODE_LPIPS`: safetensors with AlexNet's convolutions under
   torchvision's names (`features.N.weight`, `features.N.bias`) and the heads `lpips.lin0.weight` to
   `lpips.lin4.weight`;
2. `lpips_alex.safetensors`, of the same layout, in the user's models folder (`VCNODE_MODELS`);
3. the installed `lpips` package, which brings the heads, with torchvision's AlexNet in torch's cache of downloads;
   both are there after `lpips.LPIPS(net="alex")` was made once.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.evaluation.metrics._checks import rgb_pair
from vcnode.evaluation.metrics.local_weights import find_weights, torch_cache
from vcnode.evaluation.metrics.unavailable import Unavailable
from vcnode.weights import check_state_dict, load_state_dict

_FILE = "lpips_alex.safetensors"
_ALEXNET = "alexnet-owt-7be5be79.pth"  # torchvision's name for it
_SMALLEST_SIDE = 31  # below, AlexNet's deeper layers have no extent
_CHANNELS = (64, 192, 384, 256, 256)
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


class Lpips(nn.Module):
    """The metric with random weights; `find_lpips` makes it with the right ones."""

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            {
                "0": nn.Conv2d(3, 64, 11, stride=4, padding=2),
                "3": nn.Conv2d(64, 192, 5, padding=2),
                "6": nn.Conv2d(192, 384, 3, padding=1),
                "8": nn.Conv2d(384, 256, 3, padding=1),
                "10": nn.Conv2d(256, 256, 3, padding=1),
            }
        )
        self.lpips = nn.ModuleDict(
            {f"lin{layer}": nn.Conv2d(width, 1, 1, bias=False) for layer, width in enumerate(_CHANNELS)}
        )
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, result: Tensor, truth: Tensor) -> Tensor:
        """Distance of each picture from the truth.

        Args:
            result: RGB `(B, 3, H, W)`, 0..1 or uint8, on any device.
            truth: Likewise, of the same shape.

        Returns:
            `(B,)` on the CPU, 0 or more (rarely above 1), lower is better.

        Raises:
            InputError: The pictures are of different shape, too small, not RGB, or not finite.
        """
        first, second = (2 * rgb - 1 for rgb in rgb_pair(result, truth))
        height, width = first.shape[2:]
        if min(height, width) < _SMALLEST_SIDE:
            raise InputError(f"The pictures are {width}x{height} pixels; LPIPS needs {_SMALLEST_SIDE} each way.")
        pyramids = [self._pyramid(pictures.to(self.shift)) for pictures in (first, second)]
        distance = torch.zeros(len(first), device=self.shift.device)
        for head, x, y in zip(self.lpips.values(), *pyramids, strict=True):
            distance = distance + head((x - y) ** 2).mean(dim=(1, 2, 3))
        return distance.cpu()

    def _pyramid(self, pictures: Tensor) -> list[Tensor]:
        """What AlexNet's five layers see, each position's features scaled to length 1."""
        x = (pictures - self.shift) / self.scale
        seen = []
        for name, convolution in self.features.items():
            if name in ("3", "6"):
                x = F.max_pool2d(x, 3, stride=2)
            x = F.relu(convolution(x))
            seen.append(x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return seen


def find_lpips(path: Path | None = None) -> Lpips | Unavailable:
    """Make the metric from weights on this machine; nothing is downloaded.

    Args:
        path: A safetensors file (layout above); the usual places are searched by default.

    Raises:
        ModelError: The file given, or named by `VCNODE_LPIPS`, is absent; or what was found is damaged.
    """
    found = find_weights(path, "VCNODE_LPIPS", _FILE)
    sources = [found] if found else _package_files()
    if sources is None:
        return Unavailable(
            f"LPIPS needs AlexNet with its heads, which are not on this machine: put {_FILE} into the models folder, "
            "name such a file in VCNODE_LPIPS, or install the package lpips and make lpips.LPIPS(net='alex') once."
        )
    state = {_own_name(key): value for source in sources for key, value in load_state_dict(source).items()}
    state = {key: value.float() for key, value in state.items() if not key.startswith("classifier.")}
    metric = Lpips()
    check_state_dict(state, {key: value.shape for key, value in metric.state_dict().items()}, str(sources[0]))
    metric.load_state_dict(state)
    return metric


def _package_files() -> list[Path] | None:
    """AlexNet and the heads as torchvision and the package `lpips` keep them; neither is imported."""
    package = find_spec("lpips")
    folders = list(package.submodule_search_locations or ()) if package else []
    files = [torch_cache() / _ALEXNET, *(Path(folder) / "weights" / "v0.1" / "alex.pth" for folder in folders[:1])]
    return files if len(files) == 2 and all(file.is_file() for file in files) else None


def _own_name(key: str) -> str:
    """The package calls its heads `lin0.model.1.weight`."""
    return f"lpips.{key.replace('.model.1', '')}" if key.startswith("lin") else key
