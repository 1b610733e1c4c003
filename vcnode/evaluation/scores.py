"""How far one method's colours are from the truth over one clip, taken frame by frame."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vcnode.color import lab_to_rgb
from vcnode.evaluation.clips import Truth
from vcnode.evaluation.metrics import (
    FrechetInceptionDistance,
    Inception,
    Lpips,
    Unavailable,
    color_difference,
    colorfulness_difference,
    find_inception,
    find_lpips,
    psnr_ab,
    psnr_colormnet_script,
    psnr_rgb,
    ssim,
)

type Means = dict[str, float | None]

HIGHEST_PSNR = 100.0  # dB, of equal pictures: an infinite score would swallow all others in a mean
_SMALLEST = {"ssim": 11, "lpips": 31}  # pixels a side


@dataclass(frozen=True)
class Networks:
    """The networks behind metrics, or why there are none."""

    lpips: Lpips | Unavailable
    inception: Inception | Unavailable

    @classmethod
    def find(cls, lpips: Path | None, device: torch.device | str, *, wanted: bool) -> "Networks":
        """Look for weights on this machine.

        Args:
            lpips: A file with LPIPS's weights; None: the usual places are searched.
            device: Where the networks run.
            wanted: Whether any of these metrics is.

        Raises:
            ModelError: A file that was named is absent or does not fit.
        """
        if not wanted:
            skipped = Unavailable("It is left out of a quick evaluation.")
            return cls(skipped, skipped)
        perceptual, inception = find_lpips(lpips), find_inception()
        return cls(
            perceptual if isinstance(perceptual, Unavailable) else perceptual.to(device),
            inception if isinstance(inception, Unavailable) else inception.to(device),
        )

    def pooled_distance(self) -> FrechetInceptionDistance | None:
        """A new FID, for all frames of a run; None where it cannot be had."""
        return FrechetInceptionDistance(self.inception) if isinstance(self.inception, Inception) else None


class Errors:
    """Distance from the truth.

    Args:
        networks: For the full set of metrics; None leaves everything but the two PSNRs out.

    Attributes:
        frames: Metric to its values, frame by frame.
    """

    def __init__(self, networks: Networks | None) -> None:
        self._networks = networks
        self.frames: dict[str, list[float]] = {}

    def update(self, ab: Tensor, rgb: Tensor | None, truth: Truth) -> None:
        """Take the next frame.

        Args:
            ab: Colours `(1, 2, H, W)`.
            rgb: The finished picture `(1, 3, H, W)`; None: only ab is compared.
            truth: The frame as it really is.
        """
        self._note_decibels("ab_psnr", psnr_ab(ab, truth.ab))
        if rgb is None:
            return
        self._note_decibels("rgb_psnr", psnr_rgb(rgb, truth.rgb))
        if self._networks is None:
            return
        self._note_decibels("colormnet_script_psnr", psnr_colormnet_script(rgb, truth.rgb))
        difference = color_difference(join(truth.lightness, ab), truth.lab)
        self._note("ciede2000_mean", difference.mean)
        self._note("ciede2000_p95", difference.percentile_95)
        self._note("colourfulness_difference", colorfulness_difference(rgb, truth.rgb))
        side, perceptual = min(rgb.shape[2:]), self._networks.lpips
        if side >= _SMALLEST["ssim"]:
            self._note("ssim", ssim(rgb, truth.rgb))
        if isinstance(perceptual, Lpips) and side >= _SMALLEST["lpips"]:
            self._note("lpips", perceptual(rgb, truth.rgb))

    def means(self) -> Means:
        """Mean over the clip's frames."""
        return {name: sum(values) / len(values) for name, values in self.frames.items()}

    def _note(self, name: str, value: Tensor) -> None:
        self.frames.setdefault(name, []).append(float(value))

    def _note_decibels(self, name: str, value: Tensor) -> None:
        self._note(name, value.clamp(max=HIGHEST_PSNR))


def join(lightness: Tensor, ab: Tensor) -> Tensor:
    """Lab `(1, 3, H, W)` of lightness and colours."""
    return torch.cat((lightness, ab), dim=1)


def picture(lightness: Tensor, ab: Tensor) -> Tensor:
    """The finished picture as it would be saved: RGB `(1, 3, H, W)`, rounded to 8 bits, never truncated."""
    return rounded(lab_to_rgb(join(lightness, ab)))


def rounded(rgb: Tensor) -> Tensor:
    """RGB in 0..1, rounded to what 8 bits can hold."""
    return (rgb * 255).round() / 255
