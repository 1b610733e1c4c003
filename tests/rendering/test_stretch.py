"""Some frames of a clip instead of all."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendering.films import (
    luma,
    planes,
    read_pictures,
    same_film,
    sound_packets,
    times,
    write_film,
    write_pictures,
    write_reference,
)
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.media import FrameTime
from vcnode.rendering import RenderedFrame, RenderJob, RenderStart, render
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import Reference, Settings, Shot


def film_of(job: RenderJob, name: str, frames: slice) -> RenderJob:
    """The same job for a film that has no other frames."""
    source = write_film(job.source.with_name(f"{name}_source.mkv"), luma(10)[frames])
    return replace(job, source=source, output=job.output.with_name(f"{name}.mkv"), frames=None)


@pytest.mark.parametrize("look_ahead", [1, 3])
def test_a_stretch_is_coloured_as_a_film_of_its_own(job: RenderJob, look_ahead: int) -> None:
    job = replace(job, settings=Settings(look_ahead=look_ahead), frames=(3, 8))
    numbers: list[int] = []
    starts: list[RenderStart] = []
    result = render(job, on_start=starts.append, on_frame=lambda frame: numbers.append(frame.colored.number))
    assert numbers == [3, 4, 5, 6, 7, 8]
    assert (result.frames, result.rendered) == (6, 6)
    assert (starts[0].begin, starts[0].first, starts[0].total) == (3, 3, 6)
    assert same_film(result.output, render(film_of(job, "alone", slice(3, 9))).output)


def test_it_may_run_to_the_end_or_be_one_frame_or_be_all(job: RenderJob, tmp_path: Path) -> None:
    for frames, count in [((7, None), 3), ((9, 9), 1), ((0, None), 10), ((0, 9), 10)]:
        output = tmp_path / f"{frames}.mkv"
        assert render(replace(job, output=output, frames=frames)).frames == count
    whole = render(job).output
    assert same_film(tmp_path / "(0, None).mkv", whole)
    assert same_film(tmp_path / "(0, 9).mkv", whole)


def test_references_and_shots_count_from_the_start_of_the_clip(job: RenderJob, reference: Path, tmp_path: Path) -> None:
    other = write_reference(tmp_path / "other.png", width=80)

    def shots(moved: int) -> tuple[Shot, ...]:
        return (
            Shot(max(0, 1 - moved), 4 - moved, (Reference(reference, 4 - moved),)),
            Shot(6 - moved, 7 - moved, (Reference(other),)),
            Shot(8 - moved, None, (Reference(reference),)),
        )

    stretch = replace(job, references=(), shots=shots(0), frames=(3, 8))
    alone = replace(film_of(job, "alone", slice(3, 9)), references=(), shots=shots(3))
    starts: list[RenderStart] = []
    assert same_film(render(stretch, on_start=starts.append).output, render(alone).output)
    assert (starts[0].shots, starts[0].references) == (3, 3)


def test_from_a_shot_on_it_has_the_pixels_of_the_whole(job: RenderJob, tmp_path: Path) -> None:
    job = replace(job, cuts=(6,))
    whole = planes(render(job).output)
    stretch = planes(render(replace(job, output=tmp_path / "stretch.mkv", frames=(6, None))).output)
    for one, other in zip(stretch, whole[6:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_shots_outside_are_not_counted(job: RenderJob, reference: Path) -> None:
    job = replace(job, cuts=(2, 5, 8), frames=(3, 5))
    starts: list[RenderStart] = []
    render(job, on_start=starts.append)
    assert starts[0].shots == 2


def test_frames_that_no_shot_covers_stay_gray(job: RenderJob, reference: Path) -> None:
    job = replace(job, references=(), shots=(Shot(0, 1, (Reference(reference),)),), frames=(4, 5))
    for _, cb, cr in planes(render(job).output):
        assert (cb == 128).all()
        assert (cr == 128).all()


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ((-1, 3), "frames -1 to 3 were asked for"),
        ((5, 4), "frames 5 to 4 were asked for"),
        ((3, 10), r"frames 3 to 10 were asked for, but .*film\.mkv has the frames 0 to 9"),
        ((10, None), "frames 10 to the end were asked for, but .* has the frames 0 to 9"),
    ],
)
def test_frames_that_are_not_there_are_refused(
    job: RenderJob, tmp_path: Path, frames: tuple[int, int | None], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        render(replace(job, frames=frames))
    assert not list(tmp_path.glob("*out*"))


def test_a_film_that_cannot_be_counted_ends_where_it_ends(
    job: RenderJob, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """AVI with B-frames has no times, so that its frames are known only when they were read."""
    source = write_film(
        tmp_path / "film.avi",
        luma(10),
        "yuv420p",
        codec="mpeg4",
        options={"bf": "2"},
        time_base=Fraction(1, 25),
        pts=range(10),
    )
    assert render(replace(job, source=source, frames=(3, 20))).frames == 7
    assert "ends with frame 9, before frame 20" in caplog.text


# Sound


UNEVEN = [0, *np.cumsum(np.random.default_rng(3).choice([20, 40, 90], size=59)).tolist()]


def sounds(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [
            (Fraction(packet.pts or 0) * Fraction(packet.time_base or 0), bytes(packet))
            for packet in container.demux(container.streams.audio[0])
            if packet.size
        ]


def with_sound(path: Path, *, start: int = 0, codec: str = "ffv1", pixel_format: str = "gray") -> Path:
    pts = [start + time for time in UNEVEN]
    return write_film(path, luma(60, height=32, width=48), pixel_format, codec=codec, pts=pts, sound=True)


@pytest.mark.parametrize(
    ("name", "codec", "target"),
    [("film.mkv", "ffv1", "mkv"), ("film.mp4", "libx264", "mkv"), ("film.mkv", "ffv1", "mp4")],
)
def test_the_sound_of_stretches_is_that_of_the_clip(
    job: RenderJob, reference: Path, tmp_path: Path, name: str, codec: str, target: str
) -> None:
    """Every packet is in the stretch in which it begins, and as far from the pictures as it was."""
    source = with_sound(tmp_path / name, codec=codec, pixel_format="gray" if codec == "ffv1" else "yuv420p")
    shots = (Shot(0, 0, (Reference(reference),)),)  # the rest stays gray, quickly
    job = replace(job, source=source, references=(), shots=shots)
    moments, clip = times(source), sounds(source)
    found = []
    for frames in [(0, 6), (7, 14), (15, 15), (16, None)]:
        path = render(replace(job, frames=frames, output=tmp_path / f"{frames}.{target}")).output
        begin = moments[frames[0]]
        end = moments[frames[1] + 1] if frames[1] is not None else Fraction(100)
        assert times(path)[0] == 0
        assert [round(float(time + begin), 3) for time in times(path)] == [
            round(float(time), 3) for time in moments[frames[0] : None if frames[1] is None else frames[1] + 1]
        ]
        for time, data in sounds(path):
            assert time >= 0 or frames[0] == 0  # sound in front of the clip's first frame
            assert time < end - begin
            found.append((float(time + begin), data))
    assert [data for _, data in found] == [data for _, data in clip]
    assert [time for time, _ in found] == pytest.approx([float(time) for time, _ in clip], abs=0.0011)


def test_a_clip_whose_clock_starts_anywhere_is_cut_as_well(job: RenderJob, reference: Path, tmp_path: Path) -> None:
    """A transport stream, ten seconds after midnight."""
    source = tmp_path / "film.ts"
    write_film(
        source, luma(30), "yuv420p", codec="mpeg2video", pts=range(10, 40), time_base=Fraction(1, 25), sound=True
    )
    job = replace(job, source=source, references=(), shots=(Shot(0, 0, (Reference(reference),)),), frames=(5, 9))
    moments = times(source)
    path = render(job).output
    assert [float(time) for time in times(path)] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    wanted = [(float(t - moments[5]), data) for t, data in sounds(source) if moments[5] <= t < moments[10]]
    assert [data for _, data in sounds(path)] == [data for _, data in wanted]
    assert [float(time) for time, _ in sounds(path)] == pytest.approx([time for time, _ in wanted], abs=0.001)


def test_a_stretch_behind_the_end_of_the_sound_has_none(job: RenderJob, reference: Path, tmp_path: Path) -> None:
    source = with_sound(tmp_path / "film.mkv")  # 30 packets, 640 ms
    job = replace(job, source=source, references=(), shots=(Shot(0, 0, (Reference(reference),)),))
    for target in ("out.mkv", "out.mp4"):
        path = render(replace(job, frames=(55, 59), output=tmp_path / target)).output
        assert len(planes(path)) == 5
        with av.open(str(path)) as container:
            assert not container.streams.audio or not sound_packets(path)


# Resuming


def after(frames: int) -> Callable[[], bool]:
    """Says yes when asked more than `frames` times; the first question comes before any frame."""
    asked = iter(range(frames))
    return lambda: next(asked, None) is None


@pytest.mark.parametrize("frames", [1, 4, 6])
def test_a_stopped_stretch_goes_on_and_ends_as_if_it_had_not(job: RenderJob, tmp_path: Path, frames: int) -> None:
    job = replace(job, frames=(2, 8), confidence=tmp_path / "confidence.mkv")
    straight = render(replace(job, output=tmp_path / "straight.mkv", confidence=tmp_path / "straight_c.mkv"))
    with pytest.raises(Cancelled, match=f"before frame {2 + frames}"):
        render(job, cancelled=after(frames))
    assert len(planes(tmp_path / "out.partial.mkv")) == frames
    numbers: list[RenderedFrame] = []
    starts: list[RenderStart] = []
    result = render(job, on_start=starts.append, on_frame=numbers.append)
    assert starts[0].first == numbers[0].colored.number == 2 + frames - frames % 4
    assert (result.frames, result.rendered) == (7, 7 - (frames - frames % 4))
    assert result.confidence == pytest.approx(straight.confidence, abs=1e-5)
    assert same_film(result.output, straight.output)
    assert same_film(tmp_path / "confidence.mkv", tmp_path / "straight_c.mkv")
    assert times(tmp_path / "confidence.mkv")[0] == 0


@pytest.mark.parametrize("other", [None, (2, 7), (3, 8), (2, None)])
def test_another_stretch_is_not_continued(job: RenderJob, other: tuple[int, int | None] | None) -> None:
    with pytest.raises(Cancelled):
        render(replace(job, frames=(2, 8)), cancelled=after(6))
    with pytest.raises(MediaError, match="unfinished render with another source"):
        render(replace(job, frames=other))


# Pictures


def test_pictures_keep_their_numbers_and_stretches_share_a_folder(job: RenderJob, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(10), first=11)
    job = replace(job, source=source, output=tmp_path / "out" / "out.####.png")
    for frames, made in [((2, 4), range(13, 16)), ((5, 9), range(13, 21)), ((0, 1), range(11, 21))]:
        assert render(replace(job, frames=frames)).frames == frames[1] - frames[0] + 1
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"out.{n:04d}.png" for n in made]
    with pytest.raises(MediaError, match="exists already"):
        render(replace(job, frames=(4, 6)))
    alone = replace(job, source=write_pictures(tmp_path / "alone", luma(10)[2:5]), output=tmp_path / "a" / "a.#.png")
    render(alone)
    for one, other in zip(read_pictures(tmp_path / "out", "out")[2:5], read_pictures(tmp_path / "a", "a"), strict=True):
        assert np.array_equal(one, other)


def test_pictures_of_a_video_have_the_numbers_of_its_frames(job: RenderJob, tmp_path: Path) -> None:
    render(replace(job, output=tmp_path / "out.##.png", frames=(8, None)))
    assert sorted(path.name for path in tmp_path.glob("out.*")) == ["out.08.png", "out.09.png"]


def test_stopped_stretches_of_pictures_do_not_mind_each_other(job: RenderJob, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(8))
    job = replace(job, source=source, output=tmp_path / "out" / "out.####.png")
    for frames in [(0, 3), (4, 7)]:
        with pytest.raises(Cancelled):
            render(replace(job, frames=frames), cancelled=after(2))
    for frames in [(0, 3), (4, 7)]:
        result = render(replace(job, frames=frames))
        assert (result.frames, result.rendered) == (4, 2)
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [f"out.{n:04d}.png" for n in range(1, 9)]


def test_stretches_of_pictures_are_rendered_at_the_same_time(job: RenderJob, tmp_path: Path) -> None:
    job = replace(job, source=write_pictures(tmp_path / "in", luma(4)), output=tmp_path / "out" / "out.####.png")
    other = replace(job, frames=(2, 3))
    render(replace(job, frames=(0, 1)), on_frame=lambda frame: frame.colored.number or render(other))
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [f"out.{n:04d}.png" for n in range(1, 5)]


def test_pictures_become_a_film_that_starts_at_0(job: RenderJob, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(6), first=100)
    assert times(render(replace(job, source=source, frame_rate=25, frames=(3, None))).output) == [
        0,
        Fraction(1, 25),
        Fraction(2, 25),
    ]


# The arithmetic


@given(first=st.integers(0, 30), length=st.integers(1, 30), total=st.integers(0, 60), open_end=st.booleans())
def test_counting_agrees_with_belonging(first: int, length: int, total: int, open_end: bool) -> None:
    stretch = Stretch(first, None if open_end else first + length - 1)
    assert stretch.count(total) == sum(number in stretch for number in range(total))
    assert stretch.count(None) == (None if open_end else length)


def test_the_last_frame_lasts_until_the_one_that_is_left_out() -> None:
    stretch = Stretch(2, 3, Fraction(80, 1000), (2, 3), 190)
    base: Any = Fraction(1, 1000)
    assert stretch.place(FrameTime(2, 80, 33, base, 7)) == FrameTime(0, 80, 33, base, 7)
    assert stretch.place(FrameTime(3, 120, 33, base, 8)) == FrameTime(1, 120, 70, base, 8)
