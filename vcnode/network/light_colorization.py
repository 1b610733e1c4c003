"""The embedded model's recurrent colour network."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.network.box_filter import box_mean
from vcnode.network.central_differences import central_differences
from vcnode.network.frame_difference import frame_difference

UNKNOWN = 1e4  # variance, in ab^2, of colours that nothing is known about

# How far history and matching are off, as variances in ab^2. Found by search on the clips that models/lite.md gives
# figures for, and fifteen more.
_WEAR = 0.05  # what one more frame adds to history
_MISFIT = (0.2, 0.002)  # what the squared L difference after alignment adds, by itself and squared (occlusion)
_DOUBT = 30.0  # of matched colours at the confidence below
_DOUBT_AT = 0.8
_DOUBT_RATE = 6.0  # doubt falls e-fold for 1/6 more confidence
_SPREAD = 0.75  # share of the matched colours' own variance
_BLUR = 0.5  # matched colours are coarse: off by this much of the squared slope of history's
_MISFIT_RADIUS = 2  # pixels

_INPUTS = 14
_LARGEST_CORRECTION = 64.0  # ab units that the network may add to what matching and history say


def _conv3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


class LightColorNet(nn.Module):
    """Weighs aligned history against the reference's colours, and corrects both.

    The weighing is a Kalman filter's (Kalman 1960) at every pixel: history carries the variance that its colours are
    expected to have, which grows from frame to frame and where the picture does not follow the motion; matched colours
    are the measurement, the less sure the lower their confidence and the further the colours they average lie apart.
    So colours near a keyframe stay as they are, and what has worn off is set right by the reference.

    A small U-net at half size shifts the balance and corrects the outcome; before any training it does neither.
    Chroma needs little resolution, and edges are restored when it is enlarged with the luma as guide. No normalisation
    over the image: a passing object must not shift the colours of everything else.

    Args:
        widths: Channels at half, quarter, eighth and sixteenth size.
        feature_channels: Channels of the encoder's taps at strides 4, 8 and 16, which tell what things are.

    Attributes:
        takes_part: Whether the U-net does; for counting the work of weights that leave it out.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (24, 48, 96, 128),
        feature_channels: tuple[int, ...] = (24, 40, 112),
    ) -> None:
        super().__init__()
        half = widths[0]
        self.enter = nn.Sequential(_conv3(_INPUTS, half), nn.ReLU(), _conv3(half, half), nn.ReLU())
        self.down = nn.ModuleList(_conv3(fine, coarse, stride=2) for fine, coarse in pairwise(widths))
        self.features = nn.ModuleList(
            nn.Conv2d(channels, width, 1, bias=False)
            for channels, width in zip(feature_channels, widths[1:], strict=True)
        )
        self.mix = nn.ModuleList(_conv3(width, width) for width in widths[1:])
        self.up = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(widths))
        self.merge = nn.ModuleList(_conv3(width, width) for width in widths[:3])
        self.leave = _conv3(half, 3)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)
        self.takes_part = True

    def forward(
        self,
        lightness: Tensor,
        warped_ab: Tensor,
        spread: Tensor,
        confidence: Tensor,
        aligned_lightness: Tensor,
        aligned_ab: Tensor,
        uncertainty: Tensor,
        features: tuple[Tensor, ...],
    ) -> tuple[Tensor, Tensor]:
        """Colour one frame.

        Args:
            lightness: L of the frame `(B, 1, H, W)`, 0..100; H and W are multiples of 8.
            warped_ab: The reference's colours brought to the frame `(B, 2, H/4, W/4)`.
            spread: Variance of the colours that each of these averages `(B, 1, H/4, W/4)`, ab^2.
            confidence: Best cosine of every position `(B, 1, H/4, W/4)`, -1..1.
            aligned_lightness: L of the previous frame, moved onto this one `(B, 1, H, W)`.
            aligned_ab: Colours of the previous frame, moved likewise `(B, 2, H, W)`.
            uncertainty: Variance expected of these, ab^2, `(B, 1, H, W)` or `(B, 1, 1, 1)`; `UNKNOWN` where there is
                no previous frame.
            features: The frame's taps at strides 4, 8 and 16.

        Returns:
            ab `(B, 2, H, W)`, -128..127, and its expected variance `(B, 1, H, W)`.
        """
        matched = _resize(warped_ab, lightness)
        known = (uncertainty < UNKNOWN / 2).to(lightness.dtype)
        history = torch.where(known > 0, aligned_ab, matched)
        difference, grain = frame_difference(aligned_lightness, lightness, known)
        misfit = (box_mean(difference.square(), _MISFIT_RADIUS) - grain).clamp(min=0)
        worn = (uncertainty + _WEAR + _MISFIT[0] * misfit + _MISFIT[1] * misfit.square()).clamp(max=UNKNOWN)
        doubt = _resize(_DOUBT * torch.exp(-_DOUBT_RATE * (confidence - _DOUBT_AT)) + _SPREAD * spread, lightness)
        odds = torch.log(worn) - torch.log(doubt + _BLUR * _slope(history))
        if self.takes_part and not self.changes_nothing():
            shift, correction = self._learned(lightness, difference, matched, history, confidence, odds, features)
            gain = torch.sigmoid(odds + shift)
            ab = torch.lerp(history, matched, gain) + correction
        else:
            gain = torch.sigmoid(odds)
            ab = torch.lerp(history, matched, gain)
        return ab.clamp(-128, 127), (1 - gain) * worn

    def changes_nothing(self) -> bool:
        """Whether the U-net may be left out: its last layer is still zero, and no gradients are wanted.

        On a CPU it is a tenth of a frame's work. A GPU is not asked: waiting for the answer would take longer.
        """
        last = list(self.leave.parameters())
        return not torch.is_grad_enabled() and not any(part.device.type != "cpu" or bool(part.any()) for part in last)

    def _learned(
        self,
        lightness: Tensor,
        difference: Tensor,
        matched: Tensor,
        history: Tensor,
        confidence: Tensor,
        odds: Tensor,
        features: tuple[Tensor, ...],
    ) -> tuple[Tensor, Tensor]:
        """The U-net: how far to shift the log odds of matching over history, and what to add to the colours."""
        half = (lightness.shape[2] // 2, lightness.shape[3] // 2)
        x = torch.cat(
            (
                F.pixel_unshuffle((lightness - 50) / 50, 2),
                F.pixel_unshuffle(difference / 10, 2),
                F.avg_pool2d(matched, 2) / 32,
                F.avg_pool2d(history - matched, 2) / 32,
                F.interpolate(confidence, half, mode="bilinear", align_corners=False) * 2 - 1,
                F.avg_pool2d(odds.clamp(-8, 8), 2) / 4,
            ),
            dim=1,
        )
        skips = [self.enter(x)]
        for down, project, mix, feature in zip(self.down, self.features, self.mix, features, strict=True):
            coarse = down(skips[-1])
            coarse = F.relu(coarse + project(feature))
            skips.append(F.relu(coarse + mix(coarse)))
        x = skips.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            skip = skips.pop()
            x = F.relu(skip + _resize(up(x), skip))
            x = F.relu(x + merge(x))
        shift, correction = torch.split(_resize(self.leave(x), lightness), [1, 2], dim=1)
        return shift, _LARGEST_CORRECTION * torch.tanh(correction / _LARGEST_CORRECTION)


def _resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def _slope(ab: Tensor) -> Tensor:
    """Squared length of the colours' gradient `(B, 1, H, W)`."""
    across, down = central_differences(ab)
    return (across.square() + down.square()).sum(dim=1, keepdim=True)
