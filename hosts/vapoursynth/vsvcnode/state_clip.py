"""The recurrence as a clip that depends on itself.

Frame n of this clip, where n is the first frame of a window, holds what the network made of the window's frames. It
asks for the clip's own frame one window earlier, and then for the window's luma: VapourSynth keeps the order, whatever
is asked in whatever order by however many threads. No frame is waited for inside a callback, and luma is asked for
only when its turn has come, so a cold seek holds no more frames than a straight run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
import vapoursynth as vs
from torch import Tensor

from vcnode.color import Plane, decode
from vcnode.sequence import Shot
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shot_references import ShotReferences
from vcnode.sequence.working_frame import WorkingFrame
from vsvcnode.clip_reference import ClipReference
from vsvcnode.colorist import Before, Colorist
from vsvcnode.failures import explained
from vsvcnode.formats import FrameColor
from vsvcnode.payload import frames_in, holder_of, pack, plane_of, unpack
from vsvcnode.plan import Plan, Window
from vsvcnode.weak import weakly

FRAMES, _KEY = "vcnode_frames", "vcnode_key"
_KEPT = 24  # at least: previewers and temporal filters ask again for frames nearby


def decoded_luma(frame: vs.VideoFrame, color: FrameColor) -> Tensor:
    """Y' of a frame `(1, 1, H, W)`, nominally 0..1."""
    return decode(plane_of(frame), color.encoding(frame.format), Plane.LUMA)[None, None]


@dataclass(frozen=True)
class Opening:
    """How to come by the engine of a shot.

    Attributes:
        clips: To be asked for the frames that it takes.
        engine: Makes it of them.
    """

    clips: Sequence[vs.VideoNode]
    engine: Callable[[Sequence[vs.VideoFrame]], ShotEngine]


class StateClip:
    """Results of the network for the frames of a clip.

    Args:
        clip: The luma to colour.
        plan: Its shots.
        colorist: Colours its windows.
        matrix: H.273 number for untagged frames.
    """

    def __init__(self, clip: vs.VideoNode, plan: Plan, colorist: Colorist, matrix: int | None) -> None:
        self._clip, self._plan, self._colorist, self._matrix = clip, plan, colorist, matrix
        window = min(plan.look_ahead, len(clip))
        self._luma = [clip[place:] for place in range(window)]
        self._blank = clip.std.BlankClip(format=vs.GRAY8, width=1, height=1, keep=True)
        self._windows = self._blank.std.FrameEval(weakly(self._choose), clip_src=[clip])
        cached = max(2, -(-_KEPT // window))
        self._windows.std.SetVideoCache(mode=1, fixedsize=1, maxsize=cached)
        self._shifted = [self._windows, *(self._delayed(place) for place in range(1, window))]
        before = self._delayed(plan.look_ahead) if len(clip) > plan.look_ahead else self._blank
        self._following = self._blank.std.FrameEval(weakly(self._follow), prop_src=[before], clip_src=[clip])
        self.nodes = self._blank.std.FrameEval(weakly(self._window_of), clip_src=self._shifted)

    def result(self, holder: vs.VideoFrame, number: int) -> WorkingFrame:
        """Read the result of frame `number` from the frame of that number of `nodes`."""
        window = self._window(number)
        return WorkingFrame.from_tensors(unpack(frames_in(holder, FRAMES)[number - window.start]))

    def _delayed(self, by: int) -> vs.VideoNode:
        """The windows, `by` frames later."""
        delayed: vs.VideoNode = self._blank[:by] + self._windows[:-by]
        return delayed

    def _window(self, frame: int) -> Window:
        window = self._plan.window_at(frame)
        assert window is not None
        return window

    def _choose(self, n: int) -> vs.VideoNode:
        """Take a window from the store, begin it where that needs nothing before it, or ask for what is before it."""
        window = self._window(n)
        with explained():
            stored = self._colorist.stored(window)
        if stored is not None and stored.whole:
            return self._blank.std.ModifyFrame(self._blank, partial(self._restore, stored.results, stored.keys[-1]))
        if stored is not None:
            return self._work(window, None, stored.results[0])
        if window.opens_shot:
            return self._work(window, None, None)
        return self._following

    def _follow(self, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        last = WorkingFrame.from_tensors(unpack(frames_in(f, FRAMES)[-1]))
        return self._work(self._window(n), Before(str(f.props[_KEY]), last.state), None)

    def _work(self, window: Window, before: Before | None, known: WorkingFrame | None) -> vs.VideoNode:
        """A clip whose frame `window.start` is the window's result, asking for all that it takes."""
        opening = self.opening(window.shot)
        clips = [*self._luma[: window.count], *opening.clips]
        return self._blank.std.ModifyFrame(clips, partial(self._color, window, opening, before, known))

    def _color(
        self,
        window: Window,
        opening: Opening,
        before: Before | None,
        known: WorkingFrame | None,
        n: int,
        f: vs.VideoFrame | list[vs.VideoFrame],
    ) -> vs.VideoFrame:
        frames = f if isinstance(f, list) else [f]
        with explained(), torch.inference_mode():
            engine = opening.engine(frames[window.count :])
            lightness = [
                self._lightness(frame, number) for number, frame in enumerate(frames[: window.count], window.start)
            ]
            results, key = self._colorist.color(engine, window, lightness, before, known)
        return _held(results, key)

    def opening(self, shot: Shot) -> Opening:
        """How to come by the engine of a shot: what was read before is not asked for again."""
        engine = self._colorist.engine(shot)
        if engine is not None:
            return Opening([], lambda frames: engine)
        known = self._colorist.references(shot)
        pictures = [] if known else [each.node() for each in shot.references if isinstance(each, ClipReference)]
        return Opening([self._clip[shot.first], *pictures], partial(self._open, shot, known))

    def _open(self, shot: Shot, known: ShotReferences | None, frames: Sequence[vs.VideoFrame]) -> ShotEngine:
        first, *pictures = frames
        waiting = iter(pictures)
        references = known or [
            each.read(next(waiting)) if isinstance(each, ClipReference) else each for each in shot.references
        ]
        return self._colorist.open(shot, references, self._lightness(first, shot.first))

    def _restore(self, results: Sequence[WorkingFrame], key: str, n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        return _held(results, key)

    def _window_of(self, n: int) -> vs.VideoNode:
        return self._shifted[n - self._window(n).start]

    def _lightness(self, frame: vs.VideoFrame, number: int) -> Tensor:
        color = FrameColor.of(frame.props, frame.format, frame.height, self._matrix)
        return lightness_of(decoded_luma(frame, color)[0], number)


def _held(results: Sequence[WorkingFrame], key: str) -> vs.VideoFrame:
    holder = holder_of([pack(result.tensors()) for result in results], FRAMES)
    holder.props[_KEY] = key
    return holder
