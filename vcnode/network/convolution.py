"""3x3 convolutions with fewer multiplications: the same result, up to rounding.

On a CPU, wide layers are computed by Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016): 36 multiplications
make 16 values that take 144 otherwise. And a convolution that follows a doubling by nearest neighbours sees every value
four times; four 2x2 convolutions, one for each place within a doubled pixel, do 4/9 of its work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.network.processor import multiplies_slowly

_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))

_ONES = 7  # the product that adds to all 16 values of a tile alike, so the bias goes there


class _Filtering(NamedTuple):
    """How a processor filters best.

    Attributes:
        least: Where it pays, each by the fewer and the more of inputs and outputs, below which moving tiles costs what
            multiplying saves, and the pixels below which transforming the kernels does.
        tiles: At once: with fewer, kernels are transformed too often, with more, tiles leave the processor's cache.
        part: Outputs at once, so that their kernels stay in the cache, too.
    """

    least: tuple[tuple[int, int, int], ...]
    tiles: int
    part: int


_FILTERING = _Filtering(least=((64, 128, 1024),), tiles=256, part=64)
_FILTERING_IF_SLOW = _Filtering(least=((128, 256, 4096), (512, 512, 1024)), tiles=384, part=512)  # larger products

type _Border = Literal["zeros", "reflect"] | None


class Conv3x3(nn.Conv2d):
    """A 3x3 convolution of stride 1 that keeps the size; parameters and keys are those of `nn.Conv2d`.

    Args:
        inputs: Channels.
        outputs: Channels.
        dilation: Distance between the kernel's taps.
        reflect: Whether the border is mirrored instead of zero.
    """

    def __init__(self, inputs: int, outputs: int, dilation: int = 1, *, reflect: bool = False) -> None:
        super().__init__(
            inputs,
            outputs,
            3,
            padding=dilation,
            dilation=dilation,
            padding_mode="reflect" if reflect else "zeros",
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `(B, C, H, W)`."""
        if self.bias is None or not _pays(x, self.weight):
            return super().forward(x)
        border: _Border = "zeros" if self.padding_mode == "zeros" else "reflect"
        return _winograd(x, self.weight, self.bias, border, self.dilation[0])

    def rows(self, x: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to before `last` of the result alone, where the border is zero and taps are neighbours."""
        strip = _rows_with_border(x, first, last)
        if self.bias is None or not _pays(strip, self.weight):
            return F.conv2d(strip, self.weight, self.bias)
        return _winograd(strip, self.weight, self.bias, None)


class ValidConv3x3(nn.Conv2d):
    """A 3x3 convolution of stride 1 without padding."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `(B, C, H + 2, W + 2)` to `(B, O, H, W)`."""
        if self.bias is None or not _pays(x, self.weight):
            return super().forward(x)
        return _winograd(x, self.weight, self.bias, None)


class DoublingConv3x3(Conv3x3):
    """Doubles height and width by nearest neighbours, then convolves, without making the doubled picture."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `(B, C, H, W)` to `(B, O, 2 H, 2 W)`."""
        if torch.is_grad_enabled() and self.weight.requires_grad:
            return F.conv2d(F.interpolate(x, scale_factor=2.0, mode="nearest"), self.weight, self.bias, padding=1)
        return self._four_phases(x, 0, x.shape[2])

    def rows(self, x: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to before `last` of the result alone."""
        top = first // 2
        doubled = self._four_phases(x, top, -(-last // 2))
        return doubled[:, :, first - 2 * top : last - 2 * top]

    def _four_phases(self, x: Tensor, first: int, last: int) -> Tensor:
        """The doubled rows of `x` from `first` to before `last`."""
        height, width = last - first, x.shape[3]
        padded = _rows_with_border(x, first, last)
        size = (x.shape[0], self.out_channels, 2 * height, 2 * width)
        out = None
        for row in (0, 1):
            rows = _fold(self.weight, 2, row)
            for column in (0, 1):
                # The upper of two doubled rows sees the row above once and its own twice, the lower its own twice and
                # the row below once.
                seen = padded[:, :, row : row + height + 1, column : column + width + 1]
                phase = F.conv2d(seen, _fold(rows, 3, column), self.bias)
                if out is None:  # of a phase's type, which autocast decides
                    out = torch.empty(size, dtype=phase.dtype, device=x.device, memory_format=torch.channels_last)
                out[:, :, row::2, column::2] = phase
        assert out is not None
        return out


def _rows_with_border(x: Tensor, first: int, last: int) -> Tensor:
    """Rows `first` to before `last` with their neighbours, zeros around the picture."""
    height = x.shape[2]
    strip = x[:, :, max(first - 1, 0) : min(last + 1, height)]
    return F.pad(strip, (1, 1, int(first == 0), int(last == height)))


def _fold(kernel: Tensor, axis: int, place: int) -> Tensor:
    """Sum the two of three taps that see the same value, for the first or second place within a doubled pixel."""
    first, second, third = kernel.unbind(axis)
    return torch.stack((first, second + third) if place == 0 else (first + second, third), dim=axis)


def _pays(x: Tensor, weight: Tensor) -> bool:
    """Only where nothing needs gradients, in full precision, on a CPU: elsewhere libraries know better."""
    plain = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    plain = plain and not torch.is_autocast_enabled("cpu")
    wanted = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    if not plain or wanted:
        return False
    sizes = (*sorted(weight.shape[:2]), x.shape[2] * x.shape[3])
    return any(all(size >= enough for size, enough in zip(sizes, least, strict=True)) for least in _filtering().least)


def _filtering() -> _Filtering:
    return _FILTERING_IF_SLOW if multiplies_slowly() else _FILTERING


@dataclass(frozen=True)
class _TileRows:
    """Some rows of 4x4 tiles of a picture.

    Attributes:
        source: The whole picture `(H, W, C)`.
        target: Where results go `(4 * rows, 4 * across, O)`.
        top: The first row of results.
    """

    source: Tensor
    target: Tensor
    top: int

    @property
    def count(self) -> int:
        """Number of tiles."""
        return self.target.shape[0] * self.target.shape[1] // 16

    def gather(self, border: _Border) -> Tensor:
        """Tiles with their neighbours `(6, 6, rows, across, C)`."""
        height, width, channels = self.source.shape
        strip = self.source.new_empty(self.target.shape[0] + 2, self.target.shape[1] + 2, channels)
        margin = 0 if border is None else 1
        above = self.top - margin  # the source's row that is the strip's first, perhaps outside
        first, last = max(above, 0), min(above + len(strip), height)
        strip[first - above : last - above, margin : margin + width] = self.source[first:last]
        for outside in (strip[: first - above], strip[last - above :], strip[:, :margin], strip[:, margin + width :]):
            outside.zero_()
        if border == "reflect":
            strip[:, 0], strip[:, width + 1] = strip[:, 2], strip[:, width - 1]
            if above < 0:
                strip[0] = strip[2]
            if height - above < len(strip):
                strip[height - above] = strip[height - above - 2]
        return strip.unfold(0, 6, 4).unfold(1, 6, 4).permute(3, 4, 0, 1, 2)

    def scatter(self, values: Tensor, outputs: slice) -> None:
        """Put `(4, 4, rows * across, some outputs)` in place."""
        rows, across = self.target.shape[0] // 4, self.target.shape[1] // 4
        target = self.target[:, :, outputs].view(rows, 4, across, 4, -1)
        target.copy_(values.view(4, 4, rows, across, -1).permute(2, 0, 3, 1, 4))


def _winograd(x: Tensor, weight: Tensor, bias: Tensor, border: _Border, step: int = 1) -> Tensor:
    """Convolve `(B, C, H, W)`, which has its border already where that is None.

    Pixels that are `step` apart are pictures of their own, each convolved as usual.
    """
    margin = 0 if border else 2
    batch, height, width = x.shape[0], x.shape[2] - margin, x.shape[3] - margin
    down, across = (-(-side // (4 * step)) for side in (height, width))
    out = x.new_empty(batch, 4 * step * down, 4 * step * across, weight.shape[0])
    rows = max(1, _filtering().tiles // across)
    for image, result in zip(x.permute(0, 2, 3, 1), out, strict=True):
        waiting: list[_TileRows] = []
        for row in range(step):
            for column in range(step):
                source, target = image[row::step, column::step], result[row::step, column::step]
                for top in range(0, 4 * down, 4 * rows):
                    waiting.append(_TileRows(source, target[top : top + 4 * rows], top))
                    if sum(part.count for part in waiting) >= rows * across:
                        _filter(waiting, weight, bias, border)
                        waiting = []
        if waiting:
            _filter(waiting, weight, bias, border)
    return out[:, :height, :width].permute(0, 3, 1, 2)


def _filter(parts: Sequence[_TileRows], weight: Tensor, bias: Tensor, border: _Border) -> None:
    to_tiles, to_kernel, from_tiles = (_both_axes(matrix, weight) for matrix in (_INPUT, _KERNEL, _OUTPUT))
    outputs, channels = weight.shape[:2]
    counts = [part.count for part in parts]
    tiles = weight.new_empty(6, 6, sum(counts), channels)
    for part, place in zip(parts, torch.split(tiles, counts, dim=2), strict=True):
        gathered = part.gather(border)
        place.view(6, 6, *gathered.shape[2:]).copy_(gathered)
    tiles = torch.mm(to_tiles, tiles.view(36, -1)).view(36, -1, channels)
    together = _filtering().part
    for first in range(0, outputs, together):
        some = slice(first, first + together)
        kernel = torch.mm(to_kernel, weight[some].permute(2, 3, 1, 0).reshape(9, -1)).view(36, channels, -1)
        products = torch.bmm(tiles, kernel)
        products[_ONES] += bias[some]
        values = torch.mm(from_tiles, products.view(36, -1)).view(4, 4, sum(counts), -1)
        for part, found in zip(parts, torch.split(values, counts, dim=2), strict=True):
            part.scatter(found, some)


def _both_axes(matrix: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    """What transforms rows and columns of a tile at once, as one matrix over the tile's values."""
    one = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(one, one).to(like)
