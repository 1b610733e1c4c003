"""The nodes: what the editor shows of them, and one call each into the modules above.

Those modules, and vcnode with them, are imported when a node runs: ComfyUI then starts as fast as without the pack,
and where vcnode is missing the node says so.
"""

from comfy_api.latest import ComfyExtension, io

from . import folders
from .colorize import Colorize
from .colorize_video import ColorizeVideo
from .load_model import LoadModel
from .load_shots import LoadShots
from .pick_keyframes import PickKeyframes
from .reference import ReferenceNode
from .references_at import ReferencesAt
from .states import LoadState, SaveState

NODES = [
    LoadModel,
    ReferenceNode,
    LoadShots,
    Colorize,
    ColorizeVideo,
    PickKeyframes,
    ReferencesAt,
    SaveState,
    LoadState,
]


class VcnodeExtension(ComfyExtension):  # type: ignore[misc]  # ComfyUI has no types here
    """All nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """List the node classes."""
        return list(NODES)


def comfy_entrypoint() -> VcnodeExtension:
    """What ComfyUI calls to load the pack."""
    folders.register_models()
    return VcnodeExtension()
