"""Where scenes begin, from the property `_SceneChangePrev` that scene detectors set."""

from collections.abc import Callable
from functools import partial

import vapoursynth as vs

from vsvcnode.failures import explained
from vsvcnode.weak import weakly

_PROPERTY = "_SceneChangePrev"
_BLOCK = 16  # frames whose properties are read at a time


def scene_starts(clip: vs.VideoNode, prop: str = _PROPERTY) -> list[int]:
    """Render a clip once and list the frames on which a scene detector saw a new scene begin.

    Args:
        clip: Of any format; the result of `scd.Detect`, `mv.SCDetection`, `misc.SCDetect` or the like.
        prop: The property that they set.

    Returns:
        Frame numbers in order, for `colorize(..., scenes=...)`; frame 0 is always one of them.

    Raises:
        vs.Error: `clip` is something else.
    """
    if not isinstance(clip, vs.VideoNode):
        raise vs.Error(
            f"scene_starts: the clip is {clip!r}: give a clip of VapourSynth, as its source filters read one"
        )
    frames = enumerate(clip.frames(close=True))
    return sorted({0, *(number for number, frame in frames if frame.props.get(prop, 0))})


class SceneScan:
    """Reads the scene properties of a whole clip, once, when the first frame is asked for.

    Blocks of frames follow each other as frame requests, so nothing blocks and memory stays flat.

    Args:
        clip: Carries the properties.
        settle: Called with the scene starts when all are known.
    """

    def __init__(self, clip: vs.VideoNode, settle: Callable[[list[int]], None]) -> None:
        self._length, self._settle, self._settled = len(clip), settle, False
        self._starts: set[int] = {0}
        blocks = -(-self._length // _BLOCK)
        self._blank = clip.std.BlankClip(format=vs.GRAY8, width=1, height=1, length=blocks, keep=True)
        parts = [clip.std.SelectEvery(_BLOCK, place) for place in range(min(_BLOCK, self._length))]
        self._reading = self._blank.std.ModifyFrame(parts, weakly(self._read))
        self._blocks = self._blank.std.FrameEval(weakly(self._choose), clip_src=parts)
        before = self._blank[:1] + self._blocks[:-1] if blocks > 1 else self._blank
        self._following = self._blank.std.FrameEval(weakly(self._follow), prop_src=[before], clip_src=parts)

    def gate(self, result: vs.VideoNode) -> vs.VideoNode:
        """A clip like `result` whose frames are asked for when all scene starts are known."""
        blank = result.std.BlankClip(keep=True)
        waiting = blank.std.FrameEval(partial(self._release, result), prop_src=[self._blocks[-1]], clip_src=[result])
        gated: vs.VideoNode = blank.std.FrameEval(
            lambda n: result if self._settled else waiting, clip_src=[result, waiting]
        )
        return gated

    def _choose(self, n: int) -> vs.VideoNode:
        return self._following if n else self._reading

    def _follow(self, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        return self._reading

    def _read(self, n: int, f: vs.VideoFrame | list[vs.VideoFrame]) -> vs.VideoFrame:
        frames = f if isinstance(f, list) else [f]
        numbered = zip(range(n * _BLOCK, self._length), frames, strict=False)
        self._starts.update(number for number, frame in numbered if frame.props.get(_PROPERTY, 0))
        return vs.core.create_video_frame(vs.GRAY8, 1, 1)

    def _release(self, result: vs.VideoNode, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        if not self._settled:
            with explained():
                self._settle(sorted(self._starts))
            self._settled = True
        return result
