"""Colour tags of a stream: the code points of ITU-T H.273, as FFmpeg and containers store them."""

from dataclasses import dataclass, replace
from typing import Any

UNSPECIFIED = 2

# H.273 table 4, MatrixCoefficients. FCC (4) and SMPTE 240M (7) are served by their nearest relatives.
_MATRIX_OF_CODE = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
_CODE_OF_MATRIX = {"bt601": 6, "bt709": 1, "bt2020": 9}
_RANGE_OF_CODE = {1: "limited", 2: "full"}
_CODE_OF_RANGE = {"limited": 1, "full": 2}
_LIMITED = ("yuv4", "yuva", "nv", "p0", "p2", "p4", "y2", "uyvy", "yuyv", "yvyu")  # Y'CbCr, but for "yuvj"


@dataclass(frozen=True)
class ColorTags:
    """What a file says about its colours; an absent tag is `UNSPECIFIED` (2), or 0 for range and siting.

    Attributes:
        matrix: H.273 MatrixCoefficients.
        range: 0 absent, 1 limited, 2 full.
        primaries: H.273 ColourPrimaries.
        transfer: H.273 TransferCharacteristics.
        chroma_location: 0 absent, 1 left, 2 center, 3 top left, 4 top, 5 bottom left, 6 bottom.
    """

    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    chroma_location: int = 0

    def resolved(self, *, height: int, pixel_format: str) -> tuple[str, str]:
        """Name matrix and range, with the players' conventions where the file is silent.

        Args:
            height: Picture height in pixels; an untagged picture is BT.709 from 720 lines on, else BT.601.
            pixel_format: FFmpeg's name; RGB, gray and `yuvj` formats are full range unless tagged.

        Returns:
            The matrix ("bt601", "bt709", "bt2020") and the range ("limited", "full").
        """
        matrix = _MATRIX_OF_CODE.get(self.matrix, "bt709" if height >= 720 else "bt601")
        silent = "limited" if pixel_format.startswith(_LIMITED) else "full"
        return matrix, _RANGE_OF_CODE.get(self.range, silent)

    @property
    def matrix_is_tagged(self) -> bool:
        """Whether the matrix comes from the file."""
        return self.matrix in _MATRIX_OF_CODE

    @property
    def range_is_tagged(self) -> bool:
        """Whether the range comes from the file."""
        return self.range in _RANGE_OF_CODE

    def settled(self, matrix: str, range: str) -> "ColorTags":
        """Tags to write: the same, with matrix and range always stated, as the chroma was made with them."""
        keep = _MATRIX_OF_CODE.get(self.matrix) == matrix
        return replace(self, matrix=self.matrix if keep else _CODE_OF_MATRIX[matrix], range=_CODE_OF_RANGE[range])

    def apply(self, target: Any) -> None:
        """Set the tags that this PyAV offers on an FFmpeg codec context (before it opens) or a frame."""
        target.colorspace = self.matrix
        target.color_range = self.range
        for name, value in [
            ("color_primaries", self.primaries),
            ("color_trc", self.transfer),
            ("chroma_sample_location", self.chroma_location),  # a context's name for it
            ("chroma_location", self.chroma_location),  # a frame's
        ]:
            if hasattr(target, name):
                setattr(target, name, value)


def tags_of(context: Any) -> ColorTags:
    """Read the tags of an FFmpeg codec context."""
    return ColorTags(
        matrix=int(context.colorspace),
        range=int(context.color_range),
        primaries=int(context.color_primaries),
        transfer=int(context.color_trc),
        chroma_location=int(getattr(context, "chroma_sample_location", 0)),
    )
