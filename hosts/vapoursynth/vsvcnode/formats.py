"""What clips the filter takes, what it gives, and how the codes of a frame are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import vapoursynth as vs

from vcnode.color import ChromaSiting, Matrix, PixelEncoding, Range
from vcnode.errors import InputError
from vcnode.sequence.whole_number import whole_number

# H.273 numbers, as in VapourSynth's frame properties.
_UNSPECIFIED = 2
_FULL, _LIMITED = 1, 0
_RANGES = {_FULL: Range.FULL, _LIMITED: Range.LIMITED}
_SMPTE170M, _BT470BG, _BT709 = 6, 5, 1
_DISPLAYED_OTHERWISE = {8: "linear", 9: "logarithmic", 10: "logarithmic", 16: "PQ", 17: "SMPTE 428", 18: "HLG"}
_COMPANIONS = {  # transfer and primaries of the standard that a matrix belongs to
    1: (1, 1),
    4: (4, 4),
    5: (6, 5),
    6: (6, 6),
    7: (7, 7),
    9: (14, 9),
}


@dataclass(frozen=True)
class FrameColor:
    """How a frame's codes are to be read, and what its properties should say.

    Attributes:
        matrix: H.273 number.
        range: Of integer codes.
        transfer: H.273 number.
        primaries: H.273 number.
        siting: H.273 number of the place of chroma samples.
    """

    matrix: int
    range: Range
    transfer: int
    primaries: int
    siting: int

    @classmethod
    def of(
        cls, props: Mapping[str, Any], format: vs.VideoFormat, height: int, matrix: int | None = None
    ) -> "FrameColor":
        """Read a frame's properties, with the conventions of hosts and players where they are silent.

        Args:
            props: The frame's properties.
            format: The frame's format.
            height: Of the frame; from 720 lines on an untagged one is BT.709, below BT.601.
            matrix: H.273 number for untagged frames, instead of this rule.

        Raises:
            InputError: The frame is interlaced, or of a matrix, range or transfer that cannot be coloured as it is.
        """
        if _number(props, "_FieldBased", 0) > 0:
            raise InputError("the clip is interlaced: deinterlace it first, or clear _FieldBased if it is not")
        transfer = displayed_transfer(props, "the clip")
        tagged = _number(props, "_Matrix", _UNSPECIFIED)
        if tagged == 0 and format.color_family == vs.GRAY:
            tagged = _UNSPECIFIED  # a plane taken from RGB
        if tagged == _UNSPECIFIED:
            tagged = matrix if matrix is not None else usual_matrix(height)
        Matrix.from_h273(tagged)
        usual_transfer, usual_primaries = _COMPANIONS[tagged]
        primaries = _number(props, "_Primaries", _UNSPECIFIED)
        return cls(
            tagged,
            _range(props, format),
            usual_transfer if transfer == _UNSPECIFIED else transfer,
            usual_primaries if primaries == _UNSPECIFIED else primaries,
            max(0, _number(props, "_ChromaLocation", 0)),  # below 0: not said, as resize takes it, too
        )

    def encoding(self, format: vs.VideoFormat) -> PixelEncoding:
        """How the codes of `format` stand for numbers."""
        depth = None if format.sample_type == vs.FLOAT else int(format.bits_per_sample)
        return PixelEncoding(Matrix.from_h273(self.matrix), self.range, depth)

    def chroma_siting(self) -> ChromaSiting:
        """Where chroma samples sit.

        Raises:
            InputError: The number is not known.
        """
        return ChromaSiting.from_h273(self.siting)

    def props(self, format: vs.VideoFormat) -> dict[str, int]:
        """The frame properties that say all this of a frame of `format`."""
        said = {
            "_Matrix": self.matrix,
            "_Range": _FULL if self.range is Range.FULL else _LIMITED,
            "_Transfer": self.transfer,
            "_Primaries": self.primaries,
        }
        if format.subsampling_w or format.subsampling_h:
            said["_ChromaLocation"] = self.siting
        return said


def _range(props: Mapping[str, Any], format: vs.VideoFormat) -> Range:
    number = _number(props, "_Range", _FULL if format.sample_type == vs.FLOAT else _LIMITED)
    if number not in _RANGES:
        raise InputError(f"the frame property _Range is {number}: give vs.RANGE_LIMITED or vs.RANGE_FULL")
    return _RANGES[number]


def displayed_transfer(props: Mapping[str, Any], what: str) -> int:
    """Read a frame's transfer, an H.273 number.

    Args:
        props: The frame's properties.
        what: It is a frame of, for messages.

    Raises:
        InputError: It is none of SDR video.
    """
    transfer = _number(props, "_Transfer", _UNSPECIFIED)
    if transfer in _DISPLAYED_OTHERWISE:
        raise InputError(
            f"the transfer of {what} is {_DISPLAYED_OTHERWISE[transfer]} (_Transfer={transfer}): "
            "convert it to SDR video first, for example with resize and transfer_s"
        )
    return transfer


COLOR_PROPS = ("_Matrix", "_Range", "_Transfer", "_Primaries", "_ChromaLocation")


def check_clip(clip: object) -> vs.VideoNode:
    """Return a clip that can be coloured, on the CPU.

    Raises:
        InputError: It is no video clip, or of a format that cannot be coloured.
    """
    if not isinstance(clip, vs.VideoNode):
        raise InputError("the first argument is not a video clip")
    node = on_cpu(clip)
    if varies(node):
        raise InputError("the clip's format or size varies: make it constant first, for example with resize")
    if node.format.color_family == vs.RGB:
        raise InputError(
            "the clip is RGB and has no luma that could be kept: convert it first, for example with "
            'clip.resize.Bicubic(format=vs.GRAY16, matrix_s="709")'
        )
    if node.format.sample_type == vs.INTEGER and node.format.bits_per_sample > 16:
        raise InputError(
            f"the clip has {node.format.bits_per_sample} bits: convert it to at most 16 bits, or to single precision"
        )
    return node


def varies(clip: vs.VideoNode) -> bool:
    """Whether frames of a clip differ in format or size."""
    return clip.format is None or clip.format.color_family == vs.UNDEFINED or 0 in (clip.width, clip.height)


def on_cpu(clip: vs.VideoNode) -> vs.VideoNode:
    """The same clip in main memory."""
    resident: vs.VideoNode = clip.std.GPUDownload() if getattr(clip, "gpu_resident", False) else clip
    return resident


def output_format(clip: vs.VideoNode, wanted: object) -> vs.VideoFormat:
    """Choose the format of the coloured clip.

    Args:
        clip: Gray or YUV.
        wanted: A YUV format, its number, or None: the clip's own, and 4:4:4 for gray clips.

    Raises:
        InputError: It is not YUV, or the luma could not be kept in it.
    """
    own = clip.format
    if wanted is None:
        width, height = (own.subsampling_w, own.subsampling_h) if own.color_family == vs.YUV else (0, 0)
        chosen: vs.VideoFormat = vs.core.query_video_format(vs.YUV, own.sample_type, own.bits_per_sample, width, height)
        return chosen
    chosen = wanted if isinstance(wanted, vs.VideoFormat) else _by_number(wanted)
    if chosen.color_family != vs.YUV:
        raise InputError(f"the output format {chosen.name} is not YUV: give a YUV format, and append resize for others")
    kept = own.sample_type == chosen.sample_type and (
        own.bits_per_sample == chosen.bits_per_sample
        if own.sample_type == vs.FLOAT
        else own.bits_per_sample <= chosen.bits_per_sample <= 16
    )
    if not kept:
        raise InputError(
            f"the output format {chosen.name} cannot hold the luma of {own.name} as it is: give a YUV format of its "
            "sample type with as many bits or more, at most 16, and append resize for others"
        )
    if clip.width % (1 << chosen.subsampling_w) or clip.height % (1 << chosen.subsampling_h):
        raise InputError(
            f"the clip is {clip.width}x{clip.height} and {chosen.name} needs sizes that its chroma divides: "
            "crop it, or choose another format"
        )
    return chosen


def _by_number(wanted: object) -> vs.VideoFormat:
    try:
        found: vs.VideoFormat = vs.core.get_video_format(wanted)
    except (vs.Error, TypeError, ValueError):
        found = None
    if found is None or found.color_family == vs.UNDEFINED:
        raise InputError(f"the output format {wanted!r} is not known: give one such as vs.YUV420P10")
    return found


def usual_matrix(height: int) -> int:
    """The matrix, an H.273 number, that hosts and players assume for untagged frames of so many lines."""
    if height >= 720:
        return _BT709
    return _BT470BG if height == 576 else _SMPTE170M


def _number(props: Mapping[str, Any], name: str, default: int) -> int:
    return whole_number(props.get(name, default), f"the frame property {name}")
