"""The paper's discriminator over two consecutive frames; used in training only."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.network.spectral_norm import SpectralConv2d


class SelfAttention(nn.Module):
    """Attention between all positions of one map, added with a learned gain that starts at zero (SAGAN).

    Products are not scaled. It runs through torch's fused attention, which keeps no N x N matrix where it
    can.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.query_conv = SpectralConv2d(width, width, (1, 1))
        self.key_conv = SpectralConv2d(width, width, (1, 1))
        self.value_conv = SpectralConv2d(width, width, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Mix `(B, C, H, W)` over its positions."""
        query, key, value = (
            conv(x).flatten(2).transpose(1, 2).contiguous().unsqueeze(1)  # as fused kernels want it
            for conv in (self.query_conv, self.key_conv, self.value_conv)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        return self.gamma * mixed.squeeze(1).transpose(1, 2).reshape(x.shape) + x


def _halve(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        SpectralConv2d(inputs, outputs, (4, 4), stride=2, padding=1),
        nn.InstanceNorm2d(outputs),
        nn.LeakyReLU(0.2),
    )


class Discriminator(nn.Module):
    """Six halvings, attention after the second, spectral norm throughout; keys as the authors save them.

    Args:
        last_kernel: Height and width of the last convolution, and so the least size of its input. The paper's
            3x6 needs frames of 192 x 384 or more; smaller crops need a smaller one.

    Raises:
        InputError: A last kernel of less than two positions, which the normalisation before it cannot serve.
    """

    def __init__(self, last_kernel: tuple[int, int] = (3, 6)) -> None:
        super().__init__()
        if min(last_kernel) < 1 or max(last_kernel) < 2:
            raise InputError(f"A last kernel of {last_kernel} is not possible; give at least (1, 2).")
        self.last_kernel = last_kernel
        self.layer1 = nn.Sequential(SpectralConv2d(6, 64, (4, 4), stride=2, padding=1), nn.LeakyReLU(0.2))
        self.layer2 = _halve(64, 64)
        self.attention = SelfAttention(64)
        self.layer3 = _halve(64, 128)
        self.layer4 = _halve(128, 256)
        self.layer5 = _halve(256, 512)
        self.layer6 = _halve(512, 1024)
        self.last = SpectralConv2d(1024, 1, last_kernel)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Judge pairs of frames.

        Args:
            frames: Lab of a frame and of the one before it, `(B, 6, H, W)`: L 0..100, a, b -128..127.

        Returns:
            The score `(B, 1)`, unbounded, and the fourth layer's features `(B, 256, H/16, W/16)`.

        Raises:
            InputError: The frames are too small for the last kernel.
        """
        height, width = frames.shape[2:]
        least_height, least_width = (64 * size for size in self.last_kernel)
        if height < least_height or width < least_width:
            raise InputError(
                f"The discriminator was given {width}x{height}; it needs {least_width}x{least_height} or "
                "more, or a smaller last_kernel."
            )
        features = self.layer4(self.layer3(self.attention(self.layer2(self.layer1(frames)))))
        score = self.last(self.layer6(self.layer5(features)))
        return score.mean(dim=(2, 3)), features
