"""Files: videos through PyAV, photographs, image sequences, as arrays; no torch."""

from vcnode.media.color_tags import ColorTags
from vcnode.media.encoder import EncoderSettings
from vcnode.media.exr import read_exr, write_exr
from vcnode.media.images import Image, read_image, read_mask
from vcnode.media.pixel_layout import PixelLayout, chroma_shape
from vcnode.media.rgb import rgb_from_frame
from vcnode.media.sequence_reader import ImageSequenceReader
from vcnode.media.sequence_writer import ImageSequenceWriter
from vcnode.media.source import FrameSink, FrameSource, open_sink, open_source
from vcnode.media.still_writer import write_png, write_tiff
from vcnode.media.video_frame import FrameTime, VideoFrame
from vcnode.media.video_info import VideoInfo, probe
from vcnode.media.video_reader import VideoReader
from vcnode.media.video_writer import VideoWriter

__all__ = [
    "ColorTags",
    "EncoderSettings",
    "FrameSink",
    "FrameSource",
    "FrameTime",
    "Image",
    "ImageSequenceReader",
    "ImageSequenceWriter",
    "PixelLayout",
    "VideoFrame",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "chroma_shape",
    "open_sink",
    "open_source",
    "probe",
    "read_exr",
    "read_image",
    "read_mask",
    "rgb_from_frame",
    "write_exr",
    "write_png",
    "write_tiff",
]
