from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vcnode.media import ColorTags, FrameTime, PixelLayout, VideoFrame, VideoInfo, rgb_from_frame

TIME = FrameTime(0, 0, 1, Fraction(1, 24), 0)
WEIGHTS = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722), "bt2020": (0.2627, 0.678, 0.0593)}


def info(matrix: str, range: str, layout: PixelLayout, tags: ColorTags | None = None) -> VideoInfo:
    return VideoInfo(
        path=Path("a"),
        container="",
        codec="",
        width=8,
        height=8,
        frame_count=1,
        frame_count_exact=True,
        frame_rate=Fraction(24),
        time_base=Fraction(1, 24),
        pixel_format="",
        layout=layout,
        matrix=matrix,
        range=range,
        tags=tags or ColorTags(),
    )


@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("range", ["limited", "full"])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_rgb_is_the_inverse_of_the_standards_forward_formulas(matrix: str, range: str, depth: int) -> None:
    rgb = np.random.default_rng(0).random((8, 8, 3))
    red, green, blue = np.array(WEIGHTS[matrix])
    luma = rgb @ np.array([red, green, blue])
    cb, cr = (rgb[..., 2] - luma) / (2 * (1 - blue)), (rgb[..., 0] - luma) / (2 * (1 - red))
    unit, kind = 2 ** (depth - 8), np.uint8 if depth == 8 else np.uint16
    if range == "limited":
        codes = [16 * unit + 219 * unit * luma, 128 * unit + 224 * unit * cb, 128 * unit + 224 * unit * cr]
    else:
        most = 2**depth - 1
        codes = [most * luma, 128 * unit + most * cb, 128 * unit + most * cr]
    y, u, v = (np.rint(c).clip(0, 2**depth - 1).astype(kind) for c in codes)
    frame = VideoFrame(TIME, luma=y, chroma=(u, v))
    back = rgb_from_frame(frame, info(matrix, range, PixelLayout("ycbcr", "444", depth)))
    np.testing.assert_allclose(back, rgb, atol=2.5 / 2**depth)


@pytest.mark.parametrize(
    ("location", "across", "down"),
    [(0, 0, 0.5), (1, 0, 0.5), (2, 0.5, 0.5), (3, 0, 0), (4, 0.5, 0), (5, 0, 1), (6, 0.5, 1)],
)
def test_chroma_ramps_stay_where_their_samples_sit(location: int, across: float, down: float) -> None:
    x, y = np.meshgrid(np.arange(8), np.arange(8))
    ramp = 30000 + 400 * x + 200 * y
    small_x, small_y = 2 * np.arange(4) + across, 2 * np.arange(4) + down
    chroma = (30000 + 400 * small_x[None, :] + 200 * small_y[:, None]).astype(np.uint16)
    luma = np.full((8, 8), 30000, np.uint16)
    neutral = np.full((4, 4), 32768, np.uint16)
    layout = PixelLayout("ycbcr", "420", 16)
    got = rgb_from_frame(
        VideoFrame(TIME, luma=luma, chroma=(neutral, chroma)),
        info("bt709", "full", layout, ColorTags(chroma_location=location)),
    )
    red = luma / 65535 + 2 * (1 - 0.2126) * (ramp - 32768) / 65535
    np.testing.assert_allclose(got[1:-1, 1:-1, 0], red[1:-1, 1:-1], atol=1e-5)


def test_gray_and_rgb_codes() -> None:
    luma = np.array([[16, 235]], np.uint8)
    gray = rgb_from_frame(VideoFrame(TIME, luma=luma), info("bt709", "limited", PixelLayout("gray", "", 8)))
    np.testing.assert_array_equal(gray, [[[0, 0, 0], [1, 1, 1]]])
    codes = np.array([[[0, 512, 1023]]], np.uint16)
    rgb = rgb_from_frame(VideoFrame(TIME, rgb=codes), info("bt709", "full", PixelLayout("rgb", "", 10)))
    np.testing.assert_allclose(rgb, codes / 1023, rtol=1e-6)


def test_floats_are_values_and_no_codes() -> None:
    values = np.array([[-0.5, 0.25, 7]], np.float32)
    for frame, kind in ((VideoFrame(TIME, luma=values), "gray"), (VideoFrame(TIME, rgb=values[..., None]), "rgb")):
        shown = rgb_from_frame(frame, info("bt709", "full", PixelLayout(kind, "", 32)))
        np.testing.assert_array_equal(shown, np.broadcast_to(values[..., None], shown.shape))
