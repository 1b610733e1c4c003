"""From a feature pyramid to one descriptor a position, ready to be matched by cosine.

`DevcHead` is the paper's correspondence subnet (the authors' `WarpNet`), `LightHead` the embedded model's.
Matching itself is in `matching.py`.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.network.convolution import Conv3x3, ValidConv3x3
from vcnode.network.normalization import instance_norm

DEVC_WIDTH = 256  # of the paper's descriptors


def normalize(x: Tensor) -> Tensor:
    """Scale every position of `(B, C, ...)` to unit length over channels; all-zero positions stay zero.

    The authors add the double machine epsilon to the length, which vanishes in half precision; dividing a
    zero vector by one gives the same result in every precision, and a finite gradient. Lengths are taken in
    float32.
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=wide)
    return (x / torch.where(length > 0, length, 1)).to(x.dtype)


def center(x: Tensor) -> Tensor:
    """Subtract from every channel of `(B, C, H, W)` its mean over the image."""
    return x - x.mean(dim=(2, 3), keepdim=True)


class _ResidualBlock(nn.Module):
    """Two reflection-padded, instance-normalised 3x3 convolutions; one PReLU scalar serves both."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = Conv3x3(width, width, reflect=True)
        self.prelu = nn.PReLU()
        self.conv2 = Conv3x3(width, width, reflect=True)

    def forward(self, inputs: Tensor) -> Tensor:
        x = self.prelu(instance_norm(self.conv1(inputs)))
        out: Tensor = self.prelu(instance_norm(self.conv2(x)) + inputs)
        return out


class _InstanceNorm(nn.Module):
    """A layer of its own, because the authors' keys count it."""

    def forward(self, x: Tensor) -> Tensor:
        return instance_norm(x)


def _conv_norm_prelu(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.ReflectionPad2d(1),  # a layer of its own, because the authors' keys count it
        ValidConv3x3(inputs, outputs) if stride == 1 else nn.Conv2d(inputs, outputs, 3, stride),
        _InstanceNorm(),
        nn.PReLU(),
    ]


def _double() -> nn.Module:
    return nn.Upsample(scale_factor=2, mode="nearest")


class DevcHead(nn.Module):
    """The paper's feature head over VGG19's r22..r52; loads the authors' `nonlocal_net` with strict keys.

    Four branches bring the taps to a quarter of the frame's size, a trunk of three residual blocks mixes
    them, and a 1x1 projection each for frames (`theta`) and references (`phi`) makes the descriptors.
    Statistics are those of the whole image, so tiling changes results.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layer2_1 = nn.Sequential(*_conv_norm_prelu(128, 128), *_conv_norm_prelu(128, 64, stride=2))
        self.layer3_1 = nn.Sequential(*_conv_norm_prelu(256, 128), *_conv_norm_prelu(128, 64))
        self.layer4_1 = nn.Sequential(*_conv_norm_prelu(512, 256), *_conv_norm_prelu(256, 64), _double())
        self.layer5_1 = nn.Sequential(*_conv_norm_prelu(512, 256), _double(), *_conv_norm_prelu(256, 64), _double())
        self.layer = nn.Sequential(*(_ResidualBlock(256) for _ in range(3)))
        self.theta = nn.Conv2d(256, DEVC_WIDTH, 1)
        self.phi = nn.Conv2d(256, DEVC_WIDTH, 1)

    def queries(self, features: Sequence[Tensor]) -> Tensor:
        """Describe a frame.

        Args:
            features: r22, r32, r42, r52 of a frame whose height and width are multiples of 8, at least 32.

        Returns:
            `(B, 256, H/4, W/4)`, centred over the image, then of unit length.

        Raises:
            InputError: The frame's size is not allowed.
        """
        return normalize(center(self.theta(self._trunk(features))))

    def keys(self, features: Sequence[Tensor]) -> Tensor:
        """Describe a reference; sizes, result and errors as in `queries`."""
        return normalize(center(self.phi(self._trunk(features))))

    def _trunk(self, features: Sequence[Tensor]) -> Tensor:
        height, width = (2 * size for size in features[0].shape[2:])
        if height % 8 or width % 8 or min(height, width) < 32:
            raise InputError(
                f"A frame of about {width}x{height} cannot be matched; give a width and height that are "
                "multiples of 8 and at least 32."
            )
        branches = (self.layer2_1, self.layer3_1, self.layer4_1, self.layer5_1)
        maps = [branch(normalize(tap)) for branch, tap in zip(branches, features, strict=True)]
        maps[3] = _extend(maps[3], maps[0].shape[2], maps[0].shape[3])
        trunk: Tensor = self.layer(torch.cat(maps, dim=1))
        return trunk


def _extend(x: Tensor, height: int, width: int) -> Tensor:
    """Repeat the border to reach a size: an odd multiple of 8 loses half a step a side at stride 16.

    The authors hard-code one row at the top and one at the bottom, which is this for every size they can
    process.
    """
    rows, columns = height - x.shape[2], width - x.shape[3]
    if rows == columns == 0:
        return x
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2), mode="replicate")


class LightHead(nn.Module):
    """A head of one projection, for light encoders; frames and references share it.

    Each tap is centred over the image and normalised over channels, so that it has its say whatever its
    scale; a projection with orthonormal rows and a residual block that begins as nothing keep cosines near
    those of the taps themselves until training improves on them.

    Args:
        in_channels: Channels of the taps; the first tap sets the size of the result.
        width: Length of a descriptor.
        refine: Whether a 3x3 residual block follows the projection.
    """

    def __init__(self, in_channels: Sequence[int], width: int = 128, *, refine: bool = True) -> None:
        super().__init__()
        self.project = nn.Conv2d(sum(in_channels), width, 1, bias=False)  # a bias would be lost in the centring
        nn.init.orthogonal_(self.project.weight)
        self.refine: nn.Sequential | None = None
        if refine:
            last = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate", bias=False)
            nn.init.zeros_(last.weight)
            first = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
            self.refine = nn.Sequential(first, nn.PReLU(), last)

    def queries(self, features: Sequence[Tensor]) -> Tensor:
        """Describe a frame from its taps: `(B, width, h, w)` at the first tap's size, of unit length."""
        size = features[0].shape[2:]
        taps = [normalize(center(tap)) for tap in features]
        resized = [
            tap if tap.shape[2:] == size else F.interpolate(tap, size, mode="bilinear", align_corners=False)
            for tap in taps
        ]
        x = self.project(torch.cat(resized, dim=1))
        if self.refine is not None:
            x = x + self.refine(x)
        return normalize(center(x))

    def keys(self, features: Sequence[Tensor]) -> Tensor:
        """Describe a reference: the same as `queries`."""
        return self.queries(features)
