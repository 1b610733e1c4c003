"""The paper's recurrent colour network."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.network.convolution import Conv3x3, DoublingConv3x3
from vcnode.network.normalization import instance_norm

# Pixels at once of the last layers, at full size: few enough for a processor's cache; on GPUs a bound on memory alone.
_STRIP, _GPU_STRIP = 2**14, 2**20


def _halve(width: int) -> nn.Conv2d:
    """Keep every second pixel, scaled per channel."""
    return nn.Conv2d(width, width, 1, stride=2, groups=width, bias=False)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Identity(), DoublingConv3x3(inputs, outputs))  # the authors' keys count the doubling


def _strips(height: int, width: int, pixels: int) -> Iterator[tuple[int, int]]:
    """Cut a picture into rows of so many pixels together, so that memory does not grow with its height."""
    rows = max(2, pixels // width)
    return ((first, min(first + rows, height)) for first in range(0, height, rows))


class DevcColorNet(nn.Module):
    """The paper's colour subnet as the authors coded it (`ColorVidNet`); loads `colornet` with strict keys.

    A U-net of four scales with two dilated stages at the coarsest; skips are added, not concatenated. The
    state of the recurrence is the previous frame's Lab, given as an input like any other.

    Args:
        widths: Channels at full, half, quarter and eighth size; the paper's by default.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (64, 128, 256, 512)) -> None:
        super().__init__()
        full, half, quarter, eighth = widths
        self.conv1_1 = nn.Sequential(Conv3x3(7, full // 2), nn.ReLU(), Conv3x3(full // 2, full))
        self.conv1_2 = Conv3x3(full, full)
        self.conv1_2norm_ss = _halve(full)
        self.conv2_1 = Conv3x3(full, half)
        self.conv2_2 = Conv3x3(half, half)
        self.conv2_2norm_ss = _halve(half)
        self.conv3_1 = Conv3x3(half, quarter)
        self.conv3_2 = Conv3x3(quarter, quarter)
        self.conv3_3 = Conv3x3(quarter, quarter)
        self.conv3_3norm_ss = _halve(quarter)
        for stage, dilation in ((4, 1), (5, 2), (6, 2), (7, 1)):
            for layer in (1, 2, 3):
                inputs = quarter if (stage, layer) == (4, 1) else eighth
                self.add_module(f"conv{stage}_{layer}", Conv3x3(inputs, eighth, dilation))
        self.conv8_1 = _double(eighth, quarter)
        self.conv3_3_short = Conv3x3(quarter, quarter)
        self.conv8_2 = Conv3x3(quarter, quarter)
        self.conv8_3 = Conv3x3(quarter, quarter)
        self.conv9_1 = _double(quarter, half)
        self.conv2_2_short = Conv3x3(half, half)
        self.conv9_2 = Conv3x3(half, half)
        self.conv10_1 = _double(half, half)
        self.conv1_2_short = Conv3x3(full, half)
        self.conv10_2 = Conv3x3(half, half)
        self.conv10_ab = nn.Conv2d(half, 2, 1)

    def forward(
        self,
        lightness: Tensor,
        warped_ab: Tensor,
        confidence: Tensor,
        previous_lightness: Tensor,
        previous_ab: Tensor,
    ) -> Tensor:
        """Colour one frame.

        Args:
            lightness: L of the frame `(B, 1, H, W)`, 0..100; H and W are multiples of 8, at least 16.
            warped_ab: The reference's colours brought to the frame `(B, 2, H, W)`.
            confidence: Best cosine of every position `(B, 1, H, W)`, -1..1.
            previous_lightness: L of the previous frame, 0..100; 50 where there is none.
            previous_ab: Colours given to the previous frame `(B, 2, H, W)`; 0 where there is none.

        Returns:
            ab `(B, 2, H, W)`, -128..128.

        Raises:
            InputError: H or W is not a multiple of 8, or below 16.
        """
        height, width = lightness.shape[2:]
        if height % 8 or width % 8 or min(height, width) < 16:
            raise InputError(
                f"A frame of {width}x{height} cannot be coloured; give a width and height that are "
                "multiples of 8 and at least 16."
            )
        inputs = (lightness - 50, warped_ab, confidence, previous_lightness - 50, previous_ab)
        fine = self._stage(self.conv1_1(torch.cat(inputs, dim=1)).relu_(), "conv1_2")
        middle = self._stage(self.conv1_2norm_ss(fine), "conv2_1", "conv2_2")
        coarse = self._stage(self.conv2_2norm_ss(middle), "conv3_1", "conv3_2", "conv3_3")
        x = self.conv3_3norm_ss(coarse)
        for stage in (4, 5, 6, 7):
            x = self._stage(x, *(f"conv{stage}_{layer}" for layer in (1, 2, 3)))
        x = self._stage((self.conv8_1(x) + self.conv3_3_short(coarse)).relu_(), "conv8_2", "conv8_3")
        x = self._stage((self.conv9_1(x) + self.conv2_2_short(middle)).relu_(), "conv9_2")
        if torch.is_grad_enabled():
            x = (self.conv10_1(x) + self.conv1_2_short(fine)).relu_()
            return self._to_ab(self.conv10_2(x))
        strips = _strips(height, width, _GPU_STRIP if x.device.type == "cuda" else _STRIP)
        return torch.cat([self._rows(x, fine, *part) for part in strips], dim=2)

    def _to_ab(self, x: Tensor) -> Tensor:
        return 128 * torch.tanh(self.conv10_ab(F.leaky_relu(x, 0.2)))

    def _rows(self, x: Tensor, fine: Tensor, first: int, last: int) -> Tensor:
        """Some rows of the result: the last layers, at full size, see no farther than two rows up and down."""
        height = fine.shape[2]
        above, below = max(first - 1, 0), min(last + 1, height)
        doubling = self.conv10_1.get_submodule("1")
        assert isinstance(doubling, DoublingConv3x3)
        x = (doubling.rows(x, above, below) + self.conv1_2_short.rows(fine, above, below)).relu_()
        return self._to_ab(self.conv10_2.rows(x, first - above, last - above))

    def _stage(self, x: Tensor, *convolutions: str) -> Tensor:
        """Run the named convolutions, a ReLU after each, then instance normalisation."""
        for name in convolutions:
            x = self.get_submodule(name)(x).relu_()
        return instance_norm(x)
