"""A training run: batches, steps, figures, saved states, and the weights in the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from vcnode.errors import Cancelled, InputError, VcnodeError
from vcnode.network.model import Model
from vcnode.training.batch import Batch
from vcnode.training.checkpoint import load_newest_state, save_state
from vcnode.training.config import TrainingConfig, read_config
from vcnode.training.distributed import World
from vcnode.training.learner import NotFinite
from vcnode.training.leftovers import remove_leftovers
from vcnode.training.model_setup import write_weights
from vcnode.training.objective import Objective
from vcnode.training.recording import LOG_NAME, Recorder
from vcnode.training.sample_sheet import sample_sheet
from vcnode.training.settings import plain
from vcnode.training.sole_run import sole_run
from vcnode.training.step import TrainingStep
from vcnode.training.unroll import Colored


class Data(Protocol):
    """Where batches come from; see `TrainingData`."""

    def stream(
        self, start_step: int, steps: int, size: int, device: torch.device | str, workers: int, rank: int, world: int
    ) -> Iterator[Batch]:
        """Yield the batches of some steps."""
        ...


@dataclass(frozen=True)
class StepReport:
    """What one step brought.

    Attributes:
        step: Its number, counted from 1.
        values: The loss, its weighted terms and the gradients' norms, by name.
    """

    step: int
    values: dict[str, float]


class Diverged(VcnodeError):
    """A loss or gradient that is infinite or not a number."""


class Trainer:
    """A run that can be stopped and gone on with; on the CPU it then equals an unbroken one bit for bit.

    Args:
        config: Settings.
        model: With its first weights, on its device.
        objective: Losses, with their networks on the same device.
        data: Where batches come from.
        folder: For states, figures and sheets; made where missing.
        weights: The weights file to write.
        world: The processes that train together; the first one writes.
        material: What the run begins with and learns from, in words; it is gone on with only with the same.
    """

    def __init__(
        self,
        config: TrainingConfig,
        model: Model,
        objective: Objective,
        data: Data,
        folder: Path,
        weights: Path,
        world: World | None = None,
        material: Mapping[str, str] | None = None,
    ) -> None:
        self.config, self.data, self.folder, self.weights = config, data, folder, weights
        self.world, self.material = world or World(), dict(material or {})
        self.learn = TrainingStep(config, model, objective, self.world)
        self.step = 0

    def run(
        self, on_step: Callable[[StepReport], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> Path:
        """Train up to the last step and write the weights.

        Args:
            on_step: Told of every step.
            cancelled: Asked before every step whether to stop.

        Returns:
            The weights file.

        Raises:
            Cancelled: As asked; the state is saved.
            Diverged: A loss or gradient is not finite; the state before that step is saved.
            ModelError: A state or the weights cannot be written.
            MediaError: The record cannot be written.
            InputError: The data cannot be used, or another process is training in the folder.
        """
        steps, begun = self.config.optimization.steps, self.step
        with self._recorder() as recorder:
            for batch in self._batches():
                self._stop_if_asked(cancelled)
                values, colored = self._learn_from(batch)
                self.step += 1
                if recorder is not None:
                    self._record(recorder, values, batch, colored)
                if on_step is not None:
                    on_step(StepReport(self.step, values))
                if self.step % self.config.output.checkpoint_every == 0 or self.step == steps:
                    self.save()
            if self.step == begun:  # the weights file may be older: of other settings, or of a process killed before it
                self.save()
        return self.weights

    def resume(self) -> int:
        """Go on from the newest saved state, with this run's settings; return the steps it has behind it.

        Raises:
            ModelError: There is none.
            InputError: It is of another architecture, or was trained on something else.
        """
        state = load_newest_state(self.folder)
        saved = read_config(state["config"]).model
        if saved != self.config.model:
            raise InputError(
                f"The saved run in {self.folder} trains the network '{saved.name}' with other settings than "
                f"'{self.config.model.name}' has now: give the same model, or another --output."
            )
        for name, before in state["material"].items():
            if self.material.get(name) != before:
                raise InputError(
                    f"The saved run in {self.folder} began with '{name}' {before}, which is now "
                    f"{self.material.get(name)}: give what it began with, or another --output."
                )
        self.learn.load_state_dict(state)
        self.step = int(state["step"])
        return self.step

    def save(self) -> Path | None:
        """Write the run's state and the weights it has led to; in the first process only.

        Raises:
            ModelError: A file cannot be written.
        """
        if self.world.rank > 0:
            return None
        settings, model = plain(self.config), self.learn.model
        run = {"step": self.step, "config": settings, "material": self.material}
        path = save_state(self.folder, self.step, {**run, **self.learn.state_dict()})
        state = self.learn.average.state_dict_of(model)
        write_weights(self.weights, model.config, state, {"steps": self.step, **settings}, half=self.config.output.half)
        return path

    @contextmanager
    def _recorder(self) -> Iterator[Recorder | None]:
        """The first process writes the record, alone in the folder; the others get none."""
        if self.world.rank > 0:
            yield None
            return
        with sole_run(self.folder), closing(Recorder(self.folder, self.step)) as recorder:
            remove_leftovers(self.folder)
            remove_leftovers(self.folder, LOG_NAME)
            yield recorder

    def _batches(self) -> Iterator[Batch]:
        settings, world = self.config.optimization, self.world
        return self.data.stream(
            self.step,
            max(0, settings.steps - self.step),
            settings.batch,
            self.learn.device,
            self.config.workers,
            world.rank,
            world.size,
        )

    def _learn_from(self, batch: Batch) -> tuple[dict[str, float], Colored]:
        try:
            return self.learn(batch, self.step)
        except NotFinite as error:
            path = self.save() or self.folder
            raise Diverged(
                f"The '{error}' of the loss was no finite number in step {self.step + 1}, so training stopped; the "
                f"network before that step is in {path}: go on from it with a lower rate (--resume --set "
                "optimization.rates.color_net=...) or a 'gradient_limit', or look for what is wrong with the data."
            ) from None

    def _stop_if_asked(self, cancelled: Callable[[], bool] | None) -> None:
        if self.world.any(cancelled is not None and cancelled(), self.learn.device):
            self.save()
            raise Cancelled(
                f"Stopped after {self.step} of {self.config.optimization.steps} steps, as asked; the same command with "
                "--resume goes on from there."
            )

    def _record(self, recorder: Recorder, values: dict[str, float], batch: Batch, colored: Colored) -> None:
        output = self.config.output
        if self.step % output.figures_every == 0 or self.step == 1:
            recorder.figures(self.step, values)
        if output.sheet_every and (self.step % output.sheet_every == 0 or self.step == 1):
            recorder.sheet(self.step, sample_sheet(batch, colored, output.sheet_rows))
