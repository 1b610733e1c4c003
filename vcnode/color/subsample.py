"""Planes at the resolution of subsampled chroma, and where its samples sit (ITU-T H.273, ChromaSampleLocType)."""

from enum import Enum

import torch.nn.functional as F
from torch import Tensor

from vcnode.color._checks import floating_planes
from vcnode.errors import InputError

_FACTORS = {"444": (1, 1), "440": (2, 1), "422": (1, 2), "420": (2, 2)}  # down, across


class ChromaSiting(Enum):
    """Where a chroma sample sits among the luma samples it stands for: down and across.

    0 is on the first of them, 0.5 between the two, 1 on the second. What is not subsampled plays no role.
    """

    LEFT = (0.5, 0.0)  # MPEG-2, H.264 and HEVC unless they say otherwise
    CENTER = (0.5, 0.5)  # JPEG, MPEG-1
    TOP_LEFT = (0.0, 0.0)  # UHD discs, BT.2020
    TOP = (0.0, 0.5)
    BOTTOM_LEFT = (1.0, 0.0)
    BOTTOM = (1.0, 0.5)

    @property
    def down(self) -> float:
        """Offset from the upper luma sample."""
        return self.value[0]

    @property
    def across(self) -> float:
        """Offset from the left luma sample."""
        return self.value[1]

    @classmethod
    def from_h273(cls, number: int) -> "ChromaSiting":
        """Finds the siting by its H.273 number, 0 (left) to 5 (bottom).

        Raises:
            InputError: for another number.
        """
        sitings = list(cls)  # listed in the standard's order
        if not 0 <= number < len(sitings):
            raise InputError(f"The chroma siting {number} is not known; H.273 numbers them from 0 to 5.")
        return sitings[number]


def subsample(planes: Tensor, subsampling: str, siting: ChromaSiting = ChromaSiting.LEFT) -> Tensor:
    """Brings full-size planes to the chroma grid, so that nothing moves.

    Between two samples their mean is taken; on a sample it counts half and its neighbours a quarter each, edges
    repeated: the shortest symmetric filters that remove what the coarser grid cannot hold.

    Args:
        planes: (B, C, H, W).
        subsampling: "444" (returns the planes), "440", "422" or "420".
        siting: where the samples of the result sit.

    Returns:
        (B, C, ceil(H / down), ceil(W / across)).

    Raises:
        InputError: for integer values, another number of dimensions, or another subsampling.
    """
    planes = floating_planes(planes, None, "The planes")
    if subsampling not in _FACTORS:
        raise InputError(f"The chroma subsampling {subsampling!r} is not known; use {', '.join(_FACTORS)}.")
    down, across = _FACTORS[subsampling]
    if down == 2:
        planes = _halve(planes.transpose(-1, -2), siting.down).transpose(-1, -2)
    if across == 2:
        planes = _halve(planes, siting.across)
    return planes.contiguous()


def _halve(planes: Tensor, offset: float) -> Tensor:
    """Halves the width; sample n of the result sits at 2 n + offset."""
    padded = F.pad(planes, (1, 2, 0, 0), mode="replicate")  # padded[n] is sample n - 1
    count = -(-planes.shape[-1] // 2)

    def every_second(first: int) -> Tensor:
        return padded[..., first + 1 :: 2][..., :count]

    if offset == 0.5:
        return (every_second(0) + every_second(1)) / 2
    middle = int(offset)
    return (every_second(middle - 1) + 2 * every_second(middle) + every_second(middle + 1)) / 4
