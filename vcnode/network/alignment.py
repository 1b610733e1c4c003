"""Motion between neighbouring frames, so that colours follow what moves.

The paper hands the previous frame to the colour net as it stands and leaves motion to be learnt. The light preset
aligns it first: a dense pyramidal Lucas-Kanade flow (Lucas & Kanade 1981; coarse to fine as Bouguet 2001) needs no
weights, runs wherever torch does, and depends on the two frames alone, so it can be computed ahead of the recurrence.
At each level every pixel may take over a neighbour's flow that fits better (as PatchMatch spreads good guesses, Barnes
et al. 2009): gradient steps alone smear motion across the outlines of what moves.
"""

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.box_filter import box_mean
from vcnode.network.central_differences import central_differences
from vcnode.network.replay import Replay

_ITERATIONS = (1, 2, 2, 3, 3)  # per pyramid level, full size first; coarse levels are cheap and carry large motion
_NEIGHBOR = 4  # pixels of the level; how far away flow is borrowed from
_MISMATCH_RADIUS = 2  # pixels over which a flow's fit is judged
_GREATEST_MISMATCH = 15.0  # in L; what is worse than this is hidden, and equally wrong
_WINDOW = 3  # radius of the box filters; two passes make a triangular window of 13 pixels
_STIFFNESS = 1.0  # added to the structure tensor, in L^2 per pixel^2: flat areas stay where their level began
_OUTLIER = 10.0  # luma difference in L at which a pixel counts half (occlusion, specks, scratches)
_LARGEST_STEP = 2.0  # pixels of its level that one iteration may move
_SMALLEST_SIDE = 16  # pyramid levels end before a side gets shorter than this


def estimate_flow(current: Tensor, previous: Tensor) -> Tensor:
    """Find where each pixel of the current frame was in the previous one.

    Brightness and contrast of the previous frame are matched to the current one, for flickering film: anew whenever it
    has been moved, because before, what enters and leaves the picture in a pan looks like a change of exposure.

    Args:
        current: L `(B, 1, H, W)`, 0..100.
        previous: L of the frame before, same shape.

    Returns:
        Flow `(B, 2, H, W)`, horizontal then vertical, in pixels: `previous` at `x + flow(x)` shows what `current`
        shows at `x`.
    """
    return _replay(_flow, current.float(), previous.float())[0]


_replay = Replay()


def _flow(current: Tensor, previous: Tensor) -> tuple[Tensor]:
    pyramids = list(zip(_pyramid(current), _pyramid(previous), strict=True))
    flow: Tensor | None = None
    for level in reversed(range(len(pyramids))):
        now, before = _Picture.of(pyramids[level][0]), pyramids[level][1]
        size = (before.shape[2], before.shape[3])
        flow = before.new_zeros(before.shape[0], 2, *size) if flow is None else enlarge_flow(flow, size)
        for remaining in reversed(range(_ITERATIONS[level])):
            if remaining == min(1, _ITERATIONS[level] - 1):  # the last two steps refine what was borrowed
                flow = _borrow(now, before, flow)
            flow = flow + _increment(now.lightness, now.exposed_alike(warp(before, flow)))
    assert flow is not None  # a pyramid has at least its full-size level
    return (flow,)


def warp(image: Tensor, flow: Tensor, *, cubic: bool = False) -> Tensor:
    """Sample `image` `(B, C, H, W)` at `x + flow(x)`; outside, the border is repeated.

    Args:
        image: Any planes.
        flow: As `estimate_flow` gives it, of the same size.
        cubic: Sample bicubically instead of bilinearly: what is moved again and again stays sharp.
    """
    height, width = flow.shape[2:]
    rows = torch.arange(height, device=flow.device, dtype=flow.dtype).view(1, height, 1)
    columns = torch.arange(width, device=flow.device, dtype=flow.dtype).view(1, 1, width)
    grid = torch.stack(
        (
            (2 * (columns + flow[:, 0]) + 1) / width - 1,
            (2 * (rows + flow[:, 1]) + 1) / height - 1,
        ),
        dim=1,
    ).permute(0, 2, 3, 1)
    return F.grid_sample(
        image, grid, mode="bicubic" if cubic else "bilinear", padding_mode="border", align_corners=False
    )


def enlarge_flow(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring a flow `(B, 2, h, w)` to a larger picture of height and width `size`: its vectors grow with it."""
    across, down = torch.split(F.interpolate(flow, size, mode="bilinear", align_corners=False), 1, dim=1)
    return torch.cat((across * (size[1] / flow.shape[3]), down * (size[0] / flow.shape[2])), dim=1)


@dataclass(frozen=True)
class _Picture:
    """The current frame at one level.

    Attributes:
        lightness: L `(B, 1, H, W)`.
        mean: Of L `(B, 1, 1, 1)`.
        spread: Its standard deviation, at least 1.
    """

    lightness: Tensor
    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, lightness: Tensor) -> Self:
        """Measure a frame."""
        return cls(lightness, *_exposure(lightness))

    def exposed_alike(self, image: Tensor) -> Tensor:
        """Bring mean and spread of `image` to those of this one, within a factor of four."""
        mean, spread = _exposure(image)
        return (image - mean).mul_((self.spread / spread).clamp(0.25, 4)).add_(self.mean)


def _exposure(lightness: Tensor) -> tuple[Tensor, Tensor]:
    return lightness.mean(dim=(2, 3), keepdim=True), lightness.std(dim=(2, 3), keepdim=True).clamp(min=1)


def _pyramid(image: Tensor) -> list[Tensor]:
    levels = [image]
    while len(levels) < len(_ITERATIONS) and min(levels[-1].shape[2:]) >= 2 * _SMALLEST_SIDE:
        levels.append(F.avg_pool2d(levels[-1], 2))
    return levels


def _increment(now: Tensor, warped: Tensor) -> Tensor:
    """One robust Gauss-Newton step of Lucas-Kanade at every pixel."""
    across, down = central_differences((now + warped) / 2)
    difference = now - warped
    trust = 1 / (1 + (difference / _OUTLIER) ** 2)
    trusted_across, trusted_down = trust * across, trust * down
    products = torch.cat(
        (
            trusted_across * across,
            trusted_across * down,
            trusted_down * down,
            trusted_across * difference,
            trusted_down * difference,
        ),
        dim=1,
    )
    xx, xy, yy, xt, yt = torch.split(box_mean(box_mean(products, _WINDOW), _WINDOW), 1, dim=1)
    xx, yy = xx + _STIFFNESS, yy + _STIFFNESS
    step: Tensor = torch.cat((yy * xt - xy * yt, xx * yt - xy * xt), dim=1) / (xx * yy - xy * xy)
    return step.clamp(-_LARGEST_STEP, _LARGEST_STEP)


def _borrow(now: _Picture, before: Tensor, flow: Tensor) -> Tensor:
    """Let every pixel take over the flow of a pixel beside, above or below it where that fits better."""
    least = _mismatch(now, before, flow)
    height, width = flow.shape[2:]
    for across, down in ((_NEIGHBOR, 0), (-_NEIGHBOR, 0), (0, _NEIGHBOR), (0, -_NEIGHBOR)):
        padded = F.pad(flow, (abs(across), abs(across), abs(down), abs(down)), mode="replicate")
        left, top = abs(across) + across, abs(down) + down
        borrowed = padded[:, :, top : top + height, left : left + width]
        mismatch = _mismatch(now, before, borrowed)
        # The one or the other, nothing between: `torch.where` takes five times as long on a CPU.
        flow, least = torch.lerp(flow, borrowed, (mismatch < least).to(flow.dtype)), torch.minimum(mismatch, least)
    return flow


def _mismatch(now: _Picture, before: Tensor, flow: Tensor) -> Tensor:
    """How far off the moved frame is around each pixel `(B, 1, H, W)`, in L."""
    difference = now.exposed_alike(warp(before, flow)).sub_(now.lightness)
    return box_mean(difference.abs_().clamp_(max=_GREATEST_MISMATCH), _MISMATCH_RADIUS)
