"""Motion between two frames of a film, for the temporal loss and for measuring flicker.

The authors used FlowNet2 ahead of training. Here RAFT (Teed & Deng 2020) is taken where torchvision and its weights
are already on this machine, and OpenCV's DIS (Kroeger et al. 2016) otherwise. Nothing is downloaded.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.errors import InputError, ModelError
from vcnode.training.flow_visibility import visibility
from vcnode.weights import digest, load_state_dict

_RAFT_FILES = ("raft_large_C_T_SKHT_V2-ff5fadd5.pth", "raft_small_C_T_V2-01064c6d.pth")  # torchvision's names
_RAFT_SIDE = 128  # pixels; below, its coarsest correlations have no extent
_RAFT_STEP = 8  # sides must be multiples of it
_DIS_SIDE = 16  # pixels; OpenCV refuses much smaller pictures
_GRAY = (0.299, 0.587, 0.114)  # Rec. 601, as OpenCV's conversion


class FlowEstimator(Protocol):
    """Anything that finds motion, and says which it is."""

    @property
    def identity(self) -> str:
        """Everything the flow depends on besides the frames: method, settings and weights."""
        ...

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow `(B, 2, H, W)` between RGB frames `(B, 3, H, W)`; see `estimate_flow`."""
        ...


def find_flow_estimator(device: torch.device | str = "cpu", size: tuple[int, int] | None = None) -> FlowEstimator:
    """The best estimator that this machine has: RAFT if torchvision and its weights are there, else DIS.

    Args:
        device: Where RAFT runs; DIS always runs on the CPU.
        size: Height and width of the frames, where they are known: below 128 pixels, which are too few for RAFT, DIS
            is taken.

    Raises:
        ModelError: There is neither RAFT nor OpenCV.
    """
    is_large = size is None or min(size) >= _RAFT_SIDE
    if is_large and find_spec("torchvision") is not None:
        for name in _RAFT_FILES:
            path = Path(torch.hub.get_dir()) / "checkpoints" / name
            if path.is_file():
                return RaftFlow(path, device)
    return DisFlow()


def estimate_flow(first: Tensor, second: Tensor, estimator: FlowEstimator) -> Tensor:
    """Find where each pixel of the first frame went.

    Args:
        first: RGB `(B, 3, H, W)`, 0..1.
        second: RGB of the frames after, of the same shape.
        estimator: See `find_flow_estimator`.

    Returns:
        Flow `(B, 2, H, W)`, horizontal then vertical, in pixels, on the device of `first`: `second` at `x + flow(x)`
        shows what `first` shows at `x`.

    Raises:
        InputError: The frames are of different shape, too small, not RGB, or not finite.
    """
    check_frames(first, second)
    return estimator(first, second)


def flow_and_visibility(first: Tensor, second: Tensor, estimator: FlowEstimator) -> tuple[Tensor, Tensor]:
    """Forward flow and where it holds, as `vcnode.training.batch.Batch` has them.

    Args:
        first: RGB `(B, 3, H, W)`, 0..1.
        second: RGB of the frames after, of the same shape.
        estimator: See `find_flow_estimator`.

    Returns:
        Flow `(B, 2, H, W)` and visibility `(B, 1, H, W)`.

    Raises:
        InputError: As `estimate_flow`.
    """
    forward = estimate_flow(first, second, estimator)
    return forward, visibility(forward, estimate_flow(second, first, estimator))


@dataclass(frozen=True)
class DisFlow:
    """OpenCV's dense inverse search: no weights, about 10 ms a pair of 384x216 pixels on one core.

    Raises:
        ModelError: OpenCV is not installed.

    Attributes:
        preset: OpenCV's, from fastest to most precise.
    """

    preset: Literal["ultrafast", "fast", "medium"] = "medium"

    def __post_init__(self) -> None:
        if find_spec("cv2") is None:
            raise ModelError(
                "Optical flow needs OpenCV, or torchvision with RAFT's weights, and this installation has neither: "
                "run `pip install vcnode[evaluate]`."
            )

    @property
    def identity(self) -> str:
        """Method, preset and OpenCV's version."""
        import cv2

        return f"dis {self.preset}, opencv {cv2.__version__}"

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """See `estimate_flow`; frames of at least 16x16 pixels."""
        import cv2
        import numpy as np

        _check_side(first, _DIS_SIDE, "DIS")
        # The object keeps the last frames' sizes and is not safe to share between threads, so each call makes one.
        estimator = cv2.DISOpticalFlow.create(getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{self.preset.upper()}"))
        flows = []
        for before, after in zip(_gray(first), _gray(second), strict=True):
            start = np.zeros((*before.shape, 2), np.float32)
            flows.append(torch.from_numpy(np.asarray(estimator.calc(before.numpy(), after.numpy(), start))))
        return torch.stack(flows).permute(0, 3, 1, 2).contiguous().to(first.device)


@dataclass(frozen=True)
class RaftFlow:
    """Torchvision's RAFT, which must be installed, large or small as its weights say.

    Attributes:
        weights: A `.pth` or safetensors file.
        device: Where it runs.
        updates: Refinements; torchvision's default.

    Raises:
        ModelError: When first used: the weights are absent or do not fit.
    """

    weights: Path
    device: torch.device | str = "cpu"
    updates: int = 12

    @cached_property
    def identity(self) -> str:
        """Method, settings and the weights' digest."""
        return f"raft, {self.updates} updates, weights {digest(self.weights)}"

    @torch.no_grad()
    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """See `estimate_flow`; frames of at least 128x128 pixels."""
        _check_side(first, _RAFT_SIDE, "RAFT")
        height, width = first.shape[2:]
        padding = (0, -width % _RAFT_STEP, 0, -height % _RAFT_STEP)
        pair = [F.pad(2 * rgb.to(self.device, torch.float32) - 1, padding, mode="replicate") for rgb in (first, second)]
        flow: Tensor = self._network(*pair, num_flow_updates=self.updates)[-1]
        return flow[:, :, :height, :width].contiguous().to(first.device)

    @cached_property
    def _network(self) -> Any:
        optical_flow = import_module("torchvision.models.optical_flow")
        state = load_state_dict(self.weights)
        is_large = any(key.startswith("mask_predictor.") for key in state)
        network = (optical_flow.raft_large if is_large else optical_flow.raft_small)(weights=None, progress=False)
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"The weights {self.weights} do not fit torchvision's RAFT: give those of raft_large or raft_small."
            ) from error
        return network.to(self.device).eval().requires_grad_(False)

    def __getstate__(self) -> dict[str, object]:
        """Without the network: a worker process loads its own."""
        return {name: getattr(self, name) for name in ("weights", "device", "updates")}


def check_frames(first: Tensor, second: Tensor) -> None:
    """Check two stacks of RGB frames.

    Raises:
        InputError: They are of different shape, not RGB `(B, 3, H, W)`, not in 0..1, or not finite.
    """
    if first.shape != second.shape or first.ndim != 4 or first.shape[1] != 3 or first.numel() == 0:
        raise InputError(
            f"The frames have the shapes {tuple(first.shape)} and {tuple(second.shape)}; both must be (B, 3, H, W)."
        )
    for frames in (first, second):
        if not frames.is_floating_point() or not bool(torch.isfinite(frames).all()):
            raise InputError("The frames are not finite floating-point numbers; give RGB in 0..1.")
        if float(frames.min()) < -0.001 or float(frames.max()) > 1.001:
            raise InputError(
                f"The frames have values from {float(frames.min()):.3g} to {float(frames.max()):.3g}; give RGB in 0..1."
            )


def _check_side(frames: Tensor, least: int, method: str) -> None:
    height, width = frames.shape[2:]
    if min(height, width) < least:
        raise InputError(f"The frames are {width}x{height} pixels; {method} flow needs at least {least}x{least}.")


def _gray(frames: Tensor) -> Tensor:
    """8-bit gray `(B, H, W)` on the CPU."""
    weights = frames.new_tensor(_GRAY).view(1, 3, 1, 1)
    return ((frames * weights).sum(dim=1) * 255).round().clamp(0, 255).to("cpu", torch.uint8)
