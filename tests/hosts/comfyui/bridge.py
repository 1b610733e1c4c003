"""The modules of the pack that know no ComfyUI, as plain imports; in ComfyUI they are below the pack's own module."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "hosts" / "comfyui"))

from comfyvcnode import (
    batches,
    coloring,
    components,
    encoding,
    failures,
    files,
    films,
    images,
    keyframes,
    models,
    progress,
    references,
    rendering,
    settings,
    states,
)

__all__ = [
    "batches",
    "coloring",
    "components",
    "encoding",
    "failures",
    "files",
    "films",
    "images",
    "keyframes",
    "models",
    "progress",
    "references",
    "rendering",
    "settings",
    "states",
]
