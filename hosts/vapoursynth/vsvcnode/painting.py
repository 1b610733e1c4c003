"""From the network's results to the coloured clip: luma planes go through, chroma is solved for them."""

from dataclasses import dataclass

import numpy as np
import torch
import vapoursynth as vs
from torch import Tensor

from vcnode.color import ChromaSiting, Plane, Range, chroma_keeping_luma, encode, subsample
from vcnode.rendering.confidence import mean_confidence
from vcnode.rendering.painting import deepened
from vcnode.sequence import ColoredFrame
from vcnode.sequence.frame import gray_frame, lightness_of
from vsvcnode.backward_clip import Results
from vsvcnode.colorist import Colorist
from vsvcnode.detail_clip import DetailClip
from vsvcnode.failures import explained
from vsvcnode.formats import COLOR_PROPS, FrameColor
from vsvcnode.payload import frames_in, write_plane
from vsvcnode.plan import Plan
from vsvcnode.state_clip import decoded_luma

CONFIDENCE = "vcnode_confidence"
_MAPS = "vcnode_maps"
_LANES = 2  # frames finished at the same time: each takes memory, and torch uses several cores for one


@dataclass(frozen=True)
class Painter:
    """Finishes frames; holds no clip that refers to it, so that nothing keeps itself alive.

    Attributes:
        plan: The shots.
        colorist: Coloured them.
        results: What the network made of the frames.
        details: What keyframes know beyond them.
        format: Of the coloured clip.
        matrix: H.273 number for untagged frames.
        maps: Whether the maps are made.
    """

    plan: Plan
    colorist: Colorist
    results: Results
    details: DetailClip
    format: vs.VideoFormat
    matrix: int | None
    maps: bool

    def paint(self, n: int, f: list[vs.VideoFrame]) -> vs.VideoFrame:
        """Make a frame whose chroma planes, properties and maps are those of the coloured one; its luma is empty."""
        source, holder, detail = f
        window = self.plan.window_at(n)
        assert window is not None
        with explained(), torch.inference_mode():
            color, luma = self._read(source)
            lightness = lightness_of(luma[0], n)
            finisher = self.colorist.finisher(window.shot)
            colored = finisher.finish(self.results.result(holder, n), lightness, n, self.details.detail(detail))
            small_luma, small_ab = (on_chroma_grid(x, self.format, color.chroma_siting()) for x in (luma, colored.ab))
            encoding = color.encoding(self.format)
            chroma = encode(chroma_keeping_luma(small_luma, small_ab, encoding.matrix), encoding, Plane.CHROMA)
            return self._frame(source, chroma[0], color, colored)

    def paint_gray(self, n: int, f: vs.VideoFrame) -> vs.VideoFrame:
        """The same for a frame that no shot covers."""
        with explained(), torch.inference_mode():
            color, luma = self._read(f)
            rows, columns = f.height >> self.format.subsampling_h, f.width >> self.format.subsampling_w
            chroma = encode(torch.zeros(2, rows, columns), color.encoding(self.format), Plane.CHROMA)
            return self._frame(f, chroma, color, gray_frame(n, torch.zeros_like(luma)))

    def _read(self, source: vs.VideoFrame) -> tuple[FrameColor, Tensor]:
        color = FrameColor.of(source.props, source.format, source.height, self.matrix)
        return color, decoded_luma(source, color)

    def _frame(self, source: vs.VideoFrame, chroma: Tensor, color: FrameColor, colored: ColoredFrame) -> vs.VideoFrame:
        frame = vs.core.create_video_frame(self.format, source.width, source.height)
        for plane, values in enumerate(chroma, 1):
            write_plane(frame, plane, values)
        frame.props.update(color.props(self.format))
        confidence = mean_confidence(colored)
        if confidence is not None:
            frame.props[CONFIDENCE] = confidence
        if self.maps:
            similar = colored.confidence.clamp(0, 1)[0, 0]
            which = (colored.reference[0, 0].to(torch.int32) + 1).to(torch.uint16)  # 0: none
            frame.props[_MAPS] = [_gray_frame(vs.GRAYS, similar), _gray_frame(vs.GRAY16, which)]
        return frame


def chroma_clip(clip: vs.VideoNode, painter: Painter) -> vs.VideoNode:
    """A clip of what `painter` makes of each frame of `clip`."""
    plan, blank = painter.plan, clip.std.BlankClip(format=painter.format.id, keep=True)
    needed = [clip, painter.results.nodes, painter.details.nodes]
    lanes = [blank.std.ModifyFrame(needed, painter.paint) for _ in range(_LANES)]
    gray = blank.std.ModifyFrame([clip], painter.paint_gray)

    def choose(n: int) -> vs.VideoNode:
        return gray if plan.window_at(n) is None else lanes[n % _LANES]

    chosen: vs.VideoNode = blank.std.FrameEval(choose, clip_src=[*lanes, gray])
    return chosen


def join_luma(clip: vs.VideoNode, chroma: vs.VideoNode) -> vs.VideoNode:
    """The luma planes of `clip`, the same memory where the depth is the same, with the chroma of `chroma`."""
    luma = clip
    if chroma.format.bits_per_sample != clip.format.bits_per_sample:
        luma = _deepened_luma(clip, chroma.format.bits_per_sample)
    joined = vs.core.std.ShufflePlanes([luma, chroma, chroma], [0, 1, 2], vs.YUV)
    said: vs.VideoNode = joined.std.CopyFrameProps(chroma, props=[*COLOR_PROPS, CONFIDENCE])
    return said


def map_clips(clip: vs.VideoNode, chroma: vs.VideoNode) -> tuple[vs.VideoNode, vs.VideoNode]:
    """The confidence, GRAYS 0..1, and the number of the matched reference, GRAY16, from 1, 0 for none."""

    def taken(place: int, format: int) -> vs.VideoNode:
        blank = clip.std.BlankClip(format=format, keep=True)
        plain = blank.std.ModifyFrame([chroma], lambda n, f: frames_in(f, _MAPS)[place])
        tagged: vs.VideoNode = plain.std.CopyFrameProps(clip).std.SetFrameProps(_Range=int(vs.RANGE_FULL))
        return tagged

    return taken(0, vs.GRAYS), taken(1, vs.GRAY16)


def on_chroma_grid(planes: Tensor, format: vs.VideoFormat, siting: ChromaSiting) -> Tensor:
    """Bring planes `(B, C, H, W)` to the chroma grid of a format, 4:1:1 and 4:1:0 in two steps."""
    across, down = format.subsampling_w, format.subsampling_h
    names = {(0, 1): "440", (1, 0): "422", (1, 1): "420"}
    while across or down:
        planes = subsample(planes, names[bool(across), bool(down)], siting)
        across, down = max(0, across - 1), max(0, down - 1)
    return planes


def _gray_frame(format: int, values: Tensor) -> vs.VideoFrame:
    frame = vs.core.create_video_frame(format, values.shape[1], values.shape[0])
    write_plane(frame, 0, values)
    return frame


def _deepened_luma(clip: vs.VideoNode, bits: int) -> vs.VideoNode:
    """Luma with more bits, as the core makes it: a shift to the right gives the codes that came in."""
    gray = vs.core.std.ShufflePlanes(clip, 0, vs.GRAY) if clip.format.color_family == vs.YUV else clip
    depth = clip.format.bits_per_sample
    codes = np.arange(2**depth, dtype=np.uint16)
    limited, full = (
        gray.std.Lut(lut=deepened(codes, depth, bits, each).tolist(), bits=bits) for each in (Range.LIMITED, Range.FULL)
    )

    def choose(n: int, f: vs.VideoFrame) -> vs.VideoNode:
        return full if f.props.get("_Range", vs.RANGE_LIMITED) == vs.RANGE_FULL else limited

    deep: vs.VideoNode = limited.std.FrameEval(choose, prop_src=[clip], clip_src=[limited, full])
    return deep
