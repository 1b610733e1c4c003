"""References as VapourSynth users have them: clips, files, folders, or `vcnode.Reference`."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import vapoursynth as vs

from vcnode.errors import InputError
from vcnode.sequence import Reference, references_in_folder
from vcnode.sequence.whole_number import whole_number
from vsvcnode.clip_reference import ClipReference, reference_clip
from vsvcnode.following_clip import FollowingClip
from vsvcnode.paths import checked_path

type ReferenceLike = vs.VideoNode | str | os.PathLike[str] | Reference
type Frames = int | Iterable[int | None] | None


def gather(
    reference: ReferenceLike | Sequence[ReferenceLike], frames: Frames, length: int
) -> list[Reference] | FollowingClip:
    """Make references of what a user gave.

    Args:
        reference: A clip, an image file, a folder of `ref_000123.png`, a `Reference`, or a list of them.
        frames: The frame of the clip that each picture shows, if any.
        length: Frames of the clip to be coloured.

    Raises:
        InputError: A picture is missing, numbers and pictures do not go together, or one lies beyond the clip.
    """
    given = list(reference) if isinstance(reference, list | tuple) else [reference]
    if not given:
        raise InputError("the list of references is empty: colours come from references, so give one or more")
    if frames is None and len(given) == 1 and isinstance(given[0], vs.VideoNode) and len(given[0]) == length > 1:
        return FollowingClip(reference_clip(given[0]))
    found = [each for item in given for each in _pictures(item, frames is not None)]
    if frames is not None:
        found = _numbered(found, frames)
    for each in found:
        if each.frame is not None and each.frame >= length:
            raise InputError(
                f"the reference {each} is for frame {each.frame}, but the clip has the frames 0..{length - 1}: "
                "correct its number or, to see a part of a film, colour the whole clip and trim afterwards"
            )
    return found


def check_paths(reference: Reference) -> None:
    """Refuse a reference with a path that no file can have.

    Raises:
        InputError: Its image or its mask has one.
    """
    for picture in (reference.image, reference.mask):
        if isinstance(picture, str | os.PathLike):
            checked_path(picture, "a reference")


def _numbered(references: Sequence[Reference], frames: Any) -> list[Reference]:
    try:
        given = list(frames)
    except TypeError:  # a single number
        given = [frames]
    numbers = [None if each is None else whole_number(each, "a frame in frames") for each in given]
    if any(each.frame is not None for each in references):
        raise InputError("the references have frame numbers already: leave frames out")
    if len(numbers) != len(references):
        raise InputError(f"frames names {len(numbers)} frames for {len(references)} references: give one for each")
    return [replace(each, frame=number) for each, number in zip(references, numbers, strict=True)]


def _pictures(item: object, numbered: bool) -> list[Reference]:
    if isinstance(item, vs.VideoNode):
        if len(item) > 1 and not numbered:
            raise InputError(
                f"the reference clip has {len(item)} frames: say which frames of the clip they show, for example "
                "frames=[0, 120], or give a reference clip as long as the clip"
            )
        rgb = reference_clip(item)
        return [ClipReference(clip=rgb, index=index) for index in range(len(item))]
    if isinstance(item, Reference):
        check_paths(item)
        return [item]
    if not isinstance(item, str | os.PathLike):
        raise InputError(f"a reference is {item!r}: give a clip, an image file, a folder or a vcnode.Reference")
    item = checked_path(item, "a reference")
    if os.path.isdir(item):
        return list(references_in_folder(item))
    if item.lower().endswith((".yaml", ".yml")):
        raise InputError(f"{item} is a shots file: give it as shots=")
    if not os.path.isfile(item):
        raise InputError(f"the reference {item} does not exist: check its path")
    return [Reference(item)]
