"""A training run's progress on stderr."""

import time
from typing import TYPE_CHECKING, Any

from vcnode.cli.messages import progress_bar, say
from vcnode.counted import counted

if TYPE_CHECKING:  # the training is only imported where something is trained
    from vcnode.training.trainer import StepReport, Trainer


class TrainingDisplay:
    """A line at the start, then a bar with the loss, clips a second and the time left.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._clips, self._began, self._done = 0, 0.0, 0

    def start(self, trainer: "Trainer") -> None:
        """Say what is going to be done."""
        if self._quiet:
            return
        settings, data = trainer.config.optimization, trainer.config.data
        self._clips = settings.batch * trainer.world.size
        processes = f" in {trainer.world.size} processes" if trainer.world.size > 1 else ""
        resumed = f", going on after step {trainer.step}" if trainer.step else ""
        say(
            f"training {trainer.config.model.name} on {trainer.learn.device}{processes}: "
            f"{counted(settings.steps, 'step')} of {counted(self._clips, 'clip')}, "
            f"{data.width}x{data.height}, {data.frames} frames{resumed}"
        )
        self._bar = progress_bar(settings.steps, " steps", initial=trainer.step)
        self._began = time.monotonic()

    def step(self, report: "StepReport") -> None:
        """Move the bar."""
        if self._bar is None:
            return
        self._done += 1
        speed = self._done * self._clips / max(time.monotonic() - self._began, 1e-9)
        self._bar.set_postfix_str(f"loss {report.values['loss']:.3f}, {speed:.1f} clips/s", refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
