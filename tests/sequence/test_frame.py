import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vcnode.color import Matrix, lightness_of_gray, rgb_to_ycbcr
from vcnode.errors import InputError
from vcnode.sequence.frame import ColoredFrame, Lightness, gray_frame, lightness_of

unit = st.floats(0, 1, width=32)
sizes = st.tuples(st.integers(1, 5), st.integers(1, 5))


@given(arrays.arrays(np.float32, sizes, elements=unit), st.sampled_from([np.float16, np.float32, np.float64]))
def test_luma_gives_its_lightness_from_any_float(luma, kind):
    luma = luma.astype(kind)
    lightness = lightness_of(luma, 0)
    assert lightness.dtype == torch.float32
    assert torch.equal(lightness, lightness_of_gray(torch.from_numpy(luma.astype(np.float32))[None, None]))
    assert torch.equal(lightness, lightness_of(torch.from_numpy(luma)[None], 0))
    assert torch.equal(lightness, lightness_of(luma[::-1, ::-1].copy()[::-1, ::-1], 0))  # negative strides


@given(arrays.arrays(st.sampled_from([np.uint8, np.uint16, np.uint32]), sizes))
def test_integers_are_full_scale(codes):
    luma = (codes / np.iinfo(codes.dtype).max).astype(np.float32)
    assert torch.allclose(lightness_of(codes, 0), lightness_of(luma, 0), atol=1e-3)
    assert torch.equal(lightness_of(codes, 0), lightness_of(torch.from_numpy(codes), 0))


@given(arrays.arrays(np.float32, st.tuples(sizes, st.just((3,))).map(lambda pair: pair[0] + pair[1]), elements=unit))
def test_rgb_is_an_array_with_channels_last_or_a_tensor_with_channels_first(rgb):
    planar = torch.from_numpy(rgb).permute(2, 0, 1)
    expected = lightness_of_gray(rgb_to_ycbcr(planar[None], Matrix.BT709)[:, :1]).clamp(0, 100)
    assert torch.equal(lightness_of(rgb, 0), expected)
    assert torch.equal(lightness_of(planar, 0), expected)
    assert torch.equal(lightness_of(planar[:1], 0), lightness_of(rgb[..., 0], 0))


def test_low_precision_tensors_are_taken_too():
    luma = torch.rand(4, 6).bfloat16()
    assert torch.equal(lightness_of(luma, 0), lightness_of(luma.float(), 0))


def test_only_pinned_memory_is_fetched_while_the_host_goes_on(monkeypatch):
    """Else it may be freed, and be something else, before the GPU has read it."""
    pinned, unwaited = [], {}

    def to(self, device, *, non_blocking=False):
        unwaited[device] = non_blocking
        return self

    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: pinned.append(self) or self)
    monkeypatch.setattr(torch.Tensor, "to", to)
    for device in ("mps", "cuda:1"):
        lightness_of(np.zeros((4, 6), np.float32), 0, device)
    assert unwaited == {"mps": False, "cuda:1": True}
    assert len(pinned) == 1


def test_headroom_and_footroom_are_clipped():
    lightness = lightness_of(np.array([[-0.07, 1.09]], np.float32), 0)
    assert torch.allclose(lightness, torch.tensor([[[[0.0, 100.0]]]]), atol=1e-4)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (np.zeros((0, 5), np.float32), r"Frame 7 has the shape \(0, 5\)"),
        (np.zeros((4, 5, 2), np.float32), "the shape"),
        (np.zeros((4, 5, 4), np.uint8), "the shape"),
        (torch.zeros(1, 3, 4, 5), "the shape"),
        (torch.zeros(4, 5, 3), r"shape \(4, 5, 3\).*RGB tensor \(3, H, W\)"),
        (np.float32(0.5), "the shape"),
        ([[0.5, 0.5], [0.5, 7e6]], "float pixels of up to 7e"),
        (np.array([[0, np.nan]], np.float32), "not numbers"),
        (np.array([[0, np.inf]], np.float64), "not numbers"),
        (np.array([[0, 255.0]]), "give floats in 0..1"),
        (np.array([[0, -255.0]]), "give floats in 0..1"),
        (np.array([[0, 255]]), "int64"),
        (np.array([[True]]), "bool"),
        (np.array([["a"]]), "the type"),
        (np.array([[1j]]), "complex"),
        (None, "object"),
    ],
)
def test_what_is_no_frame_is_refused_by_number(frame, problem):
    with pytest.raises(InputError, match="Frame 7"):
        lightness_of(frame, 7)
    with pytest.raises(InputError, match=problem):
        lightness_of(frame, 7)


@given(arrays.arrays(np.float32, st.just((4, 6, 3)), elements=unit), st.integers(0, 2**20))
def test_rgb_goes_out_with_the_luma_it_came_in_with(rgb, seed):
    planar = torch.from_numpy(rgb).permute(2, 0, 1)
    luma = rgb_to_ycbcr(planar[None], Matrix.BT709)[0, 0].numpy()
    keeps_luma(planar, luma, seed)
    assert torch.allclose(lightness_of(planar, 3), lightness_of(luma, 3), atol=1e-3)  # as a gray copy of it


@given(arrays.arrays(np.float32, st.just((4, 6)), elements=unit), st.integers(0, 2**20))
def test_whatever_the_colours_are_luma_stays_what_it_was(luma, seed):
    keeps_luma(luma, luma, seed)


def keeps_luma(frame_given, luma, seed):
    ab = torch.from_numpy(np.random.default_rng(seed).uniform(-128, 127, (1, 2, 4, 6)).astype(np.float32))
    gray = gray_frame(3, lightness_of(frame_given, 3))
    frame = ColoredFrame(3, gray.lightness, ab, gray.confidence, gray.reference, gray.warped_ab)
    rgb = frame.rgb()
    assert rgb.shape == (3, 4, 6)
    assert 0 <= rgb.min() <= rgb.max() <= 1
    # sRGB -> L -> sRGB costs rounding below half an 8-bit step
    assert torch.allclose(rgb_to_ycbcr(rgb[None], Matrix.BT709)[0, 0], torch.from_numpy(luma), atol=1e-4)
    chroma = frame.cbcr(torch.from_numpy(luma)[None, None], Matrix.BT709)
    assert chroma.shape == (1, 2, 4, 6)
    assert torch.allclose(rgb_to_ycbcr(rgb[None], Matrix.BT709)[:, 1:], chroma, atol=1e-3)


def test_a_gray_frame_has_no_colour_and_no_reference():
    frame = gray_frame(5, lightness_of(np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6), 5))
    assert frame.number == 5
    assert not frame.ab.any()
    assert not frame.confidence.any()
    assert bool((frame.reference == -1).all())
    red, green, blue = frame.rgb()
    assert torch.allclose(red, green, atol=1e-5)
    assert torch.allclose(green, blue, atol=1e-5)


def test_lightness_found_before_is_taken_as_it_is():
    found = lightness_of(np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6), 5)
    assert lightness_of(Lightness(found), 9) is found
