"""The detail of keyframes as a clip, so that VapourSynth asks for it, hands it out and frees it.

A shot's keyframes are known when it has been opened, so a frame's result is asked for before its keyframe. Few are kept
at a time; any other is read again, its picture asked for like any frame.
"""

import threading
from collections import OrderedDict
from functools import partial

import torch
import vapoursynth as vs

from vcnode.sequence import Reference, Shot
from vcnode.sequence.keyframe_choice import DetailSource
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.shot_references import detail_of
from vcnode.sequence.working_frame import Finisher
from vsvcnode.clip_reference import ClipReference
from vsvcnode.colorist import Colorist
from vsvcnode.failures import explained
from vsvcnode.payload import frames_in, holder_of, pack, unpack
from vsvcnode.plan import Plan
from vsvcnode.weak import weakly

_DETAIL = "vcnode_detail"
_KEPT = 2  # keyframes: frames on both sides of the middle between two may be asked for in turn


class DetailClip:
    """What keyframes know beyond the working size, for the frames of a clip.

    Args:
        clip: To colour.
        plan: Its shots.
        colorist: Opens them.
        results: A clip whose frame n is there once the shot of frame n has been opened.
    """

    def __init__(self, clip: vs.VideoNode, plan: Plan, colorist: Colorist, results: vs.VideoNode) -> None:
        self._plan, self._colorist = plan, colorist
        self._blank = clip.std.BlankClip(format=vs.GRAY8, width=1, height=1, keep=True)
        self._kept: OrderedDict[tuple[int, int], vs.VideoNode] = OrderedDict()
        self._shelf = threading.Lock()  # held for a moment
        self.nodes = self._blank.std.FrameEval(weakly(self._choose), prop_src=[results], clip_src=[self._blank])
        self.nodes.std.SetVideoCache(mode=0)

    def detail(self, holder: vs.VideoFrame) -> KeyframeDetail | None:
        """Read the detail from the frame of `nodes` that a frame goes with; None where it gets none."""
        return KeyframeDetail(**unpack(frames_in(holder, _DETAIL)[0])) if _DETAIL in holder.props else None

    def _choose(self, n: int, f: vs.VideoFrame) -> vs.VideoNode:
        window = self._plan.window_at(n)
        assert window is not None
        finisher = self._colorist.finisher(window.shot)
        source = finisher.source(n)
        return self._blank if source is None else self._holder(window.shot, source, finisher)

    def _holder(self, shot: Shot, source: DetailSource, finisher: Finisher) -> vs.VideoNode:
        """A clip of one frame that holds what a source gives, for as long as it is kept."""
        key = shot.first, source.place
        with self._shelf:
            node = self._kept.pop(key, None)
            if node is None:
                node = self._reading(shot.references[source.place], finisher)
            self._kept[key] = node
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return node

    def _reading(self, reference: Reference, finisher: Finisher) -> vs.VideoNode:
        one = self._blank[0]
        picture = reference.node() if isinstance(reference, ClipReference) else one
        node: vs.VideoNode = one.std.ModifyFrame([picture], partial(_read, reference, finisher))
        node.std.SetVideoCache(mode=1, fixedsize=1, maxsize=1)
        return node


def _read(reference: Reference, finisher: Finisher, n: int, f: vs.VideoFrame) -> vs.VideoFrame:
    with explained(), torch.inference_mode():
        given = reference.read(f) if isinstance(reference, ClipReference) else reference
        detail = detail_of(given, finisher.bars, finisher.size, finisher.settings)
        return holder_of([pack({"working": detail.working, "planes": detail.planes})], _DETAIL)
