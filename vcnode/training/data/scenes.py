"""Photos in camera motion, with a part of another photo passing in front: motion and occlusion."""

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from vcnode.training.data.clip import Clip, draw, forward_flow, whole_view
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.smooth_fields import spline_surface

_WITH_OBJECT = 0.7
_OBJECT_LEAVES = 0.4  # in the other view
_SPEEDS = (0.2, 1.0, 2.0)
_TIMES_BEFORE = (0, 1, 3, 8, 15, 25, 40)  # frames that the other view lies before the clip
_MIXED = 0.02  # coverage from here to 1 minus this is an edge, where two layers blend and neither's motion holds


def moving_scene(photos: Tensor, random: SampleRandom, frames: int, height: int, width: int) -> Clip:
    """Make clips in which a photo moves and bends smoothly and a patch of a second one passes.

    The other view is the same scene up to 40 frames earlier and bent by itself, as no camera does; the passing patch
    may be gone.

    Args:
        photos: Lab `(B, 2, 3, h, w)`: what moves as a whole, and what passes. Of the frames' aspect.
        random: Draws for the B samples.
        frames: T, two or more.
        height: Of a frame, pixels.
        width: Of a frame, pixels.
    """
    speed = random.choice(_SPEEDS, 1, 1, 1)
    scene = _Scene(
        photos,
        camera=_motion(random, height, width, speed, zoom=(0.6, 1.0), shift=0.15),
        passing=_motion(random, height, width, 2 * speed, zoom=(0.8, 1.2), shift=0.05),
        outline=_blob(random, height, width) * random.chance(_WITH_OBJECT, 1, 1, 1),
    )
    views = [scene.at(torch.full_like(speed, time)) for time in range(frames)]
    before = -random.choice(_TIMES_BEFORE, 1, 1, 1)
    return Clip.join(
        [view.picture for view in views],
        [_motion_between(*pair) for pair in pairwise(views)],
        scene.rearranged(random).at(before).picture,
    )


@dataclass(frozen=True)
class _View:
    """One frame.

    Attributes:
        picture: Lab `(B, 3, H, W)`.
        camera: View of the background `(B, 2, H, W)`.
        passing: View of what passes, likewise.
        coverage: How much the latter covers `(B, 1, H, W)`, 0..1.
    """

    picture: Tensor
    camera: Tensor
    passing: Tensor
    coverage: Tensor


def _motion_between(now: _View, then: _View) -> tuple[Tensor, Tensor]:
    """Follow whichever layer is in front; it is visible where it is in front in the next frame too."""
    flow_behind, found_behind = forward_flow(now.camera, then.camera)
    flow_front, found_front = forward_flow(now.passing, then.passing)
    in_front = now.coverage > 0.5
    flow = torch.where(in_front, flow_front, flow_behind)
    pure_now = (now.coverage - in_front.float()).abs() < _MIXED
    there = whole_view(flow.shape[2], flow.shape[3], flow.device) + flow
    pure_then = (draw(then.coverage, there, "border") - in_front.float()).abs() < _MIXED
    return flow, torch.where(in_front, found_front, found_behind) & pure_now & pure_then


@dataclass(frozen=True)
class _Motion:
    """A smooth path of zoom, rotation and shift, with a slowly changing bend.

    Each is a value at time 0 and its change a frame: zoom as the share of the picture that is seen `(B, 1, 1, 1)`, the
    angle in radians, likewise, shift in pixels `(B, 2, 1, 1)` and the bend as control points of a spline, in pixels
    `(B, 2, 5, 7)`.
    """

    zoom: tuple[Tensor, Tensor]
    angle: tuple[Tensor, Tensor]
    shift: tuple[Tensor, Tensor]
    bend: tuple[Tensor, Tensor]

    def at(self, time: Tensor, height: int, width: int) -> Tensor:
        """The view `(B, 2, H, W)` at a time `(B, 1, 1, 1)`, in frames."""
        zoom, angle, shift, bend = (
            value + change * time for value, change in (self.zoom, self.angle, self.shift, self.bend)
        )
        place = whole_view(height, width, bend.device)
        middle = place.mean(dim=(2, 3), keepdim=True)
        across, down = (place - middle).unbind(1)
        cosine, sine = zoom * angle.cos(), zoom * angle.sin()
        turned = torch.cat((cosine * across - sine * down, sine * across + cosine * down), dim=1)
        return turned + (shift + middle) + spline_surface(bend, height, width)


@dataclass(frozen=True)
class _Scene:
    photos: Tensor
    camera: _Motion
    passing: _Motion
    outline: Tensor

    def at(self, time: Tensor) -> _View:
        """Draw the frame at a time `(B, 1, 1, 1)`."""
        height, width = self.outline.shape[2:]
        camera, passing = self.camera.at(time, height, width), self.passing.at(time, height, width)
        coverage = draw(self.outline, passing, outside="zeros")
        picture = torch.lerp(draw(self.photos[:, 0], camera), draw(self.photos[:, 1], passing), coverage)
        return _View(picture, camera, passing, coverage)

    def rearranged(self, random: SampleRandom) -> "_Scene":
        """Change what no camera motion explains: shapes bend, and the patch may be gone."""
        size = _size(self.outline.shape[2], self.outline.shape[3], random)
        stays = 1 - random.chance(_OBJECT_LEAVES, 1, 1, 1).float()
        return replace(
            self,
            camera=_deformed(random, self.camera, size),
            passing=_deformed(random, self.passing, size),
            outline=self.outline * stays,
        )


def _motion(
    random: SampleRandom, height: int, width: int, speed: Tensor, zoom: tuple[float, float], shift: float
) -> _Motion:
    size = _size(height, width, random)
    shape = (1, 1, 1)
    return _Motion(
        zoom=(random.uniform(*zoom, *shape), random.normal(0.004, *shape) * speed),
        angle=(random.normal(0.05, *shape), random.normal(0.004, *shape) * speed),
        shift=(random.uniform(-shift, shift, 2, 1, 1) * size, random.normal(0.004, 2, 1, 1) * size * speed),
        bend=(_bend(random, 0.02, size), _bend(random, 0.003, size) * speed),
    )


def _deformed(random: SampleRandom, motion: _Motion, size: Tensor) -> _Motion:
    bend, change = motion.bend
    more = random.uniform(0, 1, 1, 1, 1) * _bend(random, 0.05, size)
    return replace(motion, bend=(bend + more, change))


def _bend(random: SampleRandom, deviation: float, size: Tensor) -> Tensor:
    """Control points whose surface deviates by about half as much, as a share of the frame."""
    return random.normal(deviation, 2, 5, 7) * size


def _blob(random: SampleRandom, height: int, width: int) -> Tensor:
    """A patch of random outline, a tenth to a third of the frame, with an edge of a few pixels, `(B, 1, H, W)`."""
    noise = spline_surface(random.normal(1.0, 1, 6, 8), height, width)
    size = _size(height, width, random)
    offset = 2 * whole_view(height, width, random.device) / size - 1 - random.uniform(-0.5, 0.5, 2, 1, 1)
    inside = 0.8 * noise + 1.2 - 4 * offset.square().sum(dim=1, keepdim=True)
    return torch.sigmoid(0.3 * height * inside)


def _size(height: int, width: int, random: SampleRandom) -> Tensor:
    return torch.tensor([width, height], device=random.device).view(2, 1, 1).float()
