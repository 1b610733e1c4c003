"""Colorize Frames."""

from typing import Any

from comfy_api.latest import io

from . import host
from .schema import (
    MetaBatch,
    direction_input,
    model_input,
    references_input,
    schema,
    setting_inputs,
    state_input,
    state_output,
)


class Colorize(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Colours an IMAGE batch."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_Colorize",
            "Colorize Frames",
            "Colors a clip after reference images, frame after frame without flicker. Brightness stays as it is. Long "
            "clips can be colored in pieces: with the state, or as a meta batch.",
            search_aliases=["colorize", "colourise", "black and white", "restore", "vcnode"],
            inputs=[
                model_input(),
                io.Image.Input(
                    "images",
                    tooltip="The clip's frames, in order. Colors that they have, and transparency, are not looked at.",
                ),
                references_input(),
                *setting_inputs(
                    "Number of the first image in its clip, which references and shots count by. Not looked at where a "
                    "state or a meta batch says where the images belong."
                ),
                state_input(),
                MetaBatch.Input(
                    "meta_batch",
                    optional=True,
                    tooltip="The Meta Batch Manager of VideoHelperSuite: the batches of a run are then colored as one "
                    "clip.",
                ),
                direction_input(
                    "For backward and both the images must be the whole clip: no state, start_frame or meta batch."
                ),
            ],
            outputs=[
                io.Image.Output(
                    "colored",
                    display_name="images",
                    tooltip="The frames in color, with the brightness they came with. Without transparency.",
                ),
                state_output(),
                io.Mask.Output(
                    "confidence",
                    display_name="confidence",
                    tooltip="How similar to a reference each pixel is, 0 to 1. Low values say where another reference "
                    "would help. Similarity is not correctness: plain areas resemble each other.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        images: Any,
        references: Any,
        working_size: int,
        saturation: float,
        scene_cut: float,
        start_frame: int,
        look_ahead: int,
        upsampling: str,
        state: Any = None,
        meta_batch: Any = None,
        direction: str = "forward",
    ) -> Any:
        """Colour them."""
        with host.sentences():
            from .. import batches
            from ..coloring import color_batch
            from ..settings import coloring

            how = coloring(model, references, working_size, saturation, scene_cut, look_ahead, upsampling, direction)
            batch = batches.MetaBatch.of(meta_batch, cls.hidden.unique_id, cls.hidden.prompt)
            colored = color_batch(
                host.loading(model, how.settings),
                images,
                how,
                state=batch.state(state),
                first=start_frame,
                more=batch.manager is not None,
                device=host.result_device(),
                progress=host.progress(),
            )
            batch.keep(colored.state)
            return io.NodeOutput(colored.images, colored.state, colored.confidence)
