"""What the machine can do at best, measured in the same run as everything else."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from vcnode.bench.stopwatch import Stopwatch

_SIDES = {"cpu": 1536, "cuda": 8192}  # of the matrices
_PLANES = {"cpu": (1, 256, 72, 128), "cuda": (8, 256, 216, 384)}  # batch, channels, height, width of the convolution
_COPIES = {"cpu": 2**26, "cuda": 2**30}  # bytes
_ELSEWHERE = "cpu"  # sizes for devices that are not known


@dataclass(frozen=True)
class Peak:
    """The best seen of the device.

    Attributes:
        matmul: FLOP/s of a product of square matrices.
        convolution: FLOP/s of a 3x3 convolution of 256 channels.
        copy: Bytes a second, read and written.
    """

    matmul: float
    convolution: float
    copy: float

    @property
    def flops(self) -> float:
        """The greater of the two, which shares are given of."""
        return max(self.matmul, self.convolution)

    def better_of(self, other: "Peak") -> "Peak":
        """The best of both; a machine that others use too shows its peak only now and then."""
        return Peak(
            max(self.matmul, other.matmul), max(self.convolution, other.convolution), max(self.copy, other.copy)
        )


def measure_peak(watch: Stopwatch, dtype: torch.dtype) -> Peak:
    """Time a matrix product, a convolution and a copy.

    Args:
        watch: Of the device.
        dtype: Of the network's convolutions.

    Raises:
        Cancelled: As `Stopwatch.time`.
    """
    device = watch.device
    kind = device.type if device.type in _SIDES else _ELSEWHERE
    with torch.inference_mode(), torch.autocast(device.type, enabled=False):
        side = _SIDES[kind]
        first, second = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
        product = torch.empty(side, side, device=device, dtype=dtype)
        matmul = 2 * side**3 / watch.time(lambda: torch.mm(first, second, out=product)).seconds

        planes = torch.rand(_PLANES[kind], device=device).to(dtype).to(memory_format=torch.channels_last)
        channels = planes.shape[1]
        kernel = torch.rand(channels, channels, 3, 3, device=device).to(dtype).to(memory_format=torch.channels_last)
        operations = 2 * 9 * channels * planes.numel()
        convolution = operations / watch.time(lambda: F.conv2d(planes, kernel, padding=1)).seconds

        source = torch.zeros(_COPIES[kind], dtype=torch.uint8, device=device)
        target = torch.zeros_like(source)
        copy = 2 * source.numel() / watch.time(lambda: target.copy_(source)).seconds
    return Peak(matmul, convolution, copy)
