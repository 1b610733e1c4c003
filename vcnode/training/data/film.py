"""What film does to a clean picture: noise, grain, exposure that drifts, another tone, softness, another light."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.training.data.config import FilmLook
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.smooth_fields import spline_surface


def on_film(lightness: Tensor, config: FilmLook, random: SampleRandom) -> Tensor:
    """Make clean frames look like film; colours to be reached stay those of the clean picture.

    Args:
        lightness: L `(B, T, 1, H, W)`, 0..100.
        config: How strong each effect is.
        random: Draws for the B samples.
    """
    frames = lightness.shape[1]
    if config.tone:
        gamma = random.normal(config.tone, 1, 1, 1, 1).exp()
        lightness = 100 * (lightness / 100).clamp(0, 1) ** gamma
    if config.blur:
        lightness = torch.where(random.chance(config.blur, 1, 1, 1, 1), _softened(lightness), lightness)
    if config.exposure:
        offset = random.normal(config.exposure, frames, 1, 1, 1)
        offset[:, 0] = 0  # the authors leave the first frame as it is
        lightness = lightness + offset
    grain = random.uniform(0, config.grain, 1, 1, 1, 1)
    deviation = (config.noise**2 + grain**2).sqrt()
    return (lightness + deviation * random.normal(1.0, *lightness.shape[1:])).clamp(0, 100)


def in_other_light(lab: Tensor, config: FilmLook, random: SampleRandom) -> Tensor:
    """Let another light fall on references: a smooth factor on L.

    Args:
        lab: Lab `(B, 3, H, W)`.
        config: `light` is the greatest standard deviation of the factor's logarithm.
        random: Draws for the B samples.
    """
    if not config.light:
        return lab
    spots = random.uniform(0, 2 * config.light, 1, 1, 1) * random.normal(1.0, 1, 5, 6)  # a spline halves them
    factor = spline_surface(spots, *lab.shape[2:]).exp()
    return torch.cat(((lab[:, :1] * factor).clamp(0, 100), lab[:, 1:]), dim=1)


def _softened(lightness: Tensor) -> Tensor:
    flat = F.pad(lightness.flatten(0, 1), (1, 1, 1, 1), mode="replicate")
    return F.avg_pool2d(flat, 3, 1).view_as(lightness)
