"""Models: which there are, and how they are loaded; the socket VCNODE_MODEL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from vcnode.errors import InputError, ModelError
from vcnode.network import Model
from vcnode.sequence import MemoryStateCache, Settings, StateStore, load
from vcnode.sequence.settings import GPU_LOOK_AHEAD

from .choices import EMBEDDED, PRECISIONS

# Bytes a working pixel: a run on the CPU took 1000 (and 350 more for each frame looked ahead) and 3300 at its peak;
# half as much again is left for what GPU libraries take.
_BYTES_A_PIXEL = {"efficientnet_lite0": 1500, "vgg19": 5000}
_FINISHING = 150  # bytes a pixel of the frame at its own size, where 100 were counted

type Precision = Literal["float32", "float16"]


@dataclass(frozen=True, eq=False)
class ColorModel:
    """A model that the host manages.

    Attributes:
        network: The network; the host moves it between devices.
        patcher: The host's handle of it.
        precision: Of the convolutions; None: the core's choice for network and device.
        name: As chosen in the editor.
        states: What the network made in earlier runs: saturation and upsampling come after it.
    """

    network: Model
    patcher: Any
    precision: Precision | None
    name: str
    states: StateStore = field(default_factory=MemoryStateCache)

    def __str__(self) -> str:  # ComfyUI prints inputs when a node fails
        return f"{self.name}, {self.precision or 'auto'}"

    __repr__ = __str__


def load_network(name: str, find: Callable[[str], str | None], folder: str) -> Model:
    """Load a model's network on the CPU.

    Args:
        name: As chosen in the editor.
        find: The host's search for a file in its model folders.
        folder: Where model files belong, for messages.

    Raises:
        ModelError: It is not there, damaged or something else.
    """
    path: str | None = "lite" if name == EMBEDDED else find(name)
    if path is None:
        raise ModelError(
            f"There is no model file {name!r} in {folder}: choose {EMBEDDED!r}, which is always there, or put the "
            "file there. The help page of this node says where models come from."
        )
    with torch.inference_mode(False):  # the host may train or move it at any time, also outside its inference mode
        return load(path, device="cpu")


def precision_for(choice: str, device: torch.device) -> Precision | None:
    """Decide how precise the convolutions are; None leaves it to the core, as every host does by default.

    Args:
        choice: Of `PRECISIONS`.
        device: Where the network runs.

    Raises:
        InputError: The choice is not known, or half precision is wanted on a CPU, which would only be slower.
    """
    if choice not in PRECISIONS:
        raise InputError(f"The precision {choice!r} is not known: choose one of {', '.join(PRECISIONS)}.")
    if choice == "fp16" and device.type == "cpu":
        raise InputError("The precision fp16 is for GPUs, and this ComfyUI runs on the CPU: choose auto or fp32.")
    chosen: dict[str, Precision | None] = {"auto": None, "fp32": "float32", "fp16": "float16"}
    return chosen[choice]


def working_memory(network: Model, settings: Settings, height: int, width: int) -> int:
    """Estimate the bytes that colouring needs besides the weights, for the host to make room.

    Args:
        network: The network.
        settings: How it is used.
        height: Of the frames.
        width: Of the frames.
    """
    short = settings.working_size or network.config.working_size
    pixels = short * short * max(height, width) / max(1, min(height, width))
    window = settings.look_ahead or GPU_LOOK_AHEAD  # the network may lie on the CPU still
    return int(_BYTES_A_PIXEL[network.config.encoder] * pixels * window) + _FINISHING * height * width
