"""Counting before measuring: how much a step computes and moves, whatever the machine.

Counted is what the network asks for, each convolution done the plain way: a kernel that finds the same with fewer
multiplications then shows as a greater share of the machine's peak, which can even exceed it.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vcnode.bench.case import Case
from vcnode.bench.network_stages import NetworkStages
from vcnode.network import Model, ModelConfig
from vcnode.network.light_colorization import LightColorNet
from vcnode.network.matching import Match


@dataclass(frozen=True)
class Work:
    """What a step has to do for one frame.

    Attributes:
        flops: Floating-point operations of convolutions and matrix products, a multiplication and an addition being 2.
        bytes: Read and written in float32 when every operation reads its inputs from memory and writes its result.
    """

    flops: int
    bytes: int


def count(config: ModelConfig, case: Case, look_ahead: int = 1, *, learned: bool = True) -> dict[str, Work]:
    """Count the work of a frame, step by step, without doing it.

    Args:
        config: Of the model.
        case: The size; one reference of the same size is matched.
        look_ahead: Frames of a window; work that is done once a window is shared among them.
        learned: Whether the learned part of the light colour net runs, see `LightColorNet.changes_nothing`.

    Returns:
        By the names of `NetworkStages.steps`.
    """
    from torch.utils.flop_counter import FlopCounterMode  # 75 MB, which the program that is timed must not carry

    size = case.working_size
    with torch.inference_mode(), torch.device("meta"):
        model = Model(config).eval().requires_grad_(False)
        if isinstance(model.color_net, LightColorNet):
            model.color_net.takes_part = learned
        plane = torch.empty(1, 3, size.padded_height, size.padded_width)
        references = model.encode_references([plane])
        lightness = torch.empty(look_ahead, 1, size.padded_height, size.padded_width)
        stages = NetworkStages(model, references, lightness, lightness, matcher=_dense)
        counted = {}
        for name, step in stages.steps().items():
            flops, traffic = FlopCounterMode(display=False), _Traffic()
            with flops, traffic:
                step()
            frames = 1 if name == "colour net" else look_ahead
            counted[name] = Work(flops.get_total_flops() // frames, traffic.bytes // frames)
    return counted


def _dense(query: Tensor, key: Tensor, value: Tensor, temperature: float | None, **_: Tensor | None) -> Match:
    """Match as the paper's equations are written, all cosines at once; without values that takes no memory."""
    weights = query.mT @ key
    best, index = weights.max(dim=2)
    if temperature is not None:
        weights = torch.softmax(weights / temperature, dim=2)
    return Match(value @ weights.mT, best.unsqueeze(1), index)


class _Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the sizes of what operations take and give; views move nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            written = tree_leaves(result)
            read = tree_leaves((args, {} if kwargs is None else {k: v for k, v in kwargs.items() if k != "out"}))
            self.bytes += sum(x.numel() * x.element_size() for x in (*read, *written) if isinstance(x, Tensor))
        return result
