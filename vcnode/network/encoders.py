"""Feature pyramids of grey frames and colour references.

`VGG19Encoder` is the paper's; `EfficientNetLite0Encoder` is the embedded model's, at a fiftieth of its cost.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError, ModelError
from vcnode.network.convolution import Conv3x3


def gray_to_rgb(lightness: Tensor) -> Tensor:
    """Show a grey frame to an encoder: L* / 100 taken for sRGB as it is, as the authors do (`test.py`).

    Args:
        lightness: L `(B, 1, H, W)`, 0..100.

    Returns:
        `(B, 3, H, W)` in 0..1, three views of one plane.
    """
    return (lightness / 100).expand(-1, 3, -1, -1)


def lab_to_rgb_differentiable(lab: Tensor) -> Tensor:
    """Turn Lab into sRGB with the authors' formulas (`utils/util.py`), for encoders and losses.

    Only fz is kept from going negative, and the result is clipped; what is clipped gets no gradient. Every
    branch stays finite, so gradients are finite everywhere.

    Args:
        lab: L 0..100 and a, b -128..127, `(B, 3, H, W)`.

    Returns:
        sRGB `(B, 3, H, W)` in 0..1.
    """
    lightness, a, b = (lab[:, channel : channel + 1] for channel in range(3))
    fy = (lightness + 16) / 116
    x, y, z = (
        torch.where(f > 0.2068966, f**3, (f - 16 / 116) / 7.787)
        for f in (a / 500 + fy, fy, (fy - b / 200).clamp(min=0))
    )
    x, z = 0.95047 * x, 1.08883 * z
    linear = torch.cat(
        (
            3.24048134 * x - 1.53715152 * y - 0.49853633 * z,
            -0.96925495 * x + 1.87599 * y + 0.04155593 * z,
            0.05564664 * x - 0.20404134 * y + 1.05731107 * z,
        ),
        dim=1,
    )
    knee = 0.0031308  # clamping the base of the power to the knee keeps its unused side differentiable
    curved = 1.055 * linear.clamp(min=knee) ** (1 / 2.4) - 0.055
    return torch.where(linear > knee, curved, 12.92 * linear).clamp(0, 1)


class VGG19Encoder(nn.Module):
    """The VGG19 of the Caffe lineage that the paper uses, frozen. Loads `vgg19_conv.pth` with strict keys.

    Torchvision's VGG19 weights expect another preprocessing and are not interchangeable.
    """

    channels: tuple[int, ...] = (128, 256, 512, 512)
    strides: tuple[int, ...] = (2, 4, 8, 16)

    def __init__(self) -> None:
        super().__init__()
        width = 3
        for stage, (out, count) in enumerate(((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)), start=1):
            for layer in range(1, count + 1):
                self.add_module(f"conv{stage}_{layer}", Conv3x3(width, out))
                width = out
        self.mean: Tensor
        mean_bgr = torch.tensor([0.40760392, 0.45795686, 0.48501961]).view(3, 1, 1)
        self.register_buffer("mean", mean_bgr, persistent=False)
        self.requires_grad_(False)

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """Return r22, r32, r42, r52 (the ReLU after convX_2) of RGB `(B, 3, H, W)` in 0..1."""
        return self.pyramid(rgb)[1:]

    def pyramid(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """Return r12, r22, r32, r42, r52 of RGB `(B, 3, H, W)` in 0..1; r12 has 64 channels at full size.

        Sizes are floored at every pooling. conv5_3 and conv5_4 are in the weights but feed nothing and are
        not run.
        """
        x = self.preprocess(rgb)
        taps = []
        for stage, count in ((1, 2), (2, 2), (3, 4), (4, 4), (5, 2)):
            for layer in range(1, count + 1):
                x = self.get_submodule(f"conv{stage}_{layer}")(x).relu_()
                if layer == 2:
                    taps.append(x)
            if stage < 5:
                x = F.max_pool2d(x, 2)
        return tuple(taps)

    def preprocess(self, rgb: Tensor) -> Tensor:
        """Turn RGB in 0..1 into Caffe's BGR, mean subtracted, in steps of 1/255."""
        return (rgb.flip(1) - self.mean) * 255


class FrozenBatchNorm(nn.Module):
    """Batch normalisation with fixed statistics, folded into the convolution before it."""

    def __init__(self, channels: int, eps: float = 1e-3) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def after(self, conv: nn.Conv2d, x: Tensor) -> Tensor:
        """Apply the bias-free `conv`, padded like TensorFlow's "SAME", and this normalisation at once."""
        scale = self.weight * torch.rsqrt(self.running_var + self.eps)
        shift = self.bias - self.running_mean * scale
        top, bottom = _same_padding(x.shape[2], conv.kernel_size[0], conv.stride[0])
        left, right = _same_padding(x.shape[3], conv.kernel_size[1], conv.stride[1])
        if top != bottom or left != right:
            x, top, left = F.pad(x, (left, right, top, bottom)), 0, 0
        kernel = conv.weight * scale.view(-1, 1, 1, 1)
        return F.conv2d(x, kernel, shift, conv.stride, (top, left), groups=conv.groups)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after; the odd one comes last, so it is lopsided at stride 2 and even sizes."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Stage(NamedTuple):
    """One row of EfficientNet-Lite0's table."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_LITE0 = (  # Tan & Le 2019, table 1, without squeeze-and-excitation; later stages are not used
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
)
_LITE0_TAPS = {
    2: (0, 16),
    4: (2, 24),
    8: (4, 40),
    16: (10, 112),
}  # stride: (index of the block tapped, channels)


class _InvertedBottleneck(nn.Module):
    """Expand 1x1, filter depthwise, project 1x1; the input is added where shapes allow (MobileNetV2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expands, self.adds = expansion > 1, stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = FrozenBatchNorm(width)
        self._depthwise_conv = nn.Conv2d(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = FrozenBatchNorm(width)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = FrozenBatchNorm(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        x = F.relu6(self._bn0.after(self._expand_conv, inputs)) if self.expands else inputs
        x = F.relu6(self._bn1.after(self._depthwise_conv, x))
        x = self._bn2.after(self._project_conv, x)
        return x + inputs if self.adds else x


class EfficientNetLite0Encoder(nn.Module):
    """EfficientNet-Lite0 up to stride 16, batch normalisation frozen; keys of `efficientnet_lite_pytorch`.

    Args:
        strides: Which taps to return, of 2, 4, 8 and 16 (16, 24, 40 and 112 channels). Layers below the last
            are not built.

    Raises:
        InputError: A stride that is not among these, or not in rising order.
    """

    def __init__(self, strides: tuple[int, ...] = (4, 8, 16)) -> None:
        super().__init__()
        if not strides or list(strides) != sorted(set(strides) & set(_LITE0_TAPS)):
            raise InputError(f"Encoder strides {strides} are not possible; choose some of 2, 4, 8, 16, rising.")
        self.strides = tuple(strides)
        self.channels = tuple(_LITE0_TAPS[stride][1] for stride in strides)
        self._tapped = [_LITE0_TAPS[stride][0] for stride in strides]
        self._conv_stem = nn.Conv2d(3, 32, 3, stride=2, bias=False)
        self._bn0 = FrozenBatchNorm(32)
        blocks: list[_InvertedBottleneck] = []
        width = 32
        for stage in _LITE0:
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(_InvertedBottleneck(width, stage.channels, stage.kernel, stride, stage.expansion))
                width = stage.channels
        self._blocks = nn.ModuleList(blocks[: self._tapped[-1] + 1])

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """Return the taps, fine to coarse, of RGB `(B, 3, H, W)` in 0..1; odd sizes are rounded up."""
        x = F.relu6(self._bn0.after(self._conv_stem, 2 * rgb - 1))  # (255 rgb - 127.5) / 127.5
        taps = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in self._tapped:
                taps.append(x)
        return tuple(taps)

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Load the whole classifier's weights, leaving out what this encoder does not have.

        Raises:
            ModelError: A tensor of the encoder is missing or has another shape.
        """
        wanted = self.state_dict()
        wrong = [key for key in wanted if key not in state or state[key].shape != wanted[key].shape]
        if wrong:
            raise ModelError(
                f"The weights do not fit EfficientNet-Lite0: {wrong[0]} and {len(wrong) - 1} more are "
                "missing or have another shape; use the ImageNet weights of efficientnet_lite0."
            )
        self.load_state_dict({key: state[key] for key in wanted})
