"""The paper's recurrent colour network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.network.convolution import Conv3x3, DoublingConv3x3


def _halve(width: int) -> nn.Conv2d:
    """Keep every second pixel, scaled per channel."""
    return nn.Conv2d(width, width, 1, stride=2, groups=width, bias=False)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Identity(), DoublingConv3x3(inputs, outputs))  # the authors' keys count the doubling


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
        x = F.leaky_relu(self.conv10_2((self.conv10_1(x) + self.conv1_2_short(fine)).relu_()), 0.2)
        return 128 * torch.tanh(self.conv10_ab(x))

    def _stage(self, x: Tensor, *convolutions: str) -> Tensor:
        """Run the named convolutions, a ReLU after each, then instance normalisation."""
        for name in convolutions:
            x = self.get_submodule(name)(x).relu_()
        return F.instance_norm(x)
