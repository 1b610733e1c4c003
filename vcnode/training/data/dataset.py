"""The batches of a training run: a pure function of its settings and the step's number."""

import logging
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader, Dataset

from vcnode.errors import VcnodeError
from vcnode.stop_signals import STOP_SIGNALS
from vcnode.training.batch import Batch
from vcnode.training.data.augmentation import augment
from vcnode.training.data.config import DataConfig
from vcnode.training.data.material import listed
from vcnode.training.data.raw import RawBatch, RawSample, collate
from vcnode.training.data.sampling import Sampler
from vcnode.training.flow_cache import kept
from vcnode.training.optical_flow import FlowEstimator, find_flow_estimator

_log = logging.getLogger("vcnode")


class TrainingData:
    """Everything a run is trained on.

    Pictures are decoded in worker processes; motion, colour conversion, film look and references are made of them on
    the training's device. On a CPU a batch is the same bit for bit, whatever the number of workers.

    Args:
        config: Settings.
        flow_estimator: Finds the motion of real videos; by default the best that this machine has.
        device: Where that runs.

    Raises:
        InputError: A folder has nothing in it, or the index does not belong to it.
        ModelError: There are videos, and neither RAFT nor OpenCV to find their motion.
    """

    def __init__(
        self,
        config: DataConfig,
        flow_estimator: FlowEstimator | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.config = config
        self._sampler = Sampler(config)
        if flow_estimator is None and "video" in config.kind_weights():
            flow_estimator = find_flow_estimator(device=device, size=(config.height, config.width))
        self._flow_estimator = flow_estimator and kept(flow_estimator, config.flows)
        self._complaints: set[str] = set()

    @property
    def material(self) -> dict[str, str]:
        """Which photos and clips there are, in words: batches are the same only where these are."""
        return {"photos": listed(self._sampler.material.photos), "videos": listed(self._sampler.material.clips)}

    def batch(self, step: int, size: int, rank: int = 0, world: int = 1, device: torch.device | str = "cpu") -> Batch:
        """Make the batch of one step: the same for the same arguments and settings, whatever was asked before.

        Together, the ranks see the samples that one process would see at a size of `size * world`.

        Args:
            step: Its number.
            size: Samples, on this rank.
            rank: This process among `world`.
            world: How many processes train together.
            device: Where augmentation runs and the batch lies.

        Raises:
            InputError: None of the photos or clips can be used.
        """
        return next(self.stream(step, 1, size, device, 0, rank, world))

    def stream(
        self,
        start_step: int,
        steps: int,
        size: int,
        device: torch.device | str = "cpu",
        workers: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> Iterator[Batch]:
        """Yield the batches of `steps` steps from `start_step` on, the same as `batch` gives.

        Args:
            start_step: Number of the first step.
            steps: How many.
            size: Samples a batch, on this rank.
            device: Where augmentation runs and batches lie.
            workers: Processes that read and decode files ahead; 0 does it in this one.
            rank: This process among `world`.
            world: How many processes train together.

        Raises:
            InputError: None of the photos or clips can be used.
        """
        device = torch.device(device)
        loader = DataLoader(
            _Samples(self._sampler),
            batch_sampler=_Numbers(range(start_step, start_step + steps), size, rank, world),
            num_workers=workers,
            collate_fn=collate,
            pin_memory=device.type == "cuda",
            worker_init_fn=_leave_signals_to_the_main_process,
            generator=torch.Generator(),  # the loader draws a seed; not from the training's global numbers
        )
        for raw in loader:
            self._report(raw)
            yield augment(raw, self.config, device, self._flow_estimator)

    def _report(self, raw: RawBatch) -> None:
        """Say once what cannot be read; workers cannot, they would each say it."""
        for complaint in raw.complaints:
            if complaint not in self._complaints:
                self._complaints.add(complaint)
                _log.warning("%s", complaint)
        if raw.failure is not None:
            raise raw.failure


@dataclass(frozen=True)
class _Numbers:
    """The numbers of the samples that one rank sees, step by step."""

    steps: range
    size: int
    rank: int
    world: int

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            first = (step * self.world + self.rank) * self.size
            yield list(range(first, first + self.size))


class _Samples(Dataset[RawSample | VcnodeError]):
    """Samples by number; failures are handed over instead of raised, so that their sentence arrives as it is."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def __getitem__(self, number: int) -> RawSample | VcnodeError:
        try:
            return self.sampler.sample(number)
        except VcnodeError as error:
            return error


def _leave_signals_to_the_main_process(worker: int) -> None:
    """Terminals, torchrun and clusters signal all processes of a run; only the main one knows how to stop."""
    with suppress(ValueError):  # not the main thread of the worker
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
