"""The host's side: devices and memory, progress, interrupting, and model loading."""

from dataclasses import dataclass, field
from types import ModuleType

import torch

from .folders import Folders


class InterruptProcessingException(Exception):
    """An ordinary Exception, as in ComfyUI: a careless `except Exception` in a node swallows the user's stop."""


@dataclass
class Host:
    """One run of ComfyUI.

    Attributes:
        folders: The directories, see `Folders`.
        progress: Every update as (value, total, preview).
        loads: Every request for a model on the device as (patcher, bytes asked for).
        interrupted: Set it to stop the node at its next check.
        on_progress: Called with each value.
    """

    folders: Folders
    progress: list = field(default_factory=list)
    loads: list = field(default_factory=list)
    interrupted: bool = False
    on_progress: object = None

    def throw_if_interrupted(self):
        if self.interrupted:
            self.interrupted = False
            raise InterruptProcessingException


def model_management(host):
    """`comfy.model_management` of a machine without a GPU."""
    module = ModuleType("comfy.model_management")
    module.OOM_EXCEPTION = torch.OutOfMemoryError
    module.throw_exception_if_processing_interrupted = host.throw_if_interrupted
    for name in ("get_torch_device", "unet_offload_device", "intermediate_device"):
        setattr(module, name, lambda: torch.device("cpu"))

    def load_models_gpu(
        models, memory_required=0, force_patch_weights=False, minimum_memory_required=None, force_full_load=False
    ):
        for patcher in models:
            if not isinstance(patcher, ModelPatcher):
                raise TypeError(f"load_models_gpu wants ModelPatchers, not {type(patcher).__name__}.")
            patcher.model.to(patcher.load_device)
            host.loads.append((patcher, memory_required))

    module.load_models_gpu = load_models_gpu
    return module


class ModelPatcher:
    def __init__(self, model, load_device, offload_device, size=0, weight_inplace_update=False):
        if not hasattr(model, "device"):
            model.device = offload_device  # ComfyUI writes on the module, which must allow it
        self.model, self.load_device = model, load_device


def utils(host):
    """`comfy.utils`."""
    module = ModuleType("comfy.utils")

    class ProgressBar:
        def __init__(self, total, node_id=None):
            self.total = total

        def update_absolute(self, value, total=None, preview=None):
            self.total = self.total if total is None else total
            if not 0 <= value <= self.total:
                raise ValueError(f"Progress {value} of {self.total}.")
            if preview is not None and (preview[0] not in ("JPEG", "PNG") or not hasattr(preview[1], "resize")):
                raise TypeError(f"A preview is (format, PIL image, greatest size), not {preview!r}.")
            host.throw_if_interrupted()
            host.progress.append((value, self.total, preview))
            if host.on_progress is not None:
                host.on_progress(value)

    module.ProgressBar = ProgressBar
    return module
