"""Picking the frames of a clip that an image model, or a person, colours as references."""

from collections.abc import Iterable
from itertools import pairwise

from vcnode.errors import InputError


def even_keyframes(count: int, most: int) -> tuple[int, ...]:
    """Pick frames at even distances, the first among them.

    Args:
        count: Frames in the clip.
        most: How many are wanted; of a shorter clip, all frames are taken.

    Raises:
        InputError: The clip has no frames, or none are wanted.
    """
    _check(count, most)
    picked = min(most, count)
    return tuple(place * count // picked for place in range(picked))


def scene_keyframes(cuts: Iterable[int], count: int, most: int) -> tuple[int, ...]:
    """Pick the first frame of each scene; of more scenes than are wanted, those of the longest, the earlier of equals.

    Args:
        cuts: First frames of scenes, as `find_cuts` gives them; frame 0 is implied.
        count: Frames in the clip.
        most: How many are wanted at most.

    Returns:
        Their numbers, in order.

    Raises:
        InputError: The clip has no frames, a cut lies outside, or none are wanted.
    """
    _check(count, most)
    starts = sorted({0, *cuts})
    for start in starts:
        if not 0 <= start < count:
            raise InputError(f"A cut is at frame {start}, but the clip has the frames 0..{count - 1}: correct it.")
    lengths = {start: end - start for start, end in pairwise([*starts, count])}
    return tuple(sorted(sorted(starts, key=lambda start: -lengths[start])[:most]))


def _check(count: int, most: int) -> None:
    if count < 1:
        raise InputError("The clip has no frames: give one with 1 frame or more.")
    if most < 1:
        raise InputError(f"The number of keyframes wanted is {most}: give 1 or more.")
