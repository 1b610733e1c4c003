"""Black bars: letterbox and pillarbox margins that are part of the file but not of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.errors import InputError

# In L (0..100); one 8-bit code near black is about 0.3.
_DARKEST_PICTURE = 4.0  # bars may be as bright as this (lifted black)
_LARGEST_NOISE = 1.0  # median deviation along a bar's outermost line; more is texture
_RINGING = 1.5  # what compression adds to the noise

_OUTLIERS = 0.08  # share of a bar's line that may be something else: a logo, dirt
_EDGE_SHARE = 0.33  # share of a bar's edge at which the picture must show
_WINDOW_SHARE = 0.5  # the same where bars lie on two axes: round things on black would pass otherwise
_EDGE_LINES = 4  # within this many lines
_LARGEST = 0.4  # share of the frame's side
_SMALLEST = 2  # lines


@dataclass(frozen=True)
class Bars:
    """Margins in pixels that are black bars, 0 where there are none."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __bool__(self) -> bool:
        return any((self.top, self.bottom, self.left, self.right))

    def crop(self, planes: Tensor) -> Tensor:
        """Removes the bars: (B, C, H, W) -> (B, C, H - top - bottom, W - left - right), a view."""
        height, width = planes.shape[-2:]
        return planes[..., self.top : height - self.bottom, self.left : width - self.right]

    def scaled(self, down: float, across: float) -> "Bars":
        """Those of the same frame at another size, `down` times as high and `across` times as wide."""
        sides = self.top * down, self.bottom * down, self.left * across, self.right * across
        return Bars(*(round(side) for side in sides))

    def restore(self, planes: Tensor) -> Tensor:
        """Puts the bars back, filled with zeros (no colour in ab, Cb and Cr): the inverse of crop."""
        return F.pad(planes, (self.left, self.right, self.top, self.bottom)) if self else planes


def find_bars(lightness: Tensor) -> Bars:
    """Finds the black bars of a frame, or those common to several frames.

    A bar is near black and uniform over its whole length, at least 2 pixels and at most 40 % of the frame,
    and ends at an edge where the picture shows. A dark frame has no bars.

    Args:
        lightness: L, (..., H, W), 0..100; leading dimensions are frames of one clip.

    Raises:
        InputError: for integer values, fewer than two dimensions, or no pixels.
    """
    if lightness.ndim < 2 or lightness.numel() == 0 or not lightness.is_floating_point():
        raise InputError(
            f"Lightness of type {lightness.dtype} and shape {tuple(lightness.shape)} was given; "
            "bars are found in floating-point L of the shape (..., H, W)."
        )
    # A bar is dark in every frame, so common bars are the bars of the maximum, and a single bright frame
    # shows their edge.
    picture = lightness.float().flatten(0, -3).amax(dim=0) if lightness.ndim > 2 else lightness.float()
    # Each pair of bars first as if the other were not there, then without it: a windowbox leaves little
    # picture in a line.
    rows, columns = _dark_margins(picture), _dark_margins(picture.T)
    rows, columns = _dark_margins(_inside(picture, columns)), _dark_margins(_inside(picture.T, rows))
    share = _WINDOW_SHARE if any(rows) and any(columns) else _EDGE_SHARE
    top, bottom = _with_edge(_inside(picture, columns), rows, share)
    left, right = _with_edge(_inside(picture.T, rows), columns, share)
    return Bars(top, bottom, left, right)


def find_bars_in_clip(samples: Iterable[Tensor]) -> Bars:
    """Finds the bars common to all sampled frames of a clip, holding one frame in memory.

    Args:
        samples: L of each, (..., H, W), 0..100, all of one size. Dark frames among them do no harm.

    Raises:
        InputError: without samples, for frames of differing sizes, or as find_bars.
    """
    brightest: Tensor | None = None
    for sample in samples:
        frame = sample.flatten(0, -3).amax(dim=0) if sample.ndim > 2 else sample
        if brightest is not None and frame.shape != brightest.shape:
            raise InputError(
                f"Frames of {tuple(brightest.shape)} and {tuple(frame.shape)} pixels were given; "
                "bars are searched in frames of one size."
            )
        brightest = frame if brightest is None else torch.maximum(brightest, frame)
    if brightest is None:
        raise InputError("No frames were given; give at least one to search for bars.")
    return find_bars(brightest)


def _inside(picture: Tensor, margins: tuple[int, int]) -> Tensor:
    """The picture without left and right margins."""
    return picture[:, margins[0] : picture.shape[1] - margins[1]]


def _dark_margins(picture: Tensor) -> tuple[int, int]:
    """How many rows at the top and bottom are dark and uniform; 0 where they are more than a bar can be."""
    return _dark_rows(picture), _dark_rows(picture.flip(0))


def _dark_rows(picture: Tensor) -> int:
    """How many rows from the top on are dark and uniform; 0 if more, or fewer, than a bar can have."""
    level, tolerance = _level_and_tolerance(picture[0])
    if level > _DARKEST_PICTURE:
        return 0
    outliers = ((picture - level).abs() > tolerance).float().mean(dim=1)
    others = torch.nonzero(outliers > _OUTLIERS)
    dark = int(others[0]) if len(others) else len(picture)
    return dark if _SMALLEST <= dark <= _LARGEST * len(picture) else 0


def _with_edge(picture: Tensor, margins: tuple[int, int], share: float) -> tuple[int, int]:
    """Keeps those margins at whose inner edge the picture shows."""
    top, bottom = margins
    return (
        top if _shows_edge(picture, top, share) else 0,
        bottom if _shows_edge(picture.flip(0), bottom, share) else 0,
    )


def _shows_edge(picture: Tensor, dark: int, share: float) -> bool:
    """Whether below the first `dark` rows the picture begins along enough of the row, and at once."""
    level, tolerance = _level_and_tolerance(picture[0])
    near, far = (picture[dark + skip : dark + skip + _EDGE_LINES] for skip in (0, _EDGE_LINES))
    if float((near.amax(dim=0) > level + tolerance).float().mean()) < share:
        return False
    # Shadows, glows and vignettes go on growing behind the first lines.
    return len(far) == 0 or float(near.mean()) - level >= 0.5 * (float(far.mean()) - level)


def _level_and_tolerance(line: Tensor) -> tuple[float, float]:
    """The level of a line and how far its noise may stray; negative for texture, so that nothing fits."""
    level = line.median()
    noise = float((line - level).abs().median())
    return float(level), _RINGING + 4.0 * noise if noise <= _LARGEST_NOISE else -1.0
