"""From a file to a coloured file: resumable, with sound, frame times and colour tags kept."""

from vcnode.rendering.confidence import weak_frames
from vcnode.rendering.job import CutSearch, RenderedFrame, RenderJob, RenderResult, RenderStart
from vcnode.rendering.reference_picture import mask_picture, reference_picture
from vcnode.rendering.render import render

__all__ = [
    "CutSearch",
    "RenderJob",
    "RenderResult",
    "RenderStart",
    "RenderedFrame",
    "mask_picture",
    "reference_picture",
    "render",
    "weak_frames",
]
