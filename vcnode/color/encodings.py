"""How RGB numbers are meant: the primaries and white of compositing's working spaces, and their curve."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from vcnode.color.lab import Rows, linear_to_srgb, mix, srgb_to_linear
from vcnode.errors import InputError

type Point = tuple[float, float]

# The cone responses of Bradford's chromatic adaptation (Lam 1985, as in ICC.1:2022 annex E).
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


@dataclass(frozen=True)
class Encoding:
    """A declared RGB space; every function takes values below 0 and beyond 1 as well.

    Attributes:
        name: As in `ENCODINGS`.
        red: Chromaticity x, y of the primary.
        green: The same.
        blue: The same.
        white: The same, of R = G = B.
        curved: Whether values are sRGB-encoded, point-symmetrically about 0 and continued beyond 1, or linear light.
    """

    name: str
    red: Point
    green: Point
    blue: Point
    white: Point
    curved: bool = False

    def decode(self, values: Tensor) -> Tensor:
        """Stored values, any shape, to linear light."""
        return srgb_to_linear(values) if self.curved else values

    def encode(self, linear: Tensor) -> Tensor:
        """Linear light, any shape, to stored values."""
        return linear_to_srgb(linear) if self.curved else linear

    def luminance(self, linear: Tensor) -> Tensor:
        """CIE luminance (B, 1, H, W) of linear light (B, 3, H, W); 1 for R = G = B = 1."""
        return mix((self.luminance_weights,), linear.unbind(-3))[0].unsqueeze(-3)

    @property
    def luminance_weights(self) -> tuple[float, float, float]:
        """What red, green and blue contribute to luminance; they add up to 1."""
        red, green, blue = xyz_from_rgb(self)[1]
        return red, green, blue


_D65 = (0.3127, 0.3290)  # as Rec. ITU-R BT.709 rounds it
_ACES_WHITE = (0.32168, 0.33767)  # SMPTE ST 2065-1, near D60

_ALL = (
    Encoding("srgb", (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65, curved=True),  # IEC 61966-2-1
    Encoding("linear-srgb", (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),  # primaries of BT.709
    Encoding("acescg", (0.713, 0.293), (0.165, 0.830), (0.128, 0.044), _ACES_WHITE),  # AP1, Academy S-2014-004
    Encoding("aces2065-1", (0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), _ACES_WHITE),  # AP0, SMPTE ST 2065-1
    Encoding("linear-rec2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),  # Rec. ITU-R BT.2020
    Encoding("linear-p3-d65", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),  # SMPTE EG 432-1
)
ENCODINGS = {encoding.name: encoding for encoding in _ALL}


def find_encoding(name: str) -> Encoding:
    """The encoding of this name.

    Raises:
        InputError: There is none.
    """
    if name not in ENCODINGS:
        raise InputError(f"The encoding {name!r} is not known: give one of {', '.join(ENCODINGS)}.")
    return ENCODINGS[name]


@cache
def xyz_from_rgb(encoding: Encoding) -> Rows:
    """The matrix from linear RGB to XYZ under the encoding's own white, whose Y is 1 (SMPTE RP 177)."""
    primaries = torch.stack([_xyz(point) for point in (encoding.red, encoding.green, encoding.blue)], dim=1)
    shares = torch.linalg.solve(primaries, _xyz(encoding.white))
    return _rows(primaries * shares)


@cache
def rgb_from_rgb(source: Encoding, target: Encoding) -> Rows:
    """The matrix from linear RGB of one encoding to another's, white to white (Bradford)."""
    adapted = _adaptation(source.white, target.white) @ _tensor(xyz_from_rgb(source))
    return _rows(torch.linalg.solve(_tensor(xyz_from_rgb(target)), adapted))


def convert(linear: Tensor, source: Encoding, target: Encoding) -> Tensor:
    """Linear light (B, 3, H, W) of one encoding in another's primaries, unclipped."""
    if (source.red, source.green, source.blue, source.white) == (target.red, target.green, target.blue, target.white):
        return linear
    return torch.stack(mix(rgb_from_rgb(source, target), linear.unbind(-3)), dim=-3)


def _adaptation(source: Point, target: Point) -> Tensor:
    cones = _tensor(_BRADFORD)
    gains = (cones @ _xyz(target)) / (cones @ _xyz(source))
    adaptation: Tensor = torch.linalg.solve(cones, gains[:, None] * cones)
    return adaptation


def _xyz(point: Point) -> Tensor:
    """XYZ of a chromaticity at Y = 1, or up to scale where y is 0 or below."""
    x, y = point
    return _tensor((x, y, 1 - x - y)) / (y if y > 0 else 1)


def _tensor(values: Rows | tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device="cpu")


def _rows(matrix: Tensor) -> Rows:
    return tuple(tuple(row) for row in matrix.tolist())
