"""A reference clip as long as the clip to be coloured, such as another program's colours for the whole film."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
import vapoursynth as vs

from vcnode.errors import InputError
from vcnode.sequence import Reference
from vsvcnode.clip_reference import ClipReference
from vsvcnode.failures import explained

_SHOWN = "vcnode_shown"  # which frame it is that was found to be of use

_log = logging.getLogger("vcnode")


class FollowingClip:
    """Gives its frames at scene starts as references.

    A scene that begins with a frame which is none, as a black one has no colours, takes that of the nearest scene
    before it, or else of the first after it, like scenes for which no reference is named. Frames are looked at when
    such a scene begins, and their own pixels decide: it is the same whatever is asked in whatever order.

    Args:
        clip: As `reference_clip` returns it.
    """

    def __init__(self, clip: vs.VideoNode) -> None:
        self.clip = clip
        self._starts: list[int] = []
        self._problems: dict[int, str | None] = {}

    def references(self, starts: Iterable[int]) -> list[Reference]:
        """The references, once the scene starts are known."""
        self._starts = sorted({0, *starts})
        return [_SceneReference(clip=self.clip, index=start, frame=start, source=self) for start in self._starts]

    def node(self, start: int) -> vs.VideoNode:
        """A clip of one frame, the picture for the scene that begins at `start`."""
        before = [each for each in self._starts if each < start]
        return self._first_usable([start, *reversed(before), *(each for each in self._starts if each > start)])

    def _first_usable(self, indices: Sequence[int]) -> vs.VideoNode:
        index, *others = indices
        one = self.clip[index].std.SetFrameProps(**{_SHOWN: index})

        def choose(n: int, f: vs.VideoFrame) -> vs.VideoNode:
            with explained(), torch.inference_mode():
                problem = self._problem(index, f)
                if problem is not None and not others:
                    raise InputError(f"no frame of the reference clip at a scene start can be used: {problem}")
            return one if problem is None else self._first_usable(others)

        found: vs.VideoNode = one.std.FrameEval(choose, prop_src=[one], clip_src=[one])
        return found

    def _problem(self, index: int, frame: vs.VideoFrame) -> str | None:
        """Why a frame cannot be a reference; None where it can."""
        if index not in self._problems:
            self._problems[index] = problem = _problem_of(ClipReference(clip=self.clip, index=index), frame)
            if problem is not None:
                _log.warning("%s The scene that begins there takes the reference of another.", problem)
        return self._problems[index]


@dataclass(frozen=True, eq=False)
class _SceneReference(ClipReference):
    """The frame at a scene start, or what stands in for it, which is no keyframe of the scene.

    Attributes:
        source: Finds it.
    """

    source: FollowingClip | None = None

    def node(self) -> vs.VideoNode:
        """See `ClipReference`."""
        assert self.source is not None
        return self.source.node(self.index)

    def read(self, frame: vs.VideoFrame) -> Reference:
        """See `ClipReference`."""
        shown = int(frame.props[_SHOWN])
        return ClipReference.read(self if shown == self.index else replace(self, index=shown, frame=None), frame)


def _problem_of(reference: ClipReference, frame: vs.VideoFrame) -> str | None:
    try:
        reference.read(frame).lab()
    except InputError as error:
        return str(error)
    return None
