"""What ComfyUI does for a running node: device and memory, progress, stopping."""

import inspect
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import comfy.model_management as management
import comfy.utils
from comfy.model_patcher import ModelPatcher

from ..failures import explained

if TYPE_CHECKING:
    import torch

    from vcnode.network import Model
    from vcnode.sequence import Settings

    from ..coloring import Load
    from ..models import ColorModel
    from ..progress import Progress


def sentences() -> "AbstractContextManager[None]":
    """Within the block, failures become sentences; import what the node needs inside of it."""
    out_of_memory = management.OOM_EXCEPTION
    return explained(out_of_memory if isinstance(out_of_memory, tuple) else (out_of_memory,))


def managed(network: "Model", precision: str, name: str) -> "ColorModel":
    """Hand a network to ComfyUI's memory management."""
    from ..models import ColorModel, precision_for

    device = management.get_torch_device()
    chosen = precision_for(precision, device)
    patcher = ModelPatcher(network, load_device=device, offload_device=management.unet_offload_device())
    return ColorModel(network, patcher, chosen, name)


def loading(model: "ColorModel", settings: "Settings") -> "Load":
    """What brings a model's whole network to its device, unloading other models where room is needed.

    Args:
        model: From a socket.
        settings: How it is going to be used.
    """

    def load(height: int, width: int) -> "Model":
        from ..models import working_memory

        options: dict[str, Any] = {"memory_required": working_memory(model.network, settings, height, width)}
        if "force_full_load" in inspect.signature(management.load_models_gpu).parameters:
            options["force_full_load"] = True
        management.load_models_gpu([model.patcher], **options)
        device = model.patcher.load_device
        if any(part.device != device for part in model.network.state_dict().values()):
            model.network.to(device)  # --novram leaves weights behind even so, and these nets are small
        return model.network

    return load


def result_device() -> "torch.device":
    """Where ComfyUI wants results."""
    device: torch.device = management.intermediate_device()
    return device


def progress() -> "Progress":
    """A report of progress on the running node, with pictures, that ends with the run where the user stops it."""
    from ..progress import LARGEST_PICTURE, Progress

    bar = comfy.utils.ProgressBar(1)

    def tell(done: int, total: int, picture: Any) -> None:
        bar.update_absolute(done, total, None if picture is None else ("JPEG", picture, LARGEST_PICTURE))

    return Progress(tell, management.throw_exception_if_processing_interrupted)
