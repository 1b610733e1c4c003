"""Shots: ranges of frames that share references, and lists of them.

The recurrence starts anew at the first frame of each shot. Frames that no shot covers stay gray: that is how
a user leaves titles or colour footage alone, so gaps between shots are allowed.
"""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Integral

from vcnode.errors import InputError
from vcnode.sequence.reference import Reference
from vcnode.sequence.whole_number import whole_number


@dataclass(frozen=True)
class Shot:
    """A range of frames coloured after the same references.

    Attributes:
        first: First frame, counted from 0 in the clip.
        last: Last frame, included; None: to the end of the clip.
        references: One reference or more; those with a frame number lie in the shot.

    Raises:
        InputError: The range is empty or negative, there is no reference, or one is for a frame outside.
    """

    first: int
    last: int | None
    references: tuple[Reference, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", checked_references(self.references))
        object.__setattr__(self, "first", whole_number(self.first, "A shot's first frame"))
        if self.last is not None:
            object.__setattr__(self, "last", whole_number(self.last, "A shot's last frame"))
        if self.first < 0:
            raise InputError(f"A shot begins at frame {self.first}: frames count from 0.")
        if self.last is not None and self.last < self.first:
            raise InputError(f"A shot begins at frame {self.first} and ends at {self.last}: end it there or later.")
        if not self.references:
            raise InputError(f"{self} has no reference: add one, or leave the shot out to keep its frames gray.")
        for reference in self.references:
            if reference.frame is not None and reference.frame not in self:
                raise InputError(
                    f"Reference {reference} is for frame {reference.frame}, outside its shot ({self}): "
                    "give a frame of the shot (counted from the start of the clip), or none."
                )

    def __contains__(self, frame: object) -> bool:
        if not isinstance(frame, Integral):
            return False
        return self.first <= int(frame) and (self.last is None or int(frame) <= self.last)

    def __str__(self) -> str:
        return f"shot {self.first}..{'end' if self.last is None else self.last}"


def checked_references(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Take references as users give them.

    Raises:
        InputError: They are no list, or something in it is no reference.
    """
    if isinstance(references, str) or not isinstance(references, Iterable):
        raise InputError(
            f"The references are of the type {type(references).__name__}: give a list of vcnode.Reference."
        )
    checked = tuple(references)
    for each in checked:
        if not isinstance(each, Reference):
            raise InputError(f"A reference of a shot is {each!r}: give a vcnode.Reference.")
    return checked


def check_shots(shots: Iterable[Shot], length: int | None = None) -> tuple[Shot, ...]:
    """Check that shots follow each other without overlap; gaps are allowed, their frames stay gray.

    Args:
        shots: Shots in the order of the clip.
        length: Frames in the clip; None where unknown.

    Returns:
        The same shots.

    Raises:
        InputError: Shots overlap, are out of order or reach beyond the clip, a reference is for a frame
            beyond it, there is no shot or no frame, or something is no shot.
    """
    checked = tuple(shots)
    if not checked:
        raise InputError("The list of shots is empty: give one shot or more.")
    for each in checked:
        if not isinstance(each, Shot):
            raise InputError(f"A shot is of the type {type(each).__name__}: give a vcnode.Shot.")
    if length == 0:
        raise InputError("The clip has no frames: give one with 1 frame or more.")
    for position, (shot, following) in enumerate(pairwise(checked), start=1):
        if following.first < shot.first:
            raise InputError(f"{following} stands behind {shot}: list shots in the order of the clip.")
        if following.first in shot:
            raise InputError(f"Shots {position} and {position + 1} overlap ({shot}, {following}): end one earlier.")
    final = checked[-1]
    if length is not None and max(final.first, final.last or 0) >= length:
        raise InputError(f"{final} reaches beyond the clip, whose {length} frames end at {length - 1}.")
    for reference in final.references:  # those of the others lie in shots that end
        if length is not None and (reference.frame or 0) >= length:
            raise InputError(
                f"Reference {reference} is for frame {reference.frame}, but the clip's {length} frames end at "
                f"{length - 1}: correct the number."
            )
    return checked


def shot_at(shots: Sequence[Shot], frame: int) -> Shot | None:
    """Return the shot that holds `frame`, or None for a frame that stays gray.

    Args:
        shots: Shots as `check_shots` returns them.
        frame: Frame of the clip.
    """
    position = bisect.bisect_right(shots, frame, key=lambda shot: shot.first)
    return shots[position - 1] if position and frame in shots[position - 1] else None


def whole_clip(references: Iterable[Reference]) -> tuple[Shot, ...]:
    """Return one shot from the first frame to the end of the clip.

    Raises:
        InputError: There is no reference.
    """
    return (Shot(0, None, tuple(references)),)


def shots_from_cuts(cuts: Iterable[int], length: int | None, references: Iterable[Reference]) -> tuple[Shot, ...]:
    """Make shots that cover a clip, each with the references that fit it.

    A reference with a frame number belongs to the shot that holds the frame, one without to every shot. A
    shot that gets none takes those of the nearest shot before it, or else of the first shot that has some.

    Args:
        cuts: The first frame of each shot, in any order; frame 0 is implied.
        length: Frames in the clip; None: unknown, the last shot is open.
        references: The references of the whole clip.

    Raises:
        InputError: A cut or a reference lies outside the clip, or there is no reference.
    """
    references = tuple(references)
    if not references:
        raise InputError("No reference is given: colours come from references, so give one or more.")
    if length is not None and length < 1:
        raise InputError(f"The clip has {length} frames: give a clip with 1 frame or more.")
    starts = sorted({0, *cuts})
    named = [(reference.frame, f"Reference {reference}") for reference in references if reference.frame is not None]
    for frame, what in [*((start, "A cut") for start in starts), *named]:
        if frame < 0 or (length is not None and frame >= length):
            clip = "frames count from 0" if length is None else f"the clip has the frames 0..{length - 1}"
            raise InputError(f"{what} is at frame {frame}, but {clip}: correct its number.")
    lasts = [*(start - 1 for start in starts[1:]), None if length is None else length - 1]
    ranges = list(zip(starts, lasts, strict=True))
    fitting = [tuple(reference for reference in references if _fits(reference, first, last)) for first, last in ranges]
    carried = _elsewhere(next(group for group in fitting if group))
    shots = []
    for (first, last), group in zip(ranges, fitting, strict=True):
        shots.append(Shot(first, last, group or carried))
        carried = _elsewhere(group) or carried
    return tuple(shots)


def _fits(reference: Reference, first: int, last: int | None) -> bool:
    return reference.frame is None or (first <= reference.frame and (last is None or reference.frame <= last))


def _elsewhere(references: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """The same references for another shot, where their frame numbers mean nothing."""
    return tuple(replace(reference, frame=None) for reference in references)
