"""What goes from the host to the GPU and back, found out without a GPU: each time, one of the two waits."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class HostTraffic(TorchDispatchMode):
    """Lists the operations that tensors of both the CPU and a GPU take part in; to be used inside a `FakeTensorMode`.

    Attributes:
        found: Their names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        tensors = [each for each in tree_leaves((args, kwargs, result)) if isinstance(each, torch.Tensor)]
        if len({each.device.type for each in tensors}) > 1:
            self.found.append(str(function))
        return result
