"""Many small kernels as one launch: what a function does is recorded as a CUDA graph, then replayed.

Starting a kernel costs the host some microseconds however small it is, and the motion between two small pictures is
hundreds of them. Only for functions that do the same whatever the values are, and ask the host nothing.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

type Tensors = tuple[Tensor, ...]

SWITCH = "VCNODE_CUDA_GRAPHS"  # environment variable: 0 has functions called as they are

_MOST = 8  # recordings that are kept, those used last; each holds the memory its function needs
_LARGEST = 400_000  # pixels; with more, kernels take longer than launching them, and recordings much memory
_WARM_UPS = 2  # before recording, so that libraries have set themselves up
_ALIKE = 1e-3  # relative and absolute: of a recording's results and the function's own

_log = logging.getLogger("vcnode")
_recording = threading.Lock()  # CUDA allows a process one recording at a time


class Replay:
    """Calls a function, by replaying it where that can be done.

    On an NVIDIA GPU a function is recorded at its second call for tensors of the same kind, and tried on other values;
    where it cannot be recorded or gives something else, it is called as it is, and a warning says so. Everywhere else,
    and where gradients are wanted, it is always called as it is. Few recordings are kept, and none when this object
    goes; a copy knows nothing of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[object, Callable[[Tensors], Tensors] | None] = {}

    def __deepcopy__(self, memo: object) -> "Replay":
        return Replay()

    def __reduce__(self) -> tuple[type["Replay"], tuple[()]]:
        return Replay, ()

    def __call__(self, function: Callable[..., Tensors], *inputs: Tensor, reads: Iterable[Tensor] = ()) -> Tensors:
        """Give the function's results for `inputs`.

        Args:
            function: What to call.
            inputs: On one device, a picture of one plane or more first.
            reads: What else it reads, such as weights: where they lie is part of a recording.
        """
        reads = tuple(reads)
        if not can_replay(inputs, reads):
            return function(*inputs)
        what = getattr(function, "__func__", function)  # methods are other objects at each look
        key = (what, _circumstances(inputs[0].device), *map(_kind, inputs), *(each.data_ptr() for each in reads))
        with self._lock:
            again, replay = key in self._seen, self._seen.pop(key, None)
            if again and replay is None:
                replay = self._recorded(function, inputs)
            self._seen[key] = replay  # behind the others: what was not used for longest goes first
            while len(self._seen) > _MOST:
                del self._seen[next(iter(self._seen))]
            if replay is not None:
                return replay(inputs)
        return function(*inputs)

    def _recorded(self, function: Callable[..., Tensors], inputs: Tensors) -> Callable[[Tensors], Tensors]:
        """A recording that was found to be right, or else the function itself."""

        def plain(given: Tensors) -> Tensors:
            return function(*given)

        try:
            with _recording:
                recording = record(function, inputs)
            others = tuple(torch.empty_like(each).copy_(each.flip(-1)) for each in inputs)  # as they lie in memory
            alike = all(
                torch.allclose(one.float(), other.float(), rtol=_ALIKE, atol=_ALIKE)
                for one, other in zip(recording(others), function(*others), strict=True)
            )
            problem = None if alike else "a recording gives other results"
        except Exception as error:  # drivers and libraries refuse in many ways
            problem = f"{type(error).__name__}: {str(error).strip().partition('\n')[0]}"
        if problem is None:
            return recording
        _log.warning("The network is slower than it could be on %s: %s.", inputs[0].device, problem)
        return plain


def can_replay(inputs: Tensors, reads: Tensors = ()) -> bool:
    """Whether a function of these tensors may be recorded at all."""
    if inputs[0].device.type != "cuda" or torch.version.hip is not None or os.environ.get(SWITCH) == "0":
        return False
    if inputs[0].numel() > _LARGEST:
        return False
    if torch.is_grad_enabled() and reads:  # frozen weights too: training hooks in noise that a recording would lack
        return False
    # Autocast keeps its copies of trainable weights only for as long as it is on: a recording would read freed memory.
    wanted = torch.is_grad_enabled() or torch.is_autocast_enabled("cuda")
    if wanted and any(each.requires_grad for each in (*inputs, *reads)):
        return False
    return torch.cuda.is_available() and not torch.cuda.is_current_stream_capturing()


def record(function: Callable[..., Tensors], inputs: Tensors) -> Callable[[Tensors], Tensors]:
    """Record what a function does; the result does the same with other tensors of the same kind."""
    held = tuple(each.clone() for each in inputs)
    launch, results = capture(function, held)

    def replay(given: Tensors) -> Tensors:
        for mine, theirs in zip(held, given, strict=True):
            mine.copy_(theirs)
        launch()
        return tuple(each.clone() for each in results)  # the next replay writes over them

    return replay


def capture(function: Callable[..., Tensors], held: Tensors) -> tuple[Callable[[], None], Tensors]:
    """Make a CUDA graph of a function's work on these tensors: what launches it, and where its results then lie."""
    with torch.cuda.device(held[0].device):
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UPS):
                function(*held)
        here.wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        # A stream of this GPU: torch's own lies on the GPU that recorded first. Other threads go on with their work.
        with (
            torch.cuda.stream(here),  # is current again also after a failure
            torch.cuda.graph(graph, stream=beside, capture_error_mode="thread_local"),
        ):
            results = function(*held)
    return graph.replay, results


def _circumstances(device: torch.device) -> tuple[object, ...]:
    """What besides the tensors decides which kernels run, and where."""
    autocast = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else None
    return autocast, torch.is_inference_mode_enabled(), torch.cuda.current_stream(device).cuda_stream


def _kind(tensor: Tensor) -> tuple[object, ...]:
    return tensor.device, tensor.dtype, tuple(tensor.shape), tensor.stride()
