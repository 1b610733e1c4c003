"""References at Frames."""

from typing import Any

from comfy_api.latest import io

from . import host
from .schema import Frames, References, schema


class ReferencesAt(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Puts coloured keyframes back where they came from."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_ReferencesAt",
            "References at Frames",
            "Turns keyframes that were colored, by an image model or by hand, into references for the frames they were "
            "taken from. Each belongs to its own scene.",
            search_aliases=["reference", "keyframe", "propagate", "vcnode"],
            inputs=[
                io.Image.Input(
                    "images",
                    tooltip="The keyframes in color, as many as were picked and in the same order. Their size may "
                    "differ from the film's, their shape should not.",
                ),
                Frames.Input("frames", tooltip="Where the keyframes were taken, from Pick Keyframes."),
                io.Float.Input(
                    "weight",
                    default=1.0,
                    min=0.05,
                    max=10.0,
                    step=0.05,
                    tooltip="Influence beside other references of the same scene.",
                ),
                References.Input(
                    "references",
                    optional=True,
                    tooltip="More references; those without a frame number are used in every scene.",
                ),
            ],
            outputs=[
                References.Output(
                    "references_out",
                    display_name="references",
                    tooltip="References with their frames and scenes, for the nodes that color.",
                ),
            ],
        )

    @classmethod
    def execute(cls, images: Any, frames: Any, weight: float, references: Any = None) -> Any:
        """Put them together."""
        with host.sentences():
            from ..references import references_at

            plan = references_at(images, frames, weight=weight)
            if references is not None:
                plan = references.adding(plan.references, plan.scenes)
            return io.NodeOutput(plan)
