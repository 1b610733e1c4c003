"""The Inception network of FID (Heusel et al. 2017): TensorFlow's of 2015-12-05, to its last pooled layer.

Its weights do not come with vcnode. They are taken, without any download, from the first of

1. the file given, or named by the environment variable `VCNODE_INCEPTION`;
2. `inception_fid.safetensors` in the user's models folder (`VCNODE_MODELS`);
3. torch's cache of downloads, where torch-fidelity leaves `weights-inception-2015-12-05-6726825d.pth` and pytorch-fid
   `pt_inception-2015-12-05-6726825d.pth`.

All have torchvision's parameter names. It is another network than torchvision's Inception v3 (whose weights are not
accepted): it averages without the padding and takes a maximum in its last block. Features equal torch-fidelity's.
"""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn

from vcnode.evaluation.metrics._checks import eight_bit, rgb_picture
from vcnode.evaluation.metrics.local_weights import find_weights
from vcnode.evaluation.metrics.unavailable import Unavailable
from vcnode.weights import check_state_dict, load_state_dict

_FILE = "inception_fid.safetensors"
_CACHED = ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth")
_SIDE = 299  # of the pictures it was trained on


class Inception(nn.Module):
    """The network with random weights; `find_inception` makes it with the right ones."""

    width = 2048
    """Of a feature vector."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[tuple[str, nn.Module]] = [
            ("Conv2d_1a_3x3", _convolution(3, 32, 3, stride=2)),
            ("Conv2d_2a_3x3", _convolution(32, 32, 3, padded=False)),
            ("Conv2d_2b_3x3", _convolution(32, 64, 3)),
            ("pool_1", nn.MaxPool2d(3, stride=2)),
            ("Conv2d_3b_1x1", _convolution(64, 80, 1)),
            ("Conv2d_4a_3x3", _convolution(80, 192, 3, padded=False)),
            ("pool_2", nn.MaxPool2d(3, stride=2)),
            ("Mixed_5b", _block_a(192, 32)),
            ("Mixed_5c", _block_a(256, 64)),
            ("Mixed_5d", _block_a(288, 64)),
            ("Mixed_6a", _block_b(288)),
            ("Mixed_6b", _block_c(768, 128)),
            ("Mixed_6c", _block_c(768, 160)),
            ("Mixed_6d", _block_c(768, 160)),
            ("Mixed_6e", _block_c(768, 192)),
            ("Mixed_7a", _block_d(768)),
            ("Mixed_7b", _block_e(1280, _average())),
            ("Mixed_7c", _block_e(2048, nn.MaxPool2d(3, stride=1, padding=1))),
        ]
        for name, block in blocks:
            self.add_module(name, block)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, rgb: Tensor) -> Tensor:
        """Features of pictures.

        Args:
            rgb: `(B, 3, H, W)`, 0..1 or uint8, on any device; rounded to 8-bit codes and resized to 299x299.

        Returns:
            `(B, 2048)`, on the network's device.

        Raises:
            InputError: They are no RGB pictures, or not finite.
        """
        codes = eight_bit(rgb_picture(rgb, "The picture")).to(next(self.parameters()))
        x = (_resize(_resize(codes, 2), 3) - 128) / 128
        for block in self.children():
            x = block(x)
        return x.mean(dim=(2, 3))


def find_inception(path: Path | None = None) -> Inception | Unavailable:
    """Make the network from weights on this machine; nothing is downloaded.

    Args:
        path: A `.pth` or safetensors file; the usual places are searched by default.

    Raises:
        ModelError: The file given, or named by `VCNODE_INCEPTION`, is absent; or what was found does not fit.
    """
    found = find_weights(path, "VCNODE_INCEPTION", _FILE, _CACHED)
    if found is None:
        return Unavailable(
            f"FID needs its Inception network, whose weights are not on this machine: put {_FILE} into the models "
            f"folder, {_CACHED[0]} (of torch-fidelity) into torch's cache, or name such a file in VCNODE_INCEPTION."
        )
    network = Inception()
    state = load_state_dict(found)
    state = {key: value.float() for key, value in state.items() if not _is_unused(key)}
    expected = {key: value.shape for key, value in network.state_dict().items() if not _is_unused(key)}
    check_state_dict(state, expected, str(found))
    network.load_state_dict(state, strict=False)  # checked above; what is left out are counters of training steps
    return network


def _is_unused(key: str) -> bool:
    return key.startswith(("fc.", "AuxLogits.")) or key.endswith("num_batches_tracked")


def _resize(planes: Tensor, dimension: int) -> Tensor:
    """Bilinear resizing of one dimension to 299 as TensorFlow 1 does it: corners aligned at the first pixel alone."""
    size = planes.shape[dimension]
    position = torch.arange(_SIDE, device=planes.device, dtype=planes.dtype) * (size / _SIDE)
    before = position.long().clamp_max(size - 1)
    share = (position - before).view(-1, *(1,) * (3 - dimension))
    after = (before + 1).clamp_max(size - 1)
    return torch.lerp(planes.index_select(dimension, before), planes.index_select(dimension, after), share)


class _Block(nn.Module):
    """Paths side by side, their results stacked.

    Args:
        paths: Each names the layers it passes, in order; `a|b` stacks what both make of the same input.
        layers: By torchvision's names.
    """

    def __init__(self, *paths: str, **layers: nn.Module) -> None:
        super().__init__()
        self._paths = [[step.split("|") for step in path.split()] for path in paths]
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        results = []
        for path in self._paths:
            y = x
            for names in path:
                y = torch.cat([self.get_submodule(name)(y) for name in names], dim=1)
            results.append(y)
        return torch.cat(results, dim=1)


def _convolution(
    channels: int, out: int, kernel: int | tuple[int, int], *, stride: int = 1, padded: bool = True
) -> nn.Module:
    """Convolution, batch normalisation, ReLU; padded to keep the size, except where the stride is 2."""
    size = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (size[0] // 2, size[1] // 2) if padded and stride == 1 else (0, 0)
    layers = {"conv": nn.Conv2d(channels, out, size, stride, padding, bias=False), "bn": nn.BatchNorm2d(out, eps=0.001)}
    return nn.Sequential(OrderedDict[str, nn.Module](layers, relu=nn.ReLU(inplace=True)))


def _average() -> nn.Module:
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def _block_a(channels: int, pooled: int) -> nn.Module:
    return _Block(
        "branch1x1",
        "branch5x5_1 branch5x5_2",
        "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3",
        "pool branch_pool",
        branch1x1=_convolution(channels, 64, 1),
        branch5x5_1=_convolution(channels, 48, 1),
        branch5x5_2=_convolution(48, 64, 5),
        branch3x3dbl_1=_convolution(channels, 64, 1),
        branch3x3dbl_2=_convolution(64, 96, 3),
        branch3x3dbl_3=_convolution(96, 96, 3),
        pool=_average(),
        branch_pool=_convolution(channels, pooled, 1),
    )


def _block_b(channels: int) -> nn.Module:
    return _Block(
        "branch3x3",
        "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3",
        "pool",
        branch3x3=_convolution(channels, 384, 3, stride=2),
        branch3x3dbl_1=_convolution(channels, 64, 1),
        branch3x3dbl_2=_convolution(64, 96, 3),
        branch3x3dbl_3=_convolution(96, 96, 3, stride=2),
        pool=nn.MaxPool2d(3, stride=2),
    )


def _block_c(channels: int, inner: int) -> nn.Module:
    return _Block(
        "branch1x1",
        "branch7x7_1 branch7x7_2 branch7x7_3",
        "branch7x7dbl_1 branch7x7dbl_2 branch7x7dbl_3 branch7x7dbl_4 branch7x7dbl_5",
        "pool branch_pool",
        branch1x1=_convolution(channels, 192, 1),
        branch7x7_1=_convolution(channels, inner, 1),
        branch7x7_2=_convolution(inner, inner, (1, 7)),
        branch7x7_3=_convolution(inner, 192, (7, 1)),
        branch7x7dbl_1=_convolution(channels, inner, 1),
        branch7x7dbl_2=_convolution(inner, inner, (7, 1)),
        branch7x7dbl_3=_convolution(inner, inner, (1, 7)),
        branch7x7dbl_4=_convolution(inner, inner, (7, 1)),
        branch7x7dbl_5=_convolution(inner, 192, (1, 7)),
        pool=_average(),
        branch_pool=_convolution(channels, 192, 1),
    )


def _block_d(channels: int) -> nn.Module:
    return _Block(
        "branch3x3_1 branch3x3_2",
        "branch7x7x3_1 branch7x7x3_2 branch7x7x3_3 branch7x7x3_4",
        "pool",
        branch3x3_1=_convolution(channels, 192, 1),
        branch3x3_2=_convolution(192, 320, 3, stride=2),
        branch7x7x3_1=_convolution(channels, 192, 1),
        branch7x7x3_2=_convolution(192, 192, (1, 7)),
        branch7x7x3_3=_convolution(192, 192, (7, 1)),
        branch7x7x3_4=_convolution(192, 192, 3, stride=2),
        pool=nn.MaxPool2d(3, stride=2),
    )


def _block_e(channels: int, pool: nn.Module) -> nn.Module:
    return _Block(
        "branch1x1",
        "branch3x3_1 branch3x3_2a|branch3x3_2b",
        "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a|branch3x3dbl_3b",
        "pool branch_pool",
        branch1x1=_convolution(channels, 320, 1),
        branch3x3_1=_convolution(channels, 384, 1),
        branch3x3_2a=_convolution(384, 384, (1, 3)),
        branch3x3_2b=_convolution(384, 384, (3, 1)),
        branch3x3dbl_1=_convolution(channels, 448, 1),
        branch3x3dbl_2=_convolution(448, 384, 3),
        branch3x3dbl_3a=_convolution(384, 384, (1, 3)),
        branch3x3dbl_3b=_convolution(384, 384, (3, 1)),
        pool=pool,
        branch_pool=_convolution(channels, 192, 1),
    )
