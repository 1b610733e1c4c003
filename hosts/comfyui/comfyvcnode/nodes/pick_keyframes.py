"""Pick Keyframes."""

from pathlib import Path
from typing import Any

from comfy_api.latest import InputImpl, io

from ..choices import PICKING
from . import folders, host
from .schema import Frames, schema


class PickKeyframes(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Chooses the frames that are to become references."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_PickKeyframes",
            "Pick Keyframes",
            "Picks frames that together show a clip: one of each scene, or some at even distances. Color them with an "
            "image model or by hand, and give them back with References at Frames.",
            search_aliases=["keyframes", "scene detection", "cuts", "vcnode"],
            inputs=[
                io.MultiType.Input(
                    "clip",
                    types=[io.Video, io.Image],
                    tooltip="The film, as a video or as frames. A video file is read frame by frame.",
                ),
                io.Combo.Input(
                    "mode",
                    options=list(PICKING),
                    default=PICKING[0],
                    tooltip="scene cuts: the first frame of each scene. even: frames at equal distances, where a clip "
                    "is one scene. Black and blank ones are passed over for the next that shows something.",
                ),
                io.Int.Input(
                    "max_frames",
                    default=8,
                    min=1,
                    max=1000,
                    step=1,
                    tooltip="How many keyframes at most. Of more scenes, the longest get one; the others take the "
                    "colors of the scene before.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.4,
                    min=0.05,
                    max=0.95,
                    step=0.05,
                    tooltip="A scene begins where the picture changes by more than this: 0.4 suits most films, less "
                    "finds more cuts.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "keyframes",
                    display_name="images",
                    tooltip="The keyframes as they are in the clip, as one batch.",
                ),
                Frames.Output(
                    "frames",
                    display_name="frames",
                    tooltip="Where the keyframes were taken and where scenes begin, for References at Frames.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="The numbers of the keyframes and of the frames on which scenes begin.",
                ),
            ],
        )

    @classmethod
    def execute(cls, clip: Any, mode: str, max_frames: int, threshold: float) -> Any:
        """Pick them."""
        with host.sentences():
            from ..keyframes import opened, pick_keyframes

            with opened(clip, InputImpl.VideoFromFile, Path(folders.temporary_folder())) as frames:
                images, keyframes, report = pick_keyframes(frames, mode, max_frames, threshold, host.progress())
            return io.NodeOutput(images, keyframes, report)
