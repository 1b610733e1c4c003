"""Which losses count how much, and in which form."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from vcnode.errors import InputError


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

    @property
    def has_any(self) -> bool:
        """Whether there is a loss at all."""
        return any((self.l1, self.perceptual, self.contextual, self.smoothness, self.adversarial, self.temporal))

    @property
    def needs_loss_network(self) -> bool:
        """Whether a loss looks through a VGG."""
        return self.perceptual > 0 or self.contextual > 0

    @property
    def needs_discriminator(self) -> bool:
        """Whether a discriminator takes part."""
        return self.adversarial > 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "LossWeights":
        """Read settings; what is not given is as in the paper. The inverse of `to_dict`.

        Raises:
            InputError: A setting is unknown or has a value that is not allowed.
        """
        known = {field.name: field.type for field in fields(cls)}
        for key, value in values.items():
            if key not in known:
                raise InputError(f"The loss weights have an unknown setting {key!r}; known are: {', '.join(known)}.")
            allowed = get_args(known[key])
            if allowed and value not in allowed:
                raise InputError(f"The loss weights say {key}: {value!r}; allowed are {', '.join(allowed)}.")
            if known[key] is bool and not isinstance(value, bool):
                raise InputError(f"The loss weights say {key}: {value!r}; give true or false.")
            if known[key] is float and not _is_weight(value):
                raise InputError(f"The loss weights say {key}: {value!r}; give a number, 0 or more.")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Write them as plain values, for YAML and JSON."""
        return asdict(self)


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
