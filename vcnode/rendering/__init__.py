"""From a file to a coloured file: resumable, with sound, frame times and colour tags kept."""

from vcnode.rendering.confidence import weak_frames
from vcnode.rendering.job import RenderedFrame, RenderJob, RenderResult, RenderStart
from vcnode.rendering.render import render

__all__ = ["RenderJob", "RenderResult", "RenderStart", "RenderedFrame", "render", "weak_frames"]
