"""What Apple's GPUs do not know, found out without one: tensors that have a device but no values."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vcnode.color import PixelEncoding, Plane, encode
from vcnode.color.encodings import ENCODINGS, rgb_from_rgb
from vcnode.color.scene_linear import half_keeping_luminance, rgb_keeping_luminance

UNKNOWN = {torch.float64, torch.complex128, torch.uint16, torch.uint32, torch.uint64}


class AppleGPU(TorchDispatchMode):
    """Refuses numbers that MPS does not know; to be used inside a `FakeTensorMode`."""

    def __torch_dispatch__(
        self, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, torch.Tensor) and each.device.type == "mps" and each.dtype in UNKNOWN:
                raise TypeError(f"MPS has no {each.dtype}: {function}")
        return result


@pytest.fixture(params=ENCODINGS)
def encoding(request):
    """One whose matrices are known, since they are computed from values."""
    found = ENCODINGS[request.param]
    rgb_from_rgb(ENCODINGS["linear-srgb"], found)
    return found


def test_the_stand_in_refuses_what_the_device_does():
    with FakeTensorMode(), AppleGPU():
        for dtype in UNKNOWN:
            with pytest.raises(TypeError, match="MPS has no"):
                torch.zeros(3, device="mps").to(dtype)


@pytest.mark.parametrize("depth", [8, 10, 16, None])
@pytest.mark.parametrize("plane", Plane)
def test_codes_of_any_depth_are_made_of_what_lies_on_an_apple_gpu(depth, plane):
    with FakeTensorMode(), AppleGPU():
        values = torch.rand(1, 2, 8, 8, device="mps")
        encoding = PixelEncoding(depth=depth)
        codes = encode(values, encoding, plane)
        assert codes.dtype == encoding.dtype
        assert codes.shape == values.shape


def test_scene_linear_pictures_are_coloured_of_what_lies_on_an_apple_gpu(encoding):
    with FakeTensorMode(), AppleGPU():
        luminance, ab = torch.rand(1, 1, 8, 8, device="mps"), torch.rand(1, 2, 8, 8, device="mps")
        linear = rgb_keeping_luminance(luminance, ab, encoding)
        assert linear.dtype == torch.float64
        for stored in (encoding.encode(linear), encoding.encode(linear).float()):
            for light in (luminance, luminance.cpu().double()):
                assert half_keeping_luminance(stored, light, encoding).dtype == torch.float16
        values = torch.rand(1, 3, 8, 8, device="mps")
        assert half_keeping_luminance(values, luminance, encoding).dtype == torch.float16


def test_other_devices_keep_what_lies_on_them(encoding):
    with FakeTensorMode():
        luminance, ab = torch.rand(1, 1, 8, 8, device="cuda"), torch.rand(1, 2, 8, 8, device="cuda")
        linear = rgb_keeping_luminance(luminance, ab, encoding)
        half = half_keeping_luminance(linear, luminance, encoding)
        codes = encode(luminance, PixelEncoding(depth=10), Plane.LUMA)
        assert {each.device for each in (linear, half, codes)} == {torch.device("cuda:0")}
