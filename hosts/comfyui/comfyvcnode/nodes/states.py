"""Save State and Load State."""

from typing import Any

from comfy_api.latest import io, ui

from ..choices import STATE_SUFFIX
from ..files import file_stamp, never_the_same, state_files, state_path
from . import folders, host
from .schema import State, schema


class SaveState(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Writes where a run ended."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_SaveState",
            "Save Colorization State",
            "Writes where a run ended to a small file in the output folder, to go on from there another day.",
            search_aliases=["resume", "checkpoint", "vcnode"],
            inputs=[
                State.Input("state", tooltip="Where the run ended, from a node that colors."),
                io.String.Input(
                    "filename_prefix",
                    default="vcnode/state",
                    tooltip="Name of the file below ComfyUI's output folder, perhaps with a folder; a number is added.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "state_file",
                    display_name="state_file",
                    tooltip="The file, as Load Colorization State lists it.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, state: Any, filename_prefix: str) -> Any:
        """Write it."""
        with host.sentences():
            path, name = folders.new_output(filename_prefix, STATE_SUFFIX)
            state.save(path)
            return io.NodeOutput(name, ui=ui.PreviewText(f"{name}: {state}"))


class LoadState(io.ComfyNode):  # type: ignore[misc]  # ComfyUI has no types here
    """Reads where a run ended."""

    @classmethod
    def define_schema(cls) -> Any:
        """What the editor shows."""
        return schema(
            "VCNode_LoadState",
            "Load Colorization State",
            "Reads where an earlier run ended, to go on from there.",
            search_aliases=["resume", "checkpoint", "vcnode"],
            inputs=[
                io.Combo.Input(
                    "state_file",
                    options=state_files(folders.output_folder()),
                    tooltip="A file in the output folder that Save Colorization State wrote, the newest first.",
                ),
            ],
            outputs=[
                State.Output(
                    "state",
                    display_name="state",
                    tooltip="Where that run ended, for the node that colors the frames after it.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, state_file: str | None) -> bool | str:
        """Complain before anything runs."""
        if state_file is None or state_path(folders.output_folder(), state_file):
            return True
        return f"There is no state {state_file!r} in {folders.output_folder()}: choose one that was saved there."

    @classmethod
    def fingerprint_inputs(cls, state_file: str | None) -> str | float:
        """Read anew when the file changes."""
        if state_file is None:
            return never_the_same()
        path = state_path(folders.output_folder(), state_file)
        return file_stamp([path] if path else [])

    @classmethod
    def execute(cls, state_file: str) -> Any:
        """Read it."""
        with host.sentences():
            from ..states import read_state

            return io.NodeOutput(read_state(folders.output_folder(), state_file))
