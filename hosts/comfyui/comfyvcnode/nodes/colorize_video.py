"""Colorize Video."""

from pathlib import Path
from typing import Any

from comfy_api.latest import InputImpl, Types, io

from ..choices import QUALITIES
from . import folders, host
from .schema import direction_input, model_input, references_input, schema, setting_inputs, state_input, state_output


class ColorizeVideo(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Colours a film, frame by frame from file to file."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_ColorizeVideo",
            "Colorize Video",
            "Colors a film of any length after reference images, in constant memory: frames go from file to file. "
            "Sound, timing and brightness stay as they are.",
            search_aliases=["colorize", "colourise", "film", "black and white", "restore", "vcnode"],
            inputs=[
                model_input(),
                io.Video.Input(
                    "video",
                    tooltip="The film. A file, as Load Video gives it, is streamed; frames that an earlier node made, "
                    "cropped or resized are held in memory.",
                ),
                references_input(),
                *setting_inputs(
                    "First frame to color, counted from the start of the file; those before it are left out. Not "
                    "looked at where a state says where to go on."
                ),
                io.Combo.Input(
                    "quality",
                    options=list(QUALITIES),
                    default=QUALITIES[0],
                    tooltip="Of the film written: high and medium are H.264 with rate factors 14 and 19, lossless is "
                    "H.264 without loss and with full color resolution, which few players show. Video from memory "
                    "stays in memory and is encoded where it is saved.",
                ),
                io.Int.Input(
                    "frame_count",
                    default=0,
                    min=0,
                    max=2**31 - 1,
                    step=1,
                    tooltip="How many frames to color; 0: to the end.",
                ),
                state_input(),
                direction_input(),
            ],
            outputs=[
                io.Video.Output(
                    "colored",
                    display_name="video",
                    tooltip="The film in color, in ComfyUI's temporary folder until Save Video keeps it.",
                ),
                state_output(),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="How many frames were colored, how well the references fit on average, and the frames "
                    "where another reference would help most.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        video: Any,
        references: Any,
        working_size: int,
        saturation: float,
        scene_cut: float,
        start_frame: int,
        look_ahead: int,
        upsampling: str,
        quality: str,
        frame_count: int,
        state: Any = None,
        direction: str = "forward",
    ) -> Any:
        """Colour it."""
        with host.sentences():
            from ..components import color_components
            from ..films import film_part, narrowed
            from ..rendering import color_film
            from ..settings import coloring

            how = coloring(model, references, working_size, saturation, scene_cut, look_ahead, upsampling, direction)
            start = start_frame if state is None else state.number
            load, progress = host.loading(model, how.settings), host.progress()
            temporary = Path(folders.temporary_folder())
            part = film_part(video, InputImpl.VideoFromFile, temporary)
            if part is not None:
                part = narrowed(part, start, frame_count)
                film = color_film(load, part, how, temporary, quality=quality, state=state, progress=progress)
                return io.NodeOutput(InputImpl.VideoFromFile(str(film.path)), film.state, film.report)
            made = color_components(
                load,
                video.get_components(),
                how,
                start=start,
                count=frame_count,
                state=state,
                device=host.result_device(),
                progress=progress,
            )
            components = Types.VideoComponents(images=made.images, audio=made.audio, frame_rate=made.frame_rate)
            return io.NodeOutput(InputImpl.VideoFromComponents(components), made.state, made.report)
