"""Luma goes out as it came in."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rendering.films import luma, planes, read_pictures, same_film, sound_packets, times, write_film, write_pictures
from vcnode.color.encodings import ENCODINGS
from vcnode.media import read_exr, write_exr
from vcnode.rendering import RenderJob, render


@pytest.mark.parametrize(
    ("pixel_format", "depth", "target", "options"),
    [
        ("gray", 8, "out.mkv", {}),
        ("gray10le", 10, "out.mkv", {}),
        ("gray16le", 16, "out.mkv", {}),
        ("yuv420p", 8, "out.mkv", {"chroma": "420"}),
        ("yuv420p10le", 10, "out.mkv", {}),
        ("yuv420p", 8, "out.mp4", {"quality": 0}),
        ("gray", 8, "out.mp4", {"quality": 0}),
        ("gray10le", 10, "out.mp4", {"quality": 0, "chroma": "444"}),
    ],
)
def test_luma_codes_are_the_same_bit_for_bit(
    job: RenderJob, tmp_path: Path, pixel_format: str, depth: int, target: str, options: dict[str, object]
) -> None:
    codes = luma(5, depth)
    source = write_film(tmp_path / "source.mkv", codes, pixel_format)
    result = render(replace(job, source=source, output=tmp_path / target, **options))
    after = planes(result.output)
    assert len(after) == result.frames == 5
    for (y, cb, _), before in zip(after, codes, strict=True):
        assert np.array_equal(y, before)
        assert cb.std() > 0.5 * 2 ** (depth - 8)  # it is coloured
    with av.open(str(result.output)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.color_range == (2 if pixel_format.startswith("gray") else 1)
        assert stream.codec_context.colorspace == 6  # BT.601, as the picture is small


def test_chroma_of_the_source_does_not_enter(job: RenderJob, tmp_path: Path) -> None:
    gray = write_film(tmp_path / "gray.mkv", luma(3), "gray", tags={"color_range": 1})
    colored = write_film(tmp_path / "colored.mkv", luma(3), "yuv420p")
    one = render(replace(job, source=gray, output=tmp_path / "one.mkv"))
    other = render(replace(job, source=colored, output=tmp_path / "other.mkv"))
    assert same_film(one.output, other.output)


@pytest.mark.parametrize("color_range", [1, 2])
def test_deeper_codes_give_the_old_ones_back(job: RenderJob, tmp_path: Path, color_range: int) -> None:
    codes = luma(3)
    codes[0][:2] = 255
    source = write_film(tmp_path / "source.mkv", codes, "gray", tags={"color_range": color_range})
    result = render(replace(job, source=source, depth=12))
    for (y, _, _), before in zip(planes(result.output), codes, strict=True):
        assert np.array_equal(y >> 4, before)
    white = planes(result.output)[0][0].max()
    assert white == (4095 if color_range == 2 else 255 << 4)


def test_a_shallower_output_is_rounded_only_when_asked_for(job: RenderJob, tmp_path: Path) -> None:
    codes = luma(2, 16)
    source = write_film(tmp_path / "source.mkv", codes, "gray16le")
    result = render(replace(job, source=source, depth=10))
    for (y, _, _), before in zip(planes(result.output), codes, strict=True):
        assert np.abs(y / 1023 - before / 65535).max() < 0.51 / 1023


def test_frame_times_and_sound_are_kept(job: RenderJob, tmp_path: Path) -> None:
    pts = [0, 40, 57, 120, 121, 300, 310, 400]
    source = write_film(tmp_path / "source.mkv", luma(8), "gray", pts=pts, sound=True)
    result = render(replace(job, source=source))
    assert times(result.output) == [Fraction(time, 1000) for time in pts]
    assert sound_packets(result.output) == sound_packets(source)
    silent = render(replace(job, source=source, output=tmp_path / "silent.mkv", audio=False))
    with av.open(str(silent.output)) as container:
        assert not container.streams.audio


def test_gray_pictures_keep_their_luma_within_one_code(job: RenderJob, tmp_path: Path) -> None:
    codes = luma(3)
    source = write_pictures(tmp_path / "in", codes, first=7)
    render(replace(job, source=source, output=tmp_path / "out" / "out.####.png"))
    pictures = read_pictures(tmp_path / "out", "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"out.000{n}.png" for n in (7, 8, 9)]
    for picture, before in zip(pictures, codes, strict=True):
        after = picture @ np.array([0.2126, 0.7152, 0.0722])
        assert np.abs(after - before).max() <= 1
        assert np.ptp(picture.astype(int), axis=-1).mean() > 3


def test_colour_pictures_keep_theirs_too(job: RenderJob, tmp_path: Path) -> None:
    red, green, blue = luma(3)
    source = write_pictures(tmp_path / "in", [np.stack([red, green, blue], -1)] * 2)
    render(replace(job, source=source, output=tmp_path / "out" / "out.####.png"))
    weights = np.array([0.2126, 0.7152, 0.0722])
    for picture in read_pictures(tmp_path / "out", "out"):
        assert np.abs(picture @ weights - np.stack([red, green, blue], -1) @ weights).max() <= 1


def test_scene_linear_luminance_is_kept_beyond_white_and_black(job: RenderJob, tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    (tmp_path / "in").mkdir()
    before = (luma(1)[0][..., None] / 255 * np.array([1.0, 1.0, 1.0])).astype(np.float32) ** 2.2
    before[:8] *= 40
    before[8] = -0.01
    write_exr(tmp_path / "in" / "in.0001.exr", before, half=False)
    render(replace(job, source=tmp_path / "in" / "in.####.exr", output=tmp_path / "out.####.exr", depth=32))
    after = read_exr(tmp_path / "out.0001.exr")
    weights = np.array(ENCODINGS["linear-srgb"].luminance_weights)
    assert np.allclose(after @ weights, before @ weights, rtol=1e-6, atol=0)
    assert np.ptp(after[9:], axis=-1).mean() > 0.01


def test_frames_outside_all_shots_stay_gray(job: RenderJob) -> None:
    from vcnode.sequence import Shot

    shots = (Shot(2, 4, job.references), Shot(6, 7, job.references))
    result = render(replace(job, references=(), shots=shots))
    for number, (_, cb, cr) in enumerate(planes(result.output)):
        gray = bool((cb == 128).all() and (cr == 128).all())
        assert gray == (number not in (2, 3, 4, 6, 7))


@pytest.mark.parametrize("kind", ["pictures", "film"])
def test_prores_shows_a_full_range_source_with_the_same_contrast(job: RenderJob, tmp_path: Path, kind: str) -> None:
    codes = luma(2)
    for frame in codes:
        frame[:16], frame[16:32] = 0, 255
    if kind == "pictures":
        source = write_pictures(tmp_path / "in", codes)
    else:
        source = write_film(tmp_path / "source.mkv", codes, "gray", tags={"color_range": 2})
    result = render(replace(job, source=source, output=tmp_path / "out.mov"))
    with av.open(str(result.output)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.color_range == 1
    for (y, cb, _), before in zip(planes(result.output), codes, strict=True):
        assert np.abs((y.astype(float) - 64) / 876 - before / 255).mean() < 0.01
        assert np.abs((cb.astype(float) - 512) / 896).max() < 0.5
        assert cb.std() > 2


def test_alpha_that_is_left_out_is_told(job: RenderJob, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_film(tmp_path / "source.mkv", luma(2), "yuva420p")
    render(replace(job, source=source))
    assert [record.message for record in caplog.records if "alpha" in record.message] == [
        f"{source} has alpha, which the result lacks: add it again afterwards."
    ]
