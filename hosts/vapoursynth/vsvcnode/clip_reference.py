"""Frames of a clip as references: their pictures are asked for like any frame."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import vapoursynth as vs
from numpy.typing import NDArray

from vcnode.errors import InputError
from vcnode.sequence import Reference
from vsvcnode.formats import displayed_transfer, on_cpu, usual_matrix, varies


def _nothing() -> NDArray[Any]:
    return np.zeros((1, 1, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class ClipReference(Reference):
    """A frame of a clip; its picture is asked for when its shot begins.

    Attributes:
        clip: As `reference_clip` returns it.
        index: Frame of `clip`.
    """

    image: NDArray[Any] = field(default_factory=_nothing)
    clip: vs.VideoNode | None = None
    index: int = 0

    def __str__(self) -> str:
        return f"(frame {self.index} of the reference clip)"

    def node(self) -> vs.VideoNode:
        """A clip of this frame alone."""
        assert self.clip is not None
        one: vs.VideoNode = self.clip[self.index]
        return one

    def read(self, frame: vs.VideoFrame) -> Reference:
        """The reference with its picture, once the frame of `node` is there.

        Raises:
            InputError: It is not SDR.
        """
        displayed_transfer(frame.props, f"frame {self.index} of the reference clip")
        return replace(self, image=np.stack([np.asarray(frame[plane]) for plane in range(3)], axis=-1))


def reference_clip(clip: vs.VideoNode) -> vs.VideoNode:
    """A reference clip as RGB of 8 or 16 bits or single precision, full range, which arrays can hold as they are.

    Raises:
        InputError: It is gray, its format varies, or its first frame is not SDR.
    """
    node = on_cpu(clip)
    if varies(node):
        raise InputError("the reference clip's format or size varies: give one clip for each picture")
    family = node.format.color_family
    if family == vs.GRAY:
        raise InputError("the reference clip is gray: give one in colour, since colours come from it")
    if family == vs.RGB:
        # What is left of a YUV matrix in the properties would keep resize from reading them.
        kept = node.format.id in (vs.RGB24, vs.RGB48, vs.RGBS)
        plain = node.std.RemoveFrameProps("_Matrix")
        rgb = plain.resize.Bicubic(format=node.format.id if kept else vs.RGBS, range=vs.RANGE_FULL)
    else:
        # A frame's own tag goes before the matrix that is given here.
        rgb = node.resize.Bicubic(format=vs.RGBS, matrix_in=usual_matrix(node.height))
    displayed_transfer(rgb.get_frame(0).props, "the reference clip")
    return rgb
