"""The losses of the paper (Zhang et al., CVPR 2019), each a plain function of tensors.

Each has the paper's form and, where that differs, the authors' as an argument. They compute in float32 at least,
whatever autocast says, on any device.
"""

from vcnode.training.losses.adversarial import discriminator_adversarial_loss, generator_adversarial_loss
from vcnode.training.losses.contextual import contextual_loss, layered_contextual_loss
from vcnode.training.losses.l1 import l1_loss
from vcnode.training.losses.perceptual import perceptual_loss
from vcnode.training.losses.smoothness import neighborhood_average, smoothness_loss
from vcnode.training.losses.temporal import sample_along, temporal_loss
from vcnode.training.losses.weights import LossWeights

__all__ = [
    "LossWeights",
    "contextual_loss",
    "discriminator_adversarial_loss",
    "generator_adversarial_loss",
    "l1_loss",
    "layered_contextual_loss",
    "neighborhood_average",
    "perceptual_loss",
    "sample_along",
    "smoothness_loss",
    "temporal_loss",
]
