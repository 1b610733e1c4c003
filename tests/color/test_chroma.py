import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import (
    Matrix,
    PixelEncoding,
    Plane,
    Range,
    chroma_keeping_luma,
    decode,
    encode,
    fade_extremes,
    rgb_keeping_luma,
    rgb_to_lab,
    rgb_to_ycbcr,
    saturate,
    ycbcr_to_rgb,
)
from vcnode.errors import InputError

matrices = st.sampled_from(list(Matrix))
seeds = st.integers(0, 2**32 - 1)


def random_pixels(seed, channels, low, high):
    values = torch.rand(1, channels, 20, 30, generator=torch.Generator().manual_seed(seed))
    return low + (high - low) * values


@given(seeds, matrices)
@settings(max_examples=30)
def test_perfect_ab_gives_the_true_chroma(seed, matrix):
    rgb = random_pixels(seed, 3, 0, 1)
    ycbcr = rgb_to_ycbcr(rgb, matrix)
    difference = chroma_keeping_luma(ycbcr[:, :1], rgb_to_lab(rgb)[:, 1:], matrix) - ycbcr[:, 1:]
    assert difference.abs().mean() * 255 < 0.2


@given(seeds, matrices)
@settings(max_examples=30)
def test_every_consumer_gets_colours_in_gamut_with_the_same_luma(seed, matrix):
    luma, ab = random_pixels(seed, 1, 0, 1), random_pixels(seed + 1, 2, -128, 127)
    chroma = chroma_keeping_luma(luma, ab, matrix)
    rgb = ycbcr_to_rgb(torch.cat((luma, chroma), 1), matrix)
    assert rgb.min() > -1e-6
    assert rgb.max() < 1 + 1e-6
    assert (rgb_to_ycbcr(rgb, matrix)[:, :1] - luma).abs().max() < 1e-6


@given(seeds, matrices)
@settings(max_examples=30)
def test_rgb_keeps_luma_within_one_step_of_8_bit(seed, matrix):
    luma, ab = random_pixels(seed, 1, 0, 1), random_pixels(seed + 1, 2, -128, 127)
    encoding = PixelEncoding(matrix, Range.FULL, 8)
    codes = encode(luma, encoding, Plane.LUMA)
    luma = decode(codes, encoding, Plane.LUMA)
    rgb = rgb_keeping_luma(luma, ab, matrix)
    assert (rgb_to_ycbcr(rgb, matrix)[:, :1] - luma).abs().max() < 1e-6
    rounded = decode(encode(rgb, encoding, Plane.LUMA), encoding, Plane.LUMA)
    after = encode(rgb_to_ycbcr(rounded, matrix)[:, :1], encoding, Plane.LUMA)
    assert (after.int() - codes.int()).abs().max() <= 1


@pytest.mark.parametrize("luma", [-7.0, -0.07, 0.0, 1.0, 1.09, 300.0])
def test_no_colour_at_and_beyond_black_and_white(luma):
    ab = random_pixels(5, 2, -128, 127)
    planes = torch.full((1, 1, 20, 30), luma)
    assert (chroma_keeping_luma(planes, ab, Matrix.BT709) == 0).all()
    assert (rgb_keeping_luma(planes, ab, Matrix.BT709) == luma).all()


@given(seeds, st.floats(-1e6, 1e6), st.floats(-1e4, 1e4))
@settings(max_examples=30)
def test_finite_for_all_inputs(seed, luma_scale, ab_scale):
    luma, ab = random_pixels(seed, 1, -1, 1) * luma_scale, random_pixels(seed + 1, 2, -1, 1) * ab_scale
    chroma = chroma_keeping_luma(luma, ab, Matrix.BT2020)
    assert torch.isfinite(chroma).all()
    assert chroma.abs().max() <= 0.5 + 1e-6


@pytest.mark.parametrize("matrix", Matrix)
def test_grey_stays_exactly_grey_at_16_bit(matrix):
    luma = torch.linspace(-0.1, 1.1, 4096).view(1, 1, 64, 64)
    chroma = chroma_keeping_luma(luma, torch.zeros(1, 2, 64, 64), matrix)
    assert (encode(chroma, PixelEncoding(matrix, Range.FULL, 16), Plane.CHROMA).int() == 32768).all()


def test_hue_is_kept_where_chroma_must_shrink():
    luma = torch.full((1, 1, 1, 3), 0.9)
    ab = torch.tensor([[40.0, 80, 120], [20, 40, 60]]).view(1, 2, 1, 3)
    cb, cr = chroma_keeping_luma(luma, ab, Matrix.BT709)[0, :, 0]
    rgb = rgb_keeping_luma(luma, ab, Matrix.BT709)
    assert (cr > 0).all()
    assert (rgb.amax(1) > 1 - 1e-5).all()  # as colourful as the gamut allows
    assert torch.isfinite(cb).all()


def test_pixels_do_not_depend_on_the_frame_around_them():
    luma, ab = torch.rand(1, 1, 700, 400), torch.rand(1, 2, 700, 400) * 100 - 50
    whole = chroma_keeping_luma(luma, ab, Matrix.BT709)
    part = chroma_keeping_luma(luma[..., 300:350, :], ab[..., 300:350, :], Matrix.BT709)
    assert whole.shape == (1, 2, 700, 400)
    assert (whole[..., 300:350, :] - part).abs().max() < 1e-6


def test_fade_extremes():
    lightness = torch.tensor([-3.0, 0, 1, 3, 6, 50, 97, 98.5, 100, 104]).view(1, 1, 1, -1)
    ab = torch.full((1, 2, 1, 10), 40.0)
    faded = fade_extremes(ab, lightness)[0, 0, 0]
    assert faded[[0, 1, 8, 9]].tolist() == [0, 0, 0, 0]
    assert faded[[4, 5, 6]].tolist() == [40, 40, 40]
    assert 0 < faded[2] < faded[3] < 40
    assert faded[3].item() == pytest.approx(20)
    assert faded[7].item() == pytest.approx(20)
    assert torch.equal(fade_extremes(ab, lightness, dark=0, bright=100), ab)


def test_saturate_scales_and_stays_in_range():
    assert saturate(torch.tensor([-120.0, 10, 110]), 1.25).tolist() == [-128, 12.5, 127]
    assert saturate(torch.tensor([-120.0, 10]), 0).abs().max() == 0


def test_sizes_must_agree():
    with pytest.raises(InputError, match="must agree"):
        chroma_keeping_luma(torch.zeros(1, 1, 4, 4), torch.zeros(1, 2, 4, 5), Matrix.BT709)
    with pytest.raises(InputError, match="must be"):
        chroma_keeping_luma(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), Matrix.BT709)
