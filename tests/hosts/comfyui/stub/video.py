"""VIDEO values: a file, or frames in memory."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import torch


@dataclass
class VideoComponents:
    images: Any
    frame_rate: Fraction
    audio: Any = None
    metadata: dict = None


class VideoInput(ABC):
    @abstractmethod
    def get_components(self): ...


class VideoFromFile(VideoInput):
    """`decoded` counts how often all frames were read into memory at once, which long films do not survive."""

    def __init__(self, file):
        self.file, self.decoded = file, 0

    def get_stream_source(self):
        if not isinstance(self.file, str):
            self.file.seek(0)
        return self.file

    def get_components(self):
        self.decoded += 1
        with av.open(self.get_stream_source()) as container:
            rate = Fraction(container.streams.video[0].average_rate)
            frames = [torch.from_numpy(frame.to_ndarray(format="rgb24")) / 255 for frame in container.decode(video=0)]
        return VideoComponents(torch.stack(frames), rate)

    def get_dimensions(self):
        with av.open(self.get_stream_source()) as container:
            return container.streams.video[0].width, container.streams.video[0].height


class VideoFromComponents(VideoInput):
    def __init__(self, components):
        self.components = components

    def get_stream_source(self):
        raise ValueError("Could not determine output format")  # as in ComfyUI before 0.16

    def get_components(self):
        return self.components
