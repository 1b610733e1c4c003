"""What the nearest keyframe still tells of a frame: its colours along the motion, and what is finer than working size.

Colours handed on from frame to frame wear off on the way; where the keyframe is still seen, they can be fetched from it
at one go. And the network sees a small picture, so stripes and edges of colour finer than its pixels are lost on the
way back to full size, even in the keyframe itself. What is lost is known: the keyframe's colours less the enlargement
of their small version. Motion between the two small pictures says where both belong in the frame, and the frame's own
L says pixel by pixel whether they do. It is a matter of frame and keyframe alone, so no frame needs another for it.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import WorkingSize
from vcnode.color.chroma import smooth_step
from vcnode.network import State
from vcnode.network.alignment import enlarge_flow, estimate_flow, warp
from vcnode.network.box_filter import box_mean
from vcnode.network.light_colorization import UNKNOWN
from vcnode.sequence.tones import fit_tones, in_tones

# Found on forty films and a dozen at 720 and 1080 lines, their grain and exposure changed too.
_MISMATCH = 8.0  # squared difference in L at which little is left of what is brought
_CONTRAST = 0.03  # the same as a share of the picture's contrast, squared: in fog, all things look alike
_GRAIN = 4.0  # the same as a multiple of what the frame's grain makes of two pictures of one thing
_MOST_GRAIN = 32.0  # squared difference in L: that of strong grain, 4 L; what differs by more is something else
# How far the keyframe's colours are off, as variances in ab^2: at best, and by what the squared L difference adds, by
# itself and squared. Found on twenty films; half or double does as well.
_DOUBT, _MISFIT, _MISFIT_RADIUS = 1.0, (0.2, 0.002), 2
_GRAIN_STEP = 4  # pixels: grain is measured on a sparse grid, at the price of a sixteenth
_NOISE = 3.0  # detail is trusted that is stronger, squared, than so many times the variance of the colours it joins
_SHARED = (0.35, 0.6)  # share seen again below which nothing is brought, and from which all is: of the whole picture,
_NEAR = 5  # and of what lies within so many pixels of the working size; single pixels may be alike by chance


@dataclass(frozen=True)
class KeyframeDetail:
    """What a keyframe knows that its small version does not.

    Attributes:
        working: Its Lab at working size, padded `(1, 3, h, w)`.
        planes: Its L and the ab lost, `(1, 3, H, W)`, at the size of the frame's picture.
    """

    working: Tensor
    planes: Tensor

    @classmethod
    def of(cls, lab: Tensor, size: WorkingSize) -> "KeyframeDetail":
        """Take a keyframe apart.

        Args:
            lab: Its Lab without black bars `(1, 3, H, W)`, of any size with the frame's aspect.
            size: The shot's.
        """
        full = (size.frame_height, size.frame_width)
        if lab.shape[2:] != full:
            lab = F.interpolate(lab, full, mode="bilinear", align_corners=False, antialias=True)
        working = size.shrink(lab).contiguous()
        known = F.interpolate(size.crop(working)[:, 1:], full, mode="bicubic", align_corners=False)
        return cls(working, torch.cat((lab[:, :1], lab[:, 1:] - known), dim=1))

    def to(self, device: torch.device | str) -> "KeyframeDetail":
        """Move to a device."""
        return KeyframeDetail(self.working.to(device), self.planes.to(device))

    def look(self, state: State, size: WorkingSize) -> "Sighting | None":
        """Look for the keyframe in a frame.

        Args:
            state: That the frame leaves, at working size: its L, and how sure its colours are. Where nothing is known
                about them, nothing is to be brought.
            size: The shot's.

        Returns:
            None where there is nothing to bring.
        """
        small, uncertainty = size.crop(state.lightness), size.crop(state.uncertainty.expand_as(state.lightness))
        known = uncertainty < UNKNOWN / 2
        if _is_nothing(known):
            return None
        tones = fit_tones(state.lightness, self.working)
        flow = estimate_flow(state.lightness, in_tones(self.working[:, :1], self.working[:, 1:], tones))
        moved = size.crop(warp(self.working, flow, cubic=True))
        tones = fit_tones(small, moved)
        mismatch = (small - in_tones(moved[:, :1], moved[:, 1:], tones)).square()
        tolerance = (_CONTRAST * small.var()).clamp(max=_MISMATCH)
        seen = (known & (box_mean(mismatch, 1) < tolerance)).float()
        share = _share(seen.mean())
        if _is_nothing(share):
            return None
        share = share * _share(box_mean(seen, _NEAR))
        return Sighting(self.planes, size.crop(flow), moved[:, 1:], tones, mismatch, tolerance, share, known)


@dataclass(frozen=True)
class Sighting:
    """A keyframe as it is seen in a frame, at working size.

    Attributes:
        planes: Those of the keyframe, at the size of the frame's picture.
        flow: Where in the keyframe each pixel was `(1, 2, h, w)`.
        ab: Its colours there `(1, 2, h, w)`.
        tones: Of the film, see `fit_tones`.
        mismatch: Squared difference in L between frame and keyframe `(1, 1, h, w)`.
        tolerance: Mean squared difference up to which both show the same.
        share: How much of what it tells is believed, 0..1, `(1, 1, h, w)`.
        known: Where the frame's colours are known at all, likewise.
    """

    planes: Tensor
    flow: Tensor
    ab: Tensor
    tones: Tensor
    mismatch: Tensor
    tolerance: Tensor
    share: Tensor
    known: Tensor

    def correct(self, state: State, influence: float) -> State:
        """Set a frame's colours right by the keyframe's, as one more measurement of the light colour net's filter.

        Args:
            state: That the frame leaves, without padding.
            influence: How much the keyframe has to say, 0..1.

        Returns:
            The state with other colours and a smaller uncertainty.
        """
        misfit = box_mean(self.mismatch, _MISFIT_RADIUS)
        doubt = _DOUBT + _MISFIT[0] * misfit + _MISFIT[1] * misfit.square()
        gain = influence * self.share * self.known * state.uncertainty / (state.uncertainty + doubt)
        return State(state.lightness, state.ab.lerp(self.ab, gain), (1 - gain) * state.uncertainty)

    def add(self, ab: Tensor, lightness: Tensor, uncertainty: Tensor) -> Tensor:
        """Add to a frame's enlarged colours what is finer than the working size.

        Args:
            ab: Of the frame without black bars `(1, 2, H, W)`.
            lightness: Its L `(1, 1, H, W)`, 0..100.
            uncertainty: Variance expected of its colours at working size, ab^2, `(1, 1, h, w)`.

        Returns:
            `(1, 2, H, W)`, -128..127 where anything was added.
        """
        full = (lightness.shape[2], lightness.shape[3])
        if self.flow.shape[2:] == full:  # nothing is finer
            return ab
        planes = warp(self.planes, enlarge_flow(self.flow, full))
        fine = planes[:, 1:]
        gray = in_tones(planes[:, :1], _enlarge(self.ab, full).add_(fine), self.tones)
        mismatch = box_mean(gray.sub_(lightness).square_(), 1)
        strength = box_mean(fine[:, :1].square().addcmul_(fine[:, 1:], fine[:, 1:]), 1)
        grain = mismatch[..., ::_GRAIN_STEP, ::_GRAIN_STEP].median().clamp(max=_MOST_GRAIN)
        doubt = _enlarge(_NOISE * uncertainty, full)
        tolerance = self.tolerance + _GRAIN * grain + 1e-6
        weight = mismatch.div_(-tolerance).exp_().mul_(strength).div_(doubt.add_(strength + 1e-6))
        return torch.addcmul(ab, fine, weight.mul_(_enlarge(self.share, full))).clamp_(-128, 127)


def _is_nothing(values: Tensor) -> bool:
    """Whether all is 0 and the work behind it can be spared; GPUs would rather do it than be waited for."""
    return values.device.type == "cpu" and not bool(values.any())


def _share(seen: Tensor) -> Tensor:
    """How much is brought to where so much is seen again, 0..1, without a jump."""
    return smooth_step((seen - _SHARED[0]) / (_SHARED[1] - _SHARED[0]))


def _enlarge(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(planes, size, mode="bilinear", align_corners=False)
