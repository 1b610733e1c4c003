"""One network's solver: gathers gradients, checks and limits them, takes a step."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from vcnode.training.distributed import World
from vcnode.training.optimization import Optimization, Solver


class NotFinite(ArithmeticError):
    """A loss or gradient that is infinite or not a number; carries its name."""


class Learner:
    """Trains some parameters.

    Args:
        parameters: By name, grouped by learning rate.
        solver: Which Adam.
        optimization: The rates' course and the gradient's limit.
        scaler: Keeps small half-precision gradients from vanishing; shared by all learners of a run.
        world: The processes whose gradients are averaged.
    """

    def __init__(
        self,
        parameters: Mapping[float, Mapping[str, nn.Parameter]],
        solver: Solver,
        optimization: Optimization,
        scaler: torch.amp.GradScaler,
        world: World,
    ) -> None:
        groups = [{"params": list(group.values()), "lr": rate, "rate": rate} for rate, group in parameters.items()]
        self.names = [name for group in parameters.values() for name in group]
        self.parameters = [parameter for group in parameters.values() for parameter in group.values()]
        self.optimizer = solver.build(groups)
        self._optimization, self._scaler, self._world = optimization, scaler, world

    def learn(self, loss: Tensor) -> None:
        """Add a loss's gradient to those gathered so far."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self, number: int) -> float:
        """Change the parameters by what was gathered.

        Args:
            number: Of the step, counted from 0; decides the rate.

        Returns:
            The gradient's norm over all processes.

        Raises:
            NotFinite: The norm is not; nothing was changed. With a scaler such a step is skipped instead, and the
                scale lowered.
        """
        self._world.average_gradients(self.parameters)
        self._scaler.unscale_(self.optimizer)
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        norm = get_total_norm(gradients)
        if not self._scaler.is_enabled() and not math.isfinite(float(norm)):
            raise NotFinite("gradient")
        if self._optimization.gradient_limit is not None:
            clip_grads_with_norm_(self.parameters, self._optimization.gradient_limit, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * self._optimization.rate_factor(number)
        self._scaler.step(self.optimizer)
        self.optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def state_dict(self) -> dict[str, Any]:
        """The solver's memory by parameter name; rates and the like are settings, not state."""
        return {name: self.optimizer.state[p] for name, p in zip(self.names, self.parameters, strict=True)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved memory; parameters that it does not know, or in another shape, begin anew."""
        known, groups = {}, self.optimizer.state_dict()["param_groups"]
        for number, (name, parameter) in enumerate(zip(self.names, self.parameters, strict=True)):
            memory = state.get(name)
            if memory and memory["exp_avg"].shape == parameter.shape:
                known[number] = memory
                if groups[0]["amsgrad"] and "max_exp_avg_sq" not in memory:  # asked for only now
                    known[number] = {**memory, "max_exp_avg_sq": memory["exp_avg_sq"].clone()}
        self.optimizer.load_state_dict({"state": known, "param_groups": groups})
