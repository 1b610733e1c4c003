"""How long something takes on a machine that others use too."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from vcnode.errors import Cancelled


@dataclass(frozen=True)
class Timing:
    """How long some work took.

    Attributes:
        seconds: Of the fastest run: whoever else uses the machine can only make it slower.
        median: Seconds of the run in the middle.
        cpu_seconds: Least processor time of a run, all threads together; on a GPU this is what launching costs.
        runs: How many runs there were, besides one to warm up.
    """

    seconds: float
    median: float
    cpu_seconds: float
    runs: int

    def shared_by(self, count: int) -> "Timing":
        """The part of one of `count` frames that were worked on together."""
        return Timing(self.seconds / count, self.median / count, self.cpu_seconds / count, self.runs)


@dataclass(frozen=True)
class Stopwatch:
    """Times work on a device.

    Attributes:
        device: What has to be finished before time is taken.
        repeats: Runs at most.
        budget: Seconds after which there are no more runs; one there always is.
        cancelled: Asked before each run.
    """

    device: torch.device
    repeats: int = 5
    budget: float = 5.0
    cancelled: Callable[[], bool] = lambda: False

    def time(self, work: Callable[[], object]) -> Timing:
        """Run some work several times.

        Raises:
            Cancelled: `cancelled` said so.
        """
        self._run(work)
        runs = [self._run(work)]
        while len(runs) < self.repeats and sum(wall for wall, _ in runs) < self.budget:
            runs.append(self._run(work))
        walls = [wall for wall, _ in runs]
        return Timing(min(walls), statistics.median(walls), min(cpu for _, cpu in runs), len(runs))

    def _run(self, work: Callable[[], object]) -> tuple[float, float]:
        if self.cancelled():
            raise Cancelled("Stopped before all was timed, as asked.")
        self._wait()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self._wait()
        return time.perf_counter() - wall, time.process_time() - cpu

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()
