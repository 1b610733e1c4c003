"""Which losses count how much, and in which form."""

from dataclasses import dataclass
from typing import Literal

from vcnode.errors import InputError

LOSSES = ("l1", "perceptual", "contextual", "smoothness", "adversarial", "temporal")


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts and which form of it is meant; by default the paper's.

    | loss | preset `paper` | preset `authors` (their `train.py`) |
    |---|---|---|
    | L1 | mean over the same-scene samples | divided by the batch size as well |
    | perceptual | mean over elements | the same |
    | contextual | relu2_2..5_2, cosine distance | relu3_2 (pooled)..5_2, after subtracting the reference's mean |
    | smoothness | 8 neighbours, WLS weights, sum over a and b | 3x3 softmax of Lab distance, mean over a and b |
    | adversarial | sum of two expectations | half of it |
    | temporal | current frame moved onto the previous one | the same |

    Two forms of the preset `paper` are not to the letter. Its perceptual loss is printed as a squared norm, which at
    the weight 0.001 would be thousands of times all the rest ("squared" takes it at its word). Its temporal loss moves
    the previous frame onto the current one, along a flow that a `Batch` does not have; the same colours are compared.

    Attributes:
        l1: Weight of the L1 loss; a weight of 0 leaves a loss out, and what only it needs.
        perceptual: Weight of the perceptual loss, for features of the authors' scale (see `LossNetwork`).
        contextual: Weight of the contextual loss.
        smoothness: Weight of the smoothness loss.
        adversarial: Weight of the generator's adversarial loss; the discriminator's own counts 1.
        temporal: Weight of the temporal loss.
        l1_divided_twice: See `l1_loss`.
        perceptual_norm: See `perceptual_loss`.
        contextual_layers: See `layered_contextual_loss`.
        contextual_direction: See `contextual_loss`.
        contextual_centered: See `contextual_loss`.
        smoothness_weights: See `smoothness_loss`.
        adversarial_halved: See `generator_adversarial_loss`.

    Raises:
        InputError: A weight is below 0.
    """

    l1: float = 2.0
    perceptual: float = 0.001
    contextual: float = 0.2
    smoothness: float = 5.0
    adversarial: float = 0.2
    temporal: float = 0.02
    l1_divided_twice: bool = False
    perceptual_norm: Literal["mean", "squared"] = "mean"
    contextual_layers: Literal["paper", "authors"] = "paper"
    contextual_direction: Literal["forward", "backward"] = "forward"
    contextual_centered: bool = False
    smoothness_weights: Literal["wls", "softmax"] = "wls"
    adversarial_halved: bool = False

    def __post_init__(self) -> None:
        for name in LOSSES:
            if not getattr(self, name) >= 0:
                raise InputError(f"The setting 'losses.{name}' is {getattr(self, name)}: give 0 or more.")

    @property
    def has_any(self) -> bool:
        """Whether there is a loss at all."""
        return any(getattr(self, name) for name in LOSSES)

    @property
    def needs_loss_network(self) -> bool:
        """Whether a loss looks through a VGG."""
        return self.perceptual > 0 or self.contextual > 0

    @property
    def needs_discriminator(self) -> bool:
        """Whether a discriminator takes part."""
        return self.adversarial > 0
