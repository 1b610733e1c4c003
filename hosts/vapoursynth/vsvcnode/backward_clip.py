"""Colours from later frames: the clip of states on the clip that runs the other way, and both ways joined.

Where a shot's keyframes are is known only when its pictures have been read, so that comes first; as everywhere, nothing
is waited for inside a callback.
"""

from dataclasses import replace

import torch
import vapoursynth as vs

from vcnode.sequence import Shot
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shots import shot_at
from vcnode.sequence.working_frame import WorkingFrame
from vsvcnode.colorist import Colorist
from vsvcnode.failures import explained
from vsvcnode.payload import frames_in, holder_of, pack, unpack
from vsvcnode.plan import Plan, Window
from vsvcnode.state_clip import FRAMES, Opening, StateClip
from vsvcnode.weak import weakly


class BackwardPlan(Plan):
    """A clip's stretches that end with a keyframe or with their shot, on the clip that runs the other way.

    Args:
        plan: Of the clip.
        colorist: Knows the keyframes of shots that were opened.
    """

    def __init__(self, plan: Plan, colorist: Colorist) -> None:
        super().__init__(plan.length, plan.look_ahead)
        self._plan, self._colorist = plan, colorist

    def whole(self, frame: int) -> Shot:
        """The clip's shot that a frame of the other way belongs to."""
        shot = shot_at(self._plan.shots, self.turned(frame))
        assert shot is not None
        return shot

    def turned(self, frame: int) -> int:
        """A frame's number the other way round."""
        return self.length - 1 - frame

    def window_at(self, frame: int) -> Window:
        """The window that holds a frame of the other way, whose shot has been opened."""
        number, shot = self.turned(frame), self.whole(frame)
        keyframes = self._colorist.keyframes(shot)
        assert keyframes is not None
        before, following = keyframes.before(number), keyframes.following(number)
        begin = shot.first if before is None else before + 1
        last = self.length - 1 if shot.last is None else shot.last
        end = last if following is None else following
        references = tuple(replace(each, frame=None) for each in shot.references)
        stretch = Shot(self.turned(end), self.turned(begin), references)
        start = frame - (frame - stretch.first) % self.look_ahead
        return Window(stretch, start, min(self.look_ahead, self.turned(begin) - start + 1))


class BackwardClip(StateClip):
    """Results of the network for the frames of a clip, coloured from later frames to earlier ones.

    Args:
        clip: The luma to colour.
        plan: Its shots.
        forward: Its results in the other direction; opens shots.
        colorist: Made them.
        matrix: H.273 number for untagged frames.
    """

    def __init__(
        self, clip: vs.VideoNode, plan: Plan, forward: StateClip, colorist: Colorist, matrix: int | None
    ) -> None:
        self._shots, self._forward, self._forward_colorist = plan, forward, colorist
        self._backward_plan = BackwardPlan(plan, colorist)
        turned = Colorist(colorist.model, colorist.settings, colorist.store, colorist.network)
        super().__init__(clip[::-1], self._backward_plan, turned, matrix)
        self._turned = self.nodes[::-1]
        self._ready = self._blank.std.FrameEval(weakly(self._ensure_open), clip_src=[clip])
        self.nodes = self._blank.std.FrameEval(weakly(self._all), prop_src=[self._ready], clip_src=[self._turned])
        self.wanted = self._blank.std.FrameEval(weakly(self._some), prop_src=[self._ready], clip_src=[self._turned])

    def result(self, holder: vs.VideoFrame, number: int) -> WorkingFrame:
        """Read the result of frame `number` from the frame of that number of `nodes`."""
        return super().result(holder, self._backward_plan.turned(number))

    def opening(self, shot: Shot) -> Opening:
        """See `StateClip`: a stretch is opened with the shot that it is part of."""
        whole = self._forward.opening(self._backward_plan.whole(shot.first))
        return Opening(whole.clips, lambda frames: self._turn(whole.engine(frames), shot))

    def _turn(self, engine: ShotEngine, stretch: Shot) -> ShotEngine:
        return engine.mirrored(engine.seeds.get(self._backward_plan.turned(stretch.first)), stretch.first)

    def _ensure_open(self, n: int) -> vs.VideoNode:
        shot = shot_at(self._shots.shots, n)
        if shot is None or self._forward_colorist.keyframes(shot) is not None:
            return self._blank
        opening = self._forward.opening(shot)

        def opened(n: int, f: vs.VideoFrame | list[vs.VideoFrame]) -> vs.VideoFrame:
            blank, *frames = f if isinstance(f, list) else [f]
            with explained(), torch.inference_mode():
                opening.engine(frames)
            return blank

        return self._blank.std.ModifyFrame([self._blank, *opening.clips], opened)

    def _all(self, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        return self._blank if shot_at(self._shots.shots, n) is None else self._turned

    def _some(self, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        shot = shot_at(self._shots.shots, n)
        keyframes = None if shot is None else self._forward_colorist.keyframes(shot)
        return self._turned if keyframes is not None and keyframes.look_ahead(n) else self._blank


class JoinedClip:
    """Results of both ways, blended between keyframes.

    Args:
        clip: The luma to colour.
        plan: Its shots.
        forward: Results of one way.
        backward: Results of the other.
        colorist: Knows the keyframes.
    """

    def __init__(
        self, clip: vs.VideoNode, plan: Plan, forward: StateClip, backward: BackwardClip, colorist: Colorist
    ) -> None:
        self._plan, self._forward, self._backward, self._colorist = plan, forward, backward, colorist
        blank = clip.std.BlankClip(format=vs.GRAY8, width=1, height=1, keep=True)
        self.nodes = blank.std.ModifyFrame([forward.nodes, backward.wanted], weakly(self._join))

    def result(self, holder: vs.VideoFrame, number: int) -> WorkingFrame:
        """Read the result of frame `number` from the frame of that number of `nodes`."""
        return WorkingFrame.from_tensors(unpack(frames_in(holder, FRAMES)[0]))

    def _join(self, n: int, f: list[vs.VideoFrame]) -> vs.VideoFrame:
        with explained(), torch.inference_mode():
            result = self._forward.result(f[0], n)
            if FRAMES in f[1].props:
                shot = shot_at(self._plan.shots, n)
                keyframes = None if shot is None else self._colorist.keyframes(shot)
                assert keyframes is not None
                result = keyframes.blend(n, result, self._backward.result(f[1], n))
            return holder_of([pack(result.tensors())], FRAMES)


type Results = StateClip | JoinedClip
