"""Several processes that train one model on different clips, started by torch's own `torchrun`.

Gradients are averaged by hand once a step instead of through `DistributedDataParallel`, which hooks the one forward
pass of one module: here the generator and the discriminator share a graph, the discriminator runs several times a step,
and its spectral norm keeps buffers.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from vcnode.errors import DeviceError


@dataclass(frozen=True)
class World:
    """Which process this is and of how many; alone by default."""

    rank: int = 0
    size: int = 1

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their means over all processes; all must have the same ones."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.size == 1 or not gradients:
            return
        joined = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, mean in zip(gradients, torch.split(joined, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, values: Tensor) -> Tensor:
        """Average a tensor over all processes."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether it is true in one process at least; all of them get the same answer."""
        if self.size == 1:
            return flag
        return bool(self.mean(torch.tensor(float(flag), device=device)) > 0)


def process_count() -> int:
    """How many processes `torchrun` started to work together; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined_world(device: str) -> Iterator[tuple[World, str]]:
    """Join the processes that `torchrun` started, if it did; yield the world and this process's device.

    Args:
        device: The user's wish; "auto" and "cuda" become this process's own GPU.

    Raises:
        DeviceError: There are more processes than GPUs.
    """
    size = process_count()
    if size == 1:
        yield World(), device
        return
    rank, local_rank = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if on_gpu:
        if local_rank >= torch.cuda.device_count():
            raise DeviceError(
                f"torchrun started more processes than the {torch.cuda.device_count()} CUDA GPUs of this machine: give "
                "it --nproc-per-node of that number, or vcnode --device cpu."
            )
        device = f"cuda:{local_rank}"
        torch.cuda.set_device(local_rank)
    dist.init_process_group("nccl" if on_gpu else "gloo", rank=rank, world_size=size)
    try:
        yield World(rank, size), device
    finally:
        dist.destroy_process_group()
