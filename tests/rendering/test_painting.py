import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import Range
from vcnode.media import ColorTags, FrameTime, PixelLayout, VideoFrame, VideoInfo, rgb_from_frame
from vcnode.rendering.painting import LinearPainter, RGBPainter, YCbCrPainter, deepened


def facts(kind="ycbcr", subsampling="444", depth=8, matrix="bt709", range="limited", location=0):
    from fractions import Fraction
    from pathlib import Path

    codes = {"bt601": 6, "bt709": 1, "bt2020": 9}
    return VideoInfo(
        path=Path("film"),
        container="matroska",
        codec="ffv1",
        width=24,
        height=16,
        frame_count=1,
        frame_count_exact=True,
        frame_rate=Fraction(25),
        time_base=Fraction(1, 25),
        pixel_format="",
        layout=PixelLayout(kind, subsampling, depth),
        matrix=matrix,
        range=range,
        tags=ColorTags(matrix=codes[matrix], range=2 if range == "full" else 1, chroma_location=location),
    )


def frame_of(info, **planes):
    return VideoFrame(FrameTime(0, 0, 1, info.time_base, 0), **planes)


@settings(max_examples=50, deadline=None)
@given(st.integers(8, 16), st.integers(0, 8), st.sampled_from(list(Range)))
def test_deepened_codes_come_back_by_a_shift_and_white_stays_white(depth, more, sample_range):
    target = min(depth + more, 16)
    codes = np.unique(np.linspace(0, 2**depth - 1, 500).astype(np.uint8 if depth == 8 else np.uint16))
    deep = deepened(codes, depth, target, sample_range)
    assert np.array_equal(deep >> (target - depth), codes)
    assert deep.max() == (2**target - 1 if sample_range is Range.FULL else int(codes.max()) << (target - depth))
    assert np.array_equal(deep, np.sort(deep))


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["bt601", "bt709", "bt2020"]),
    st.sampled_from(["limited", "full"]),
    st.sampled_from([8, 10, 16]),
    st.floats(-60, 60),
    st.floats(-60, 60),
)
def test_what_a_player_shows_has_the_colour_that_was_wanted(matrix, range_, depth, a, b):
    info = facts(depth=depth, matrix=matrix, range=range_)
    middle = int(0.5 * 2**depth)
    luma = np.full((16, 24), middle, np.uint8 if depth == 8 else np.uint16)
    ab = torch.tensor([a, b]).view(1, 2, 1, 1).expand(1, 2, 16, 24)
    y, cb, cr = YCbCrPainter(info, depth, "444").paint(frame_of(info, luma=luma), ab)
    shown = rgb_from_frame(frame_of(info, luma=y, chroma=(cb, cr)), info)
    from vcnode.color import rgb_to_lab

    lab = rgb_to_lab(torch.from_numpy(shown).permute(2, 0, 1)[None])[0, :, 8, 12]
    wanted, got = np.array([a, b]), lab[1:].numpy()
    # The gamut may hold less than was wanted, in the same direction.
    assert np.linalg.norm(got) <= np.linalg.norm(wanted) + 2.5
    if np.linalg.norm(wanted) < 20:
        assert np.abs(got - wanted).max() < 2.5


@pytest.mark.parametrize(("location", "shift"), [(1, 0.0), (0, 0.0), (2, 0.5), (3, 0.0)])
def test_chroma_sits_where_the_source_says(location, shift):
    info = facts(subsampling="420", location=location)
    ramp = torch.linspace(-20, 20, 24).expand(16, 24)
    ab = torch.stack([torch.zeros_like(ramp), ramp])[None]
    luma = np.full((16, 24), 125, np.uint8)
    _, coarse, _ = YCbCrPainter(info, 16, "420").paint(frame_of(info, luma=luma), ab)
    _, fine, _ = YCbCrPainter(info, 16, "444").paint(frame_of(info, luma=luma), ab)
    places = 2 * np.arange(12) + shift
    expected = np.interp(places, np.arange(24), fine[4].astype(float))
    assert np.abs(coarse[2] - expected)[1:-1].max() < 20  # of 65536


@pytest.mark.parametrize("subsampling", ["420", "422", "444"])
def test_confidence_is_shown_without_colour(subsampling):
    values = torch.linspace(0, 1, 24).expand(1, 1, 16, 24)
    y, cb, cr = YCbCrPainter(facts(), 8, subsampling).paint_gray(values)
    assert (y[0, 0], y[0, -1]) == (16, 235)
    assert (cb == 128).all()
    assert (cr == 128).all()
    (rgb,) = RGBPainter(facts("rgb", ""), 8).paint_gray(values)
    assert rgb.shape == (16, 24, 3)
    assert (rgb[0, 0].tolist(), rgb[0, -1].tolist()) == ([0, 0, 0], [255, 255, 255])
    (linear,) = LinearPainter(facts("rgb", "")).paint_gray(values)
    assert np.allclose(linear[0, :, 1], values[0, 0, 0])


@pytest.mark.parametrize("depth", [8, 16])
def test_codes_beyond_the_nominal_range_end_at_black_and_white_in_rgb(depth):
    info = facts(range="limited")
    luma = np.array([[0, 10, 16, 235, 250, 255]], np.uint8)
    (rgb,) = RGBPainter(info, depth).paint(frame_of(info, luma=luma), torch.full((1, 2, 1, 6), 30.0))
    top = 2**depth - 1
    assert rgb[0, :, 0].tolist() == [0, 0, 0, top, top, top]
