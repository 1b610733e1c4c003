"""References on their way through a graph: what the sockets VCNODE_REFS and VCNODE_FRAMES carry."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from vcnode.errors import InputError
from vcnode.sequence import Reference, Shot, load_shots, shots_from_cuts, whole_clip

from .files import file_stamp
from .images import check_images, masks_of, rgb_of

_log = logging.getLogger("vcnode")


@dataclass(frozen=True, eq=False)
class ReferencePlan:
    """References, and where scenes begin. Never changes; adding makes another.

    Attributes:
        references: Those that no list of shots holds.
        scenes: First frames of scenes, where they are known.
        listed: Shots from a shots file, with the references that were added to them; None without such a file.
    """

    references: tuple[Reference, ...] = ()
    scenes: tuple[int, ...] = ()
    listed: tuple[Shot, ...] | None = None

    def __str__(self) -> str:  # ComfyUI prints inputs when a node fails
        if self.listed is not None:
            return f"references of {len(self.listed)} shots"
        scenes = f", {len(self.scenes)} scenes" if self.scenes else ""
        return f"{len(self.references)} references{scenes}"

    __repr__ = __str__

    def adding(self, references: Sequence[Reference], scenes: Sequence[int] = ()) -> "ReferencePlan":
        """The same with more; in a list of shots, a reference with a frame number joins its shot, others join all.

        Raises:
            InputError: A reference is for a frame that no shot of the list holds.
        """
        if self.listed is None:
            scenes = tuple(sorted({*self.scenes, *scenes}))
            return replace(self, references=(*self.references, *references), scenes=scenes)
        for reference in references:
            if reference.frame is not None and not any(reference.frame in shot for shot in self.listed):
                raise InputError(
                    f"A reference is for frame {reference.frame}, which is in no shot of the shots file: correct its "
                    "number, or the file."
                )
        return replace(self, listed=tuple(_with_more(shot, references) for shot in self.listed))

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The plan as the core reads it.

        Raises:
            InputError: There is no reference.
        """
        if self.listed is not None:
            return self.listed
        if not self.references:
            raise InputError("There is no reference: connect an image, or a Color Reference node.")
        return shots_from_cuts(self.scenes, None, self.references) if self.scenes else whole_clip(self.references)


@dataclass(frozen=True, eq=False)
class BatchReference(Reference):
    """A picture of an IMAGE batch, told from the others in messages.

    Attributes:
        number: Of the picture, counted from 1.
        count: Pictures in the batch.
    """

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"(image {self.number} of {self.count})" if self.count > 1 else super().__str__()


@dataclass(frozen=True)
class Keyframes:
    """Frames that were picked from a clip.

    Attributes:
        frames: Their numbers, in order.
        scenes: First frames of the clip's scenes, frame 0 among them; empty where scenes were not looked for.
    """

    frames: tuple[int, ...]
    scenes: tuple[int, ...] = ()


def reference_plan(references: ReferencePlan | Tensor) -> ReferencePlan:
    """Take what is connected to a socket for references: a plan, or an IMAGE batch of pictures without numbers."""
    if isinstance(references, ReferencePlan):
        return references
    return ReferencePlan(pictures(references))


def pictures(
    images: Tensor,
    frames: Sequence[int | None] | None = None,
    *,
    weight: float = 1.0,
    masks: Tensor | None = None,
) -> tuple[Reference, ...]:
    """Make references of an IMAGE batch.

    Args:
        images: `(B, H, W, C)`, alpha is not looked at.
        frames: The frame of the clip that each shows; None: no particular ones.
        weight: Of each.
        masks: MASK, white where a reference may be used; see `masks_of`.

    Raises:
        InputError: One is gray, or a mask or a number does not fit.
    """
    images = check_images(images, "The reference images")
    count = len(images)
    given = enumerate(zip(images, frames or [None] * count, masks_of(masks, count), strict=True), 1)
    return tuple(
        _checked(BatchReference(rgb_of(image).expand(3, -1, -1), frame, weight, mask, number, count))
        for number, (image, frame, mask) in given
    )


def numbered_from(frame: int, step: int, count: int) -> list[int | None]:
    """The frames that a batch of references shows; a negative `frame` means no particular ones."""
    return [None if frame < 0 else frame + place * step for place in range(count)]


def references_at(images: Tensor, keyframes: Keyframes, *, weight: float = 1.0) -> ReferencePlan:
    """Make references of coloured keyframes, each for its own scene.

    One that came back without colours, as that of a scene which begins in black, is left out with a warning.

    Args:
        images: IMAGE `(B, H, W, C)`: the keyframes, coloured.
        keyframes: Where they are.
        weight: Of each.

    Raises:
        InputError: There are more or fewer images than keyframes, or none has colours.
    """
    images, count = check_images(images, "The keyframes"), len(keyframes.frames)
    if len(images) != count:
        raise InputError(
            f"There are {len(images)} images for {count} frames: every image that Pick Keyframes gave "
            "must come back, in the same order."
        )
    found: list[Reference] = []
    for number, (image, frame) in enumerate(zip(images, keyframes.frames, strict=True), 1):
        reference = BatchReference(rgb_of(image).expand(3, -1, -1), frame, weight, None, number, count)
        try:
            found.append(_checked(reference))
        except InputError as error:
            broken = not bool(image.isfinite().all())
            if broken or (number == count and not found):
                raise
            _log.warning("%s The keyframe of frame %d is left out.", error, frame)
    return ReferencePlan(tuple(found), keyframes.scenes)


def read_shots_file(path: str) -> ReferencePlan:
    """Read a shots file, the plan that every host reads.

    Raises:
        InputError: It cannot be used; the sentence names the line.
        MediaError: A picture cannot be read.
    """
    shots = load_shots(path)
    for reference in _different(shots):
        _checked(reference)
    return ReferencePlan(listed=shots)


def shots_file_stamp(path: str) -> str:
    """Say when a shots file and the pictures in it were written: what the node that reads it is cached by."""
    try:
        shots = load_shots(path)
    except InputError as error:
        return f"{file_stamp([path])} {error}"
    images = [each for reference in _different(shots) for each in (reference.image, reference.mask)]
    return file_stamp([path, *(each for each in images if isinstance(each, Path))])


def _checked(reference: Reference) -> Reference:
    """The reference itself; a gray one, or a mask of another size, is to be told here and not much later."""
    reference.lab_and_mask()
    return reference


def _different(shots: Sequence[Shot]) -> list[Reference]:
    return list(dict.fromkeys(reference for shot in shots for reference in shot.references))


def _with_more(shot: Shot, references: Sequence[Reference]) -> Shot:
    fitting = tuple(each for each in references if each.frame is None or each.frame in shot)
    return replace(shot, references=(*shot.references, *fitting))
