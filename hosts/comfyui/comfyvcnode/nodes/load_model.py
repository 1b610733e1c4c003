"""Load Colorization Model."""

from typing import Any

from comfy_api.latest import io

from ..choices import EMBEDDED, PRECISIONS
from ..files import file_stamp, never_the_same
from . import folders, host
from .schema import Model, schema


class LoadModel(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Reads a model file and hands it to ComfyUI's memory management."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_LoadModel",
            "Load Colorization Model",
            "Loads a model that colors black-and-white video after reference images.",
            search_aliases=["colorize", "black and white", "vcnode"],
            inputs=[
                io.Combo.Input(
                    "model_name",
                    options=folders.model_names(),
                    default=EMBEDDED,
                    tooltip="lite is part of vcnode and always there. Others are .safetensors files in the folder "
                    "models/vcnode.",
                ),
                io.Combo.Input(
                    "precision",
                    options=list(PRECISIONS),
                    default=PRECISIONS[0],
                    tooltip="Of the network's convolutions: auto takes half precision (fp16) for lite on newer CUDA "
                    "GPUs, else full (fp32). Colors differ by little.",
                ),
            ],
            outputs=[
                Model.Output("model", display_name="model", tooltip="The model, for the nodes that color."),
            ],
        )

    @classmethod
    def validate_inputs(cls, model_name: str | None) -> bool | str:
        """Complain before anything runs; ComfyUI itself lets unknown names pass."""
        if model_name is None or model_name == EMBEDDED or folders.model_path(model_name):
            return True
        return f"There is no model file {model_name!r} in {folders.models_folder()}: choose {EMBEDDED!r}, or another."

    @classmethod
    def fingerprint_inputs(cls, model_name: str | None, precision: str | None) -> str | float:
        """Loaded anew when the file changes."""
        if model_name is None:
            return never_the_same()
        path = folders.model_path(model_name)
        return file_stamp([path] if path else [])

    @classmethod
    def execute(cls, model_name: str, precision: str) -> Any:
        """Load it."""
        with host.sentences():
            from ..models import load_network

            network = load_network(model_name, folders.model_path, folders.models_folder())
            return io.NodeOutput(host.managed(network, precision, model_name))
