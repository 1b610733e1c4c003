"""Load Shots."""

import os
from typing import Any

from comfy_api.latest import io

from ..files import never_the_same
from . import folders, host
from .schema import References, schema


class LoadShots(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Reads the plan of shots and references that every host reads."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_LoadShots",
            "Load Shots",
            "Reads a shots.yaml: which frames belong together and which references each shot has. The command line and "
            "the other hosts of vcnode read the same file.",
            search_aliases=["shots", "scenes", "references", "vcnode"],
            inputs=[
                io.String.Input(
                    "shots_file",
                    default="shots.yaml",
                    tooltip="The file. A relative path counts from ComfyUI's input folder; pictures named in the file "
                    "count from the file's own folder.",
                ),
            ],
            outputs=[
                References.Output(
                    "references",
                    display_name="references",
                    tooltip="The shots with their references, for the nodes that color. Frames in no shot stay gray.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, shots_file: str | None) -> bool | str:
        """Complain before anything runs."""
        if shots_file is None or os.path.isfile(folders.input_path(shots_file)):
            return True
        return f"There is no shots file {folders.input_path(shots_file)}: give the path of a shots.yaml."

    @classmethod
    def fingerprint_inputs(cls, shots_file: str | None) -> str | float:
        """Read anew when the file or a picture in it changes."""
        if shots_file is None:
            return never_the_same()
        with host.sentences():
            from ..references import shots_file_stamp

            return shots_file_stamp(folders.input_path(shots_file))

    @classmethod
    def execute(cls, shots_file: str) -> Any:
        """Read it."""
        with host.sentences():
            from ..references import read_shots_file

            return io.NodeOutput(read_shots_file(folders.input_path(shots_file)))
