"""What is trained at which rate, by which solver, and how the rate changes over the run."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from vcnode.errors import InputError

PARTS = ("encoder", "head", "color_net")


@dataclass(frozen=True)
class Rates:
    """Learning rates; a part at 0 is not trained.

    Attributes:
        encoder: Of the feature pyramid (paper: 0).
        head: From pyramid to descriptors.
        color_net: The recurrent colour net.
        discriminator: Its own solver's.
    """

    encoder: float = 0.0
    head: float = 2e-4
    color_net: float = 2e-4
    discriminator: float = 2e-4


@dataclass(frozen=True)
class Solver:
    """Adam and its relatives.

    Attributes:
        betas: Decay of the two moments (paper: 0.5, 0.999).
        eps: Added to the root of the second moment.
        amsgrad: Keep the largest second moment (Reddi et al. 2018), as the paper does.
        weight_decay: Decoupled (AdamW); 0 is plain Adam.

    Raises:
        InputError: A value is not allowed.
    """

    betas: tuple[float, float] = (0.5, 0.999)
    eps: float = 1e-8
    amsgrad: bool = True
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= beta < 1 for beta in self.betas) or self.eps <= 0 or self.weight_decay < 0:
            raise InputError(
                f"A solver's settings 'betas', 'eps' and 'weight_decay' are {list(self.betas)}, {self.eps} and "
                f"{self.weight_decay}: give betas of 0 or more, below 1, an eps above 0 and a decay of 0 or more."
            )

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the optimiser of parameter groups, as `torch.optim` takes them."""
        return torch.optim.AdamW(
            groups, betas=self.betas, eps=self.eps, amsgrad=self.amsgrad, weight_decay=self.weight_decay
        )


@dataclass(frozen=True)
class Optimization:
    """How weights are changed.

    Attributes:
        steps: Of the whole run.
        batch: Clips a step, in each process.
        accumulate: In how many parts, one after the other, a batch is gone through; saves memory. Terms that compare
            clips of a batch see one part at a time.
        rates: Learning rates.
        solver: Of the network.
        discriminator_solver: Of the discriminator.
        schedule: "constant", or "cosine" down to `final`.
        warm_up: Steps over which the rate rises from nothing.
        final: The last rate as a share of the first (cosine).
        gradient_limit: Greatest norm of the network's gradient, and of the discriminator's; longer ones are cut; null
            for none.
        average: Decay of the mean of the weights that is written, 0..1; 0 writes the latest weights.
        precision: Of most of the arithmetic. "float16" scales losses, so that small gradients survive.
    """

    steps: int = 100_000
    batch: int = 4
    accumulate: int = 1
    rates: Rates = field(default_factory=Rates)
    solver: Solver = field(default_factory=Solver)
    discriminator_solver: Solver = field(default_factory=Solver)
    schedule: Literal["constant", "cosine"] = "constant"
    warm_up: int = 0
    final: float = 0.0
    gradient_limit: float | None = None
    average: float = 0.0
    precision: Literal["float32", "bfloat16", "float16"] = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate"):
            if getattr(self, name) < 1:
                raise InputError(f"The setting 'optimization.{name}' is {getattr(self, name)}: give 1 or more.")
        if self.batch % self.accumulate:
            raise InputError(
                f"The setting 'optimization.accumulate' is {self.accumulate}, which does not divide the batch of "
                f"{self.batch}: give one that does."
            )
        rates = {f"rates.{name}": rate for name, rate in vars(self.rates).items()}
        for name, value in (*rates.items(), ("warm_up", self.warm_up), ("final", self.final)):
            if not 0 <= value < math.inf:
                raise InputError(f"The setting 'optimization.{name}' is {value}: give 0 or more.")
        if self.gradient_limit is not None and self.gradient_limit <= 0:
            raise InputError(
                f"The setting 'optimization.gradient_limit' is {self.gradient_limit}: give a number above 0, or "
                "null for none."
            )
        if not 0 <= self.average < 1:
            raise InputError(f"The setting 'optimization.average' is {self.average}: give 0 or more, below 1.")

    def rate_factor(self, step: int) -> float:
        """What rates are multiplied by at a step, counted from 0."""
        if step < self.warm_up:
            return (step + 1) / (self.warm_up + 1)
        if self.schedule == "constant":
            return 1.0
        progress = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def trained_parameters(model: nn.Module, rates: Rates) -> dict[float, dict[str, nn.Parameter]]:
    """Freeze the parts that are not trained; return the others' parameters by name, grouped by rate.

    Raises:
        InputError: Nothing is left to train.
    """
    groups: dict[float, dict[str, nn.Parameter]] = {}
    for part in PARTS:
        rate, module = getattr(rates, part), model.get_submodule(part)
        module.requires_grad_(rate > 0)
        if rate > 0:
            groups.setdefault(rate, {}).update(module.named_parameters(prefix=part))
    if not groups:
        raise InputError(f"All rates are 0, so nothing would be trained: give 'optimization.rates.{PARTS[-1]}' one.")
    return groups
