"""One step of training: colour a batch, teach the discriminator, teach the network, average its weights."""

import copy
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from vcnode.network.model import Model
from vcnode.training.averaging import WeightAverage
from vcnode.training.batch import Batch
from vcnode.training.config import TrainingConfig
from vcnode.training.distributed import World
from vcnode.training.feature_noise import feature_noise
from vcnode.training.history import draw_history
from vcnode.training.learner import Learner, NotFinite
from vcnode.training.objective import Objective
from vcnode.training.optimization import trained_parameters
from vcnode.training.randomness import generator_for
from vcnode.training.unroll import Colored, matching_error, unroll

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class TrainingStep:
    """What changes the weights, and everything that it remembers from step to step.

    Random numbers derive from the seed and the step's number, so they are no part of that.

    Args:
        config: Settings.
        model: The network, on its device.
        objective: Losses, with their networks on the same device.
        world: The processes that train together.
    """

    def __init__(self, config: TrainingConfig, model: Model, objective: Objective, world: World) -> None:
        settings = config.optimization
        self.config, self.model, self.objective, self.world = config, model, objective, world
        self.device = next(model.parameters()).device
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.precision == "float16")
        parameters = trained_parameters(model, settings.rates)
        self.generator = Learner(parameters, settings.solver, settings, self.scaler, world)
        self.discriminator: Learner | None = None
        if objective.discriminator is not None:
            parameters = {settings.rates.discriminator: dict(objective.discriminator.named_parameters())}
            self.discriminator = Learner(parameters, settings.discriminator_solver, settings, self.scaler, world)
        self.average = WeightAverage(model, settings.average)

    def __call__(self, batch: Batch, number: int) -> tuple[dict[str, float], Colored]:
        """Change the weights by one batch.

        The discriminator goes first, as in the authors' step. Of a batch in parts, the generator meets the old one
        until the last part, when the discriminator's gradient is whole.

        Args:
            batch: On the network's device.
            number: Of the step, counted from 0.

        Returns:
            The loss, its weighted terms and the gradients' norms by name, means over all processes, and how the clips
            were coloured.

        Raises:
            NotFinite: A loss or gradient is not; everything is as it was before.
        """
        judge = copy.deepcopy(self._judge_state())  # it has had its turn when the network's gradient shows
        try:
            return self._learn(batch, number)
        except NotFinite:
            self._load_judge(judge)
            raise

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on besides its number and the settings."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.means,
            "generator": self.generator.state_dict(),
            "scaler": self.scaler.state_dict(),
            **self._judge_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; what it does not have of the discriminator for frames of this size begins anew."""
        self.model.load_state_dict(state["model"])
        self.average.load(state["average"], self.model)
        self.generator.load_state_dict(state["generator"])
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        self._load_judge(state)

    def _judge_state(self) -> dict[str, Any]:
        return {
            "judge": {} if self.objective.discriminator is None else self.objective.discriminator.state_dict(),
            "discriminator": {} if self.discriminator is None else self.discriminator.state_dict(),
        }

    def _load_judge(self, state: Mapping[str, Any]) -> None:
        if self.discriminator is not None and self.objective.discriminator is not None and state["judge"]:
            own = self.objective.discriminator.state_dict()
            fitting = {name: saved for name, saved in state["judge"].items() if saved.shape == own[name].shape}
            self.objective.discriminator.load_state_dict({**own, **fitting})
            self.discriminator.load_state_dict(state["discriminator"])

    def _learn(self, batch: Batch, number: int) -> tuple[dict[str, float], Colored]:
        recurrence, count = self.config.recurrence, self.config.optimization.accumulate
        history = draw_history(batch, recurrence.history, self._random(number, "history", self.world.rank))
        size = len(batch.reference) // count
        values: dict[str, float] = {}
        judged, wanted, results = [], [], []
        for first in range(0, count * size, size):
            clips = slice(first, first + size)
            part, told = batch.part(clips), history and history.part(clips)
            with self._disturbed_features(number, first), self._autocast():
                colored = unroll(self.model, part, told, clean_history=recurrence.clean_history)
            if self.discriminator is not None:
                judged.append(self._teach_discriminator(self.discriminator, colored, part, 1 / count))
                if len(judged) == count:
                    values |= self._advance(self.discriminator, "discriminator", judged, number)
            wanted.append(self._teach_generator(colored, part, 1 / count))
            results.append(colored.detach())
        values |= self._advance(self.generator, "loss", wanted, number)
        self.scaler.update()
        self.average.update(self.model, number)
        return values, Colored.joined(results)

    def _teach_discriminator(self, learner: Learner, colored: Colored, part: Batch, share: float) -> dict[str, Tensor]:
        loss = share * self.objective.discriminator_loss(colored.ab.unbind(1), part)
        learner.learn(loss)
        return {"discriminator": loss.detach()}

    def _teach_generator(self, colored: Colored, part: Batch, share: float) -> dict[str, Tensor]:
        terms = self.objective.generator_terms(colored.ab.unbind(1), part)
        if self.config.matching_weight:
            terms["matching"] = self.config.matching_weight * matching_error(colored, part)
        loss = share * torch.stack(list(terms.values())).sum()
        self.generator.learn(loss)
        return {"loss": loss.detach()} | {name: share * term.detach() for name, term in terms.items()}

    def _advance(
        self, learner: Learner, name: str, parts: Sequence[Mapping[str, Tensor]], number: int
    ) -> dict[str, float]:
        """Take a learner's step if its losses, summed over the parts of the batch, are finite everywhere."""
        summed = torch.stack([torch.stack(list(part.values())) for part in parts]).sum(dim=0)
        values = dict(zip(parts[0], self.world.mean(summed).tolist(), strict=True))
        broken = [term for term, value in values.items() if not math.isfinite(value)]
        if broken:
            raise NotFinite(broken[-1])
        return {**values, f"{name} gradient": learner.step(number)}

    def _autocast(self) -> torch.autocast:
        dtype = _PRECISIONS[self.config.optimization.precision]
        return torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32)

    def _disturbed_features(self, number: int, first_clip: int) -> AbstractContextManager[None]:
        settings = self.config.recurrence
        happens = float(torch.rand(1, generator=self._random(number, "noise"))) < settings.noise_probability
        noise = self._random(number, "noise", self.world.rank, first_clip, device=self.device)
        return feature_noise(self.model.encoder, settings.noise_strength if happens else 0.0, noise)

    def _random(self, *purpose: object, device: torch.device | str = "cpu") -> torch.Generator:
        return generator_for(self.config.seed, *purpose, device=device)
