"""References as VapourSynth users have them: clips, files, folders, or `vcnode.Reference`."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import vapoursynth as vs
from numpy.typing import NDArray

from vcnode.errors import InputError
from vcnode.sequence import Reference, references_in_folder
from vsvcnode.formats import on_cpu, usual_matrix_of

type ReferenceLike = vs.VideoNode | str | os.PathLike[str] | Reference
type Frames = int | Iterable[int | None] | None


def _nothing() -> NDArray[Any]:
    return np.zeros((1, 1, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class ClipReference(Reference):
    """A frame of a clip; its picture is asked for when its shot begins, like any frame.

    Attributes:
        clip: RGB, gamma-encoded.
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
        """The reference, once its frame is there."""
        picture = np.stack([np.asarray(frame[plane]) for plane in range(3)], axis=-1)
        return Reference(picture, self.frame, self.weight, self.mask)


class FollowingClip:
    """A reference clip as long as the clip to be coloured: its frames at scene starts are the references."""

    def __init__(self, clip: vs.VideoNode) -> None:
        self.clip = clip

    def references(self, starts: Iterable[int]) -> list[Reference]:
        """The references, once the scene starts are known."""
        return [ClipReference(clip=self.clip, index=start, frame=start) for start in sorted({0, *starts})]


def gather(
    reference: ReferenceLike | Sequence[ReferenceLike], frames: Frames, length: int
) -> list[Reference] | FollowingClip:
    """Make references of what a user gave.

    Args:
        reference: A clip, an image file, a folder of `ref_000123.png`, a `Reference`, or a list of them.
        frames: The frame of the clip that each picture shows, if any.
        length: Frames of the clip to be coloured.

    Raises:
        InputError: A picture is missing, or numbers and pictures do not go together.
    """
    given = list(reference) if isinstance(reference, list | tuple) else [reference]
    if not given:
        raise InputError("the list of references is empty: colours come from references, so give one or more")
    if frames is None and len(given) == 1 and isinstance(given[0], vs.VideoNode) and len(given[0]) == length > 1:
        return FollowingClip(_rgb(given[0]))
    found = [each for item in given for each in _pictures(item, frames is not None)]
    if frames is None:
        return found
    numbers = [frames] if isinstance(frames, int) else list(frames)
    if any(each.frame is not None for each in found):
        raise InputError("the references have frame numbers already: leave frames out")
    if len(numbers) != len(found):
        raise InputError(f"frames names {len(numbers)} frames for {len(found)} references: give one for each")
    return [replace(each, frame=number) for each, number in zip(found, numbers, strict=True)]


def _pictures(item: object, numbered: bool) -> list[Reference]:
    if isinstance(item, vs.VideoNode):
        if len(item) > 1 and not numbered:
            raise InputError(
                f"the reference clip has {len(item)} frames: say which frames of the clip they show, for example "
                "frames=[0, 120], or give a reference clip as long as the clip"
            )
        rgb = _rgb(item)
        return [ClipReference(clip=rgb, index=index) for index in range(len(item))]
    if isinstance(item, Reference):
        return [item]
    if not isinstance(item, str | os.PathLike):
        raise InputError(f"a reference is {item!r}: give a clip, an image file, a folder or a vcnode.Reference")
    if os.path.isdir(item):
        return list(references_in_folder(item))
    if str(item).lower().endswith((".yaml", ".yml")):
        raise InputError(f"{os.fspath(item)} is a shots file: give it as shots=")
    if not os.path.isfile(item):
        raise InputError(f"the reference {os.fspath(item)} does not exist: check its path")
    return [Reference(os.fspath(item))]


def _rgb(clip: vs.VideoNode) -> vs.VideoNode:
    """A reference clip as RGB of 8 or 16 bits or single precision, which arrays can hold as they are."""
    node = on_cpu(clip)
    family = node.format.color_family
    if family == vs.UNDEFINED or 0 in (node.width, node.height):
        raise InputError("the reference clip's format or size varies: give one clip for each picture")
    if family == vs.GRAY:
        raise InputError("the reference clip is gray: give one in colour, since colours come from it")
    if family == vs.RGB:
        if node.format.id in (vs.RGB24, vs.RGB48, vs.RGBS):
            return node
        plain: vs.VideoNode = node.resize.Bicubic(format=vs.RGBS)
        return plain
    options = {}
    if node.get_frame(0).props.get("_Matrix", 2) in (0, 2):
        options["matrix_in"] = usual_matrix_of(node)
    converted: vs.VideoNode = node.resize.Bicubic(format=vs.RGBS, **options)
    return converted
