"""The embedded model's recurrent colour network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_START_TRUST = 2.2  # sigmoid(2.2) = 0.9, the best constant trust in aligned history before any training
_INPUTS = 14
_LARGEST_CORRECTION = 64.0  # ab units that the network may add to what matching and history say


def _conv3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


class LightColorNet(nn.Module):
    """Weighs aligned history against the reference's colours, and corrects both.

    The result is `trust * history + (1 - trust) * warped + correction`, so that before any training it is already as
    good as matching and motion. Trust and correction come from a small U-net at half size: chroma needs little
    resolution, and edges are restored when it is enlarged with the luma as guide. No normalisation over the image:
    a passing object must not shift the colours of everything else.

    Args:
        widths: Channels at half, quarter, eighth and sixteenth size.
        feature_channels: Channels of the encoder's taps at strides 4, 8 and 16, which tell what things are.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (24, 48, 96, 128),
        feature_channels: tuple[int, ...] = (24, 40, 112),
    ) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.enter = nn.Sequential(_conv3(_INPUTS, half), nn.ReLU(), _conv3(half, half), nn.ReLU())
        self.down = nn.ModuleList(
            _conv3(fine, coarse, stride=2) for fine, coarse in ((half, quarter), (quarter, eighth), (eighth, sixteenth))
        )
        self.features = nn.ModuleList(
            nn.Conv2d(channels, width, 1, bias=False)
            for channels, width in zip(feature_channels, widths[1:], strict=True)
        )
        self.mix = nn.ModuleList(_conv3(width, width) for width in widths[1:])
        self.up = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in ((half, quarter), (quarter, eighth), (eighth, sixteenth))
        )
        self.merge = nn.ModuleList(_conv3(width, width) for width in widths[:3])
        self.leave = _conv3(half, 3)
        nn.init.zeros_(self.leave.weight)
        with torch.no_grad():
            assert self.leave.bias is not None
            self.leave.bias.copy_(torch.tensor([_START_TRUST, 0.0, 0.0]))

    def forward(
        self,
        lightness: Tensor,
        warped_ab: Tensor,
        confidence: Tensor,
        aligned_lightness: Tensor,
        aligned_ab: Tensor,
        valid: Tensor,
        features: tuple[Tensor, ...],
    ) -> Tensor:
        """Colour one frame.

        Args:
            lightness: L of the frame `(B, 1, H, W)`, 0..100; H and W are multiples of 8.
            warped_ab: The reference's colours brought to the frame `(B, 2, H/4, W/4)`.
            confidence: Best cosine of every position `(B, 1, H/4, W/4)`, -1..1.
            aligned_lightness: L of the previous frame, moved onto this one `(B, 1, H, W)`.
            aligned_ab: Colours of the previous frame, moved likewise `(B, 2, H, W)`.
            valid: 1 where there is a previous frame, 0 at the start of a shot, `(B, 1, 1, 1)`.
            features: The frame's taps at strides 4, 8 and 16.

        Returns:
            ab `(B, 2, H, W)`, -128..127.
        """
        x = self._inputs(lightness, warped_ab, confidence, aligned_lightness, aligned_ab, valid)
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
        trust, correction = torch.split(_resize(self.leave(x), lightness), [1, 2], dim=1)
        trust = torch.sigmoid(trust) * valid
        correction = _LARGEST_CORRECTION * torch.tanh(correction / _LARGEST_CORRECTION)
        ab = trust * aligned_ab + (1 - trust) * _resize(warped_ab, lightness) + correction
        return ab.clamp(-128, 127)

    @staticmethod
    def _inputs(
        lightness: Tensor,
        warped_ab: Tensor,
        confidence: Tensor,
        aligned_lightness: Tensor,
        aligned_ab: Tensor,
        valid: Tensor,
    ) -> Tensor:
        """Bring everything to half size and to values of about one."""
        fine_history = F.avg_pool2d(aligned_ab, 2) * valid
        reference = _resize(warped_ab, fine_history)
        difference = (lightness - aligned_lightness) * valid
        return torch.cat(
            (
                F.pixel_unshuffle((lightness - 50) / 50, 2),
                F.pixel_unshuffle(difference / 10, 2),
                reference / 32,
                (fine_history - reference * valid) / 32,
                _resize(confidence, fine_history) * 2 - 1,
                valid.expand(-1, 1, *fine_history.shape[2:]),
            ),
            dim=1,
        )


def _resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
