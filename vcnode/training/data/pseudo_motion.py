"""Photos that are bent at random: the paper's pseudo-frames (section 4, Figure 3).

The displacement is the authors': uniform noise at 216x384, blurred with a deviation of 50 pixels and taken for 0 beyond
the border, times 1000 alpha with alpha even in 0..4: a standard deviation of 3.3 alpha pixels.

They search the inverse of the motion pixel by pixel and truncate the place found to whole pixels, so that their frame
lies up to a pixel beside its flow; and their mask is a threshold on colour differences. Here a frame is sampled
bilinearly where its displacement says, and flow and visibility follow from the displacements alone (`forward_flow`).
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from vcnode.training.data.clip import Clip, draw, forward_flow, whole_view
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.smooth_fields import gaussian_blur

_AUTHORS_PIXELS = 216 * 384
_BLUR = 50.0  # pixels, at the authors' size
_STRENGTH = 1000.0
_LARGEST_ALPHA = 4.0


def pseudo_motion(photo: Tensor, random: SampleRandom, frames: int, height: int, width: int) -> Clip:
    """Make clips whose first frame shows the photo and in which every next frame bends it further.

    Args:
        photo: Lab `(B, 3, h, w)`, of the frames' aspect.
        random: Draws for the B samples.
        frames: T, two or more.
        height: Of a frame, pixels.
        width: Of a frame, pixels.
    """
    views = [whole_view(height, width, photo.device).expand(photo.shape[0], -1, -1, -1)]
    for _ in range(frames - 1):
        views.append(views[-1] + smooth_displacement(random, height, width))
    return Clip.join(
        [draw(photo, view) for view in views],
        [forward_flow(*pair) for pair in pairwise(views)],
        part_of(photo, random, height, width),
    )


def part_of(photo: Tensor, random: SampleRandom, height: int, width: int) -> Tensor:
    """Show a part of a photo `(B, 3, h, w)`, narrower or wider than the whole (authors: ratio 0.8..1.2)."""
    aspect = random.uniform(-0.18, 0.18, 1, 1, 1).exp()
    sides = torch.cat((aspect, 1 / aspect), dim=1).sqrt()
    sides = sides / sides.amax(dim=1, keepdim=True) * random.uniform(0.8, 1.0, 1, 1, 1)
    size = sides.new_tensor([width, height]).view(2, 1, 1)
    corner = (1 - sides) * size * random.uniform(0, 1, 2, 1, 1)
    return draw(photo, corner + sides * (whole_view(height, width, sides.device) + 0.5) - 0.5)


def smooth_displacement(random: SampleRandom, height: int, width: int) -> Tensor:
    """Draw the authors' displacement `(B, 2, H, W)` in pixels; at other sizes it scales with the picture."""
    scale = math.sqrt(height * width / _AUTHORS_PIXELS)
    alpha = random.uniform(0, _LARGEST_ALPHA, 1, 1, 1)
    noise = random.uniform(-1, 1, 2, height, width)
    blurred = gaussian_blur(noise, _BLUR * scale)
    return _STRENGTH * scale**2 * alpha * blurred  # blurred noise is as much weaker as the blur is wider
