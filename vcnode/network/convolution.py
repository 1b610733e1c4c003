"""3x3 convolutions with fewer multiplications: the same result, up to rounding.

On a CPU, wide layers are computed by Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016): 36 multiplications
make 16 values that take 144 otherwise. And a convolution that follows a doubling by nearest neighbours sees every value
four times; four 2x2 convolutions, one for each place within a doubled pixel, do 4/9 of its work.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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

_NARROWEST = 128  # channels; below, moving tiles costs what multiplying saves
_PIXELS = 4  # for each channel; with fewer, transforming the kernels does
_CHUNK = 4 << 20  # bytes of tiles at once, so that they stay in the processor's cache


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
        step = self.dilation[0]
        if step > 1:
            return _dilated(x, self.weight, self.bias, step)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        return _winograd(F.pad(x, (1, 1, 1, 1), mode=mode), self.weight, self.bias)

    def rows(self, x: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to before `last` of the result alone, where the border is zero and taps are neighbours."""
        return F.conv2d(_rows_with_border(x, first, last), self.weight, self.bias)


class ValidConv3x3(nn.Conv2d):
    """A 3x3 convolution of stride 1 without padding."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `(B, C, H + 2, W + 2)` to `(B, O, H, W)`."""
        if self.bias is None or not _pays(x, self.weight):
            return super().forward(x)
        return _winograd(x, self.weight, self.bias)


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
        out = torch.empty(size, dtype=self.weight.dtype, device=x.device, memory_format=torch.channels_last)
        for row in (0, 1):
            rows = _fold(self.weight, 2, row)
            for column in (0, 1):
                # The upper of two doubled rows sees the row above once and its own twice, the lower its own twice and
                # the row below once.
                seen = padded[:, :, row : row + height + 1, column : column + width + 1]
                out[:, :, row::2, column::2] = F.conv2d(seen, _fold(rows, 3, column), self.bias)
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
    few, many = sorted(weight.shape[:2])
    return plain and not wanted and few >= _NARROWEST and x.shape[2] * x.shape[3] >= _PIXELS * many


def _dilated(x: Tensor, weight: Tensor, bias: Tensor, step: int) -> Tensor:
    """Pixels that are `step` apart are pictures of their own, each convolved as usual."""
    batch, _, height, width = x.shape
    rows, columns = -(-height // step), -(-width // step)
    whole = F.pad(x, (step, (columns + 1) * step - width, step, (rows + 1) * step - height))
    parts = [whole[:, :, row::step, column::step] for row in range(step) for column in range(step)]
    found = torch.split(_winograd(torch.cat(parts), weight, bias), batch)
    size = (batch, weight.shape[0], rows * step, columns * step)
    out = torch.empty(size, dtype=x.dtype, memory_format=torch.channels_last)
    for row in range(step):
        for column in range(step):
            out[:, :, row::step, column::step] = found[row * step + column]
    return out[:, :, :height, :width]


def _winograd(padded: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve `(B, C, H + 2, W + 2)` to `(B, O, H, W)`, some rows of 4x4 tiles at a time."""
    batch, channels, height, width = padded.shape[0], padded.shape[1], padded.shape[2] - 2, padded.shape[3] - 2
    outputs = weight.shape[0]
    to_tiles, to_kernel, from_tiles = (_both_axes(matrix, weight) for matrix in (_INPUT, _KERNEL, _OUTPUT))
    kernel = torch.mm(to_kernel, weight.permute(2, 3, 1, 0).reshape(9, -1)).view(36, channels, outputs)
    down, across = -(-height // 4), -(-width // 4)
    padded = F.pad(padded.permute(0, 2, 3, 1), (0, 0, 0, 4 * across - width, 0, 4 * down - height))
    out = weight.new_empty(batch, 4 * down, 4 * across, outputs)
    rows = max(1, _CHUNK // (36 * 4 * across * max(channels, outputs)))
    for sample in range(batch):
        for top in range(0, down, rows):
            bottom = min(top + rows, down)
            tiles = padded[sample, 4 * top : 4 * bottom + 2].unfold(0, 6, 4).unfold(1, 6, 4)
            tiles = torch.mm(to_tiles, tiles.permute(3, 4, 0, 1, 2).reshape(36, -1))
            products = torch.bmm(tiles.view(36, -1, channels), kernel)
            values = torch.mm(from_tiles, products.view(36, -1)).view(4, 4, bottom - top, across, outputs)
            target = out[sample, 4 * top : 4 * bottom].view(bottom - top, 4, across, 4, outputs)
            target.copy_(values.permute(2, 0, 3, 1, 4))
    out += bias
    return out[:, :height, :width].permute(0, 3, 1, 2)


def _both_axes(matrix: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    """What transforms rows and columns of a tile at once, as one matrix over the tile's values."""
    one = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(one, one).to(like)
