"""Color Reference."""

from typing import Any

from comfy_api.latest import io

from . import host
from .schema import References, schema


class ReferenceNode(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Says what an image shows and how much it counts."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_Reference",
            "Color Reference",
            "Says which frame a reference image shows, how much it counts and which part of it may be used. Chain "
            "several of these nodes.",
            search_aliases=["reference", "exemplar", "keyframe", "vcnode"],
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip="A picture in color, best a colored frame of the clip itself. A batch gives several "
                    "references. Transparency is not looked at.",
                ),
                io.Int.Input(
                    "frame",
                    default=-1,
                    min=-1,
                    max=2**31 - 1,
                    step=1,
                    tooltip="The frame of the clip that the picture shows, counted from 0: its own colors begin there. "
                    "-1: none in particular.",
                ),
                io.Int.Input(
                    "frame_step",
                    default=1,
                    min=1,
                    max=2**31 - 1,
                    step=1,
                    tooltip="For a batch of pictures: the second one shows the frame this many behind the first, and "
                    "so on.",
                ),
                io.Float.Input(
                    "weight",
                    default=1.0,
                    min=0.05,
                    max=10.0,
                    step=0.05,
                    tooltip="Influence beside the other references; they are all matched together.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White where the reference may be used, in the image's size. The empty mask that Load "
                    "Image gives counts as none.",
                ),
                References.Input(
                    "references",
                    optional=True,
                    tooltip="More references, from another Color Reference node, References at Frames or Load Shots.",
                ),
            ],
            outputs=[
                References.Output(
                    "references_out",
                    display_name="references",
                    tooltip="This reference and those before it, for the next node or for one that colors.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls, image: Any, frame: int, frame_step: int, weight: float, mask: Any = None, references: Any = None
    ) -> Any:
        """Add it."""
        with host.sentences():
            from ..references import ReferencePlan, numbered_from, pictures

            numbers = numbered_from(frame, frame_step, len(image))
            more = pictures(image, numbers, weight=weight, masks=mask)
            return io.NodeOutput((references or ReferencePlan()).adding(more))
