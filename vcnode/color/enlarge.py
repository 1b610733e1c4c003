"""From the network's colours to those of the frame: every pixel as its certainty deserves."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color.chroma import fade_extremes
from vcnode.color.upsample import UpsampleMethod, upsample_ab

type Enlarging = Literal["adaptive", "bilateral", "bicubic", "bilinear", "guided"]

# Variances in ab^2 at which half is done: chosen on footage, where anything within a factor of 3 does as well.
_FOLLOW_EDGES = 2.0
_FADE = 0.5


def enlarge_ab(
    ab: Tensor,
    uncertainty: Tensor,
    guide_low: Tensor,
    guide_full: Tensor,
    method: Enlarging = "adaptive",
) -> Tensor:
    """Enlarge ab to the size of `guide_full`, and fade what is not sure of itself near black and white.

    Colours that are known, near a keyframe above all, keep their detail and stay as they are. Doubtful ones follow the
    frame's edges, since they were found at a coarse size, and vanish where the picture is nearly black or white.

    What is finer than the pixels of `ab` does not come back by enlarging. With "adaptive", frames near a keyframe are
    given it from there afterwards: see `vcnode.sequence.keyframe_detail`.

    Args:
        ab: `(B, 2, h, w)` at the working size, without padding.
        uncertainty: Variance expected of it, ab^2, `(B, 1, h, w)` or `(B, 1, 1, 1)`.
        guide_low: L of the same pixels, `(B, 1, h, w)`, 0..100.
        guide_full: L of the frame, `(B, 1, H, W)`, 0..100.
        method: "adaptive": bicubic where colours are sure, bilateral where they are not; or one of `upsample_ab` for
            all pixels.

    Returns:
        `(B, 2, H, W)`.

    Raises:
        InputError: Unknown method, or sizes that do not fit.
    """

    def enlarged(by: UpsampleMethod) -> Tensor:
        return upsample_ab(ab, guide_low, guide_full, by)

    def doubt(half: float) -> Tensor:
        share = uncertainty / (uncertainty + half)
        return F.interpolate(share, guide_full.shape[2:], mode="bilinear", align_corners=False)

    if method == "adaptive":
        full = torch.lerp(enlarged("bicubic"), enlarged("bilateral"), doubt(_FOLLOW_EDGES))
    else:
        full = enlarged(method)
    return torch.lerp(full, fade_extremes(full, guide_full), doubt(_FADE))
