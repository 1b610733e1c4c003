"""Films whose colours run backward, or both ways."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering.films import luma, planes, two_scenes, write_film, write_pictures, write_reference
from rendering.test_going_on import equal, in_stretches
from rendering.test_stretch import after
from vcnode.errors import Cancelled
from vcnode.media import VideoReader, open_source
from vcnode.rendering import RenderJob, render
from vcnode.rendering.any_frame import AnyFrame
from vcnode.rendering.source_luma import luma_of
from vcnode.sequence import Direction, Reference, Settings


@pytest.fixture
def both(job: RenderJob, tmp_path: Path) -> RenderJob:
    """Two keyframes in ten frames."""
    pictures = [write_reference(tmp_path / f"{width}.png", width=width, height=width * 2 // 3) for width in (96, 192)]
    references = tuple(Reference(path, number) for path, number in zip(pictures, (2, 7), strict=True))
    return replace(job, references=references, settings=Settings(direction="both"))


def test_backward_is_forward_of_the_film_that_runs_the_other_way(job: RenderJob, tmp_path: Path) -> None:
    turned = write_film(tmp_path / "turned.mkv", luma(10)[::-1])
    forward = render(replace(job, source=turned, output=tmp_path / "turned_out.mkv"))
    backward = render(replace(job, settings=Settings(direction="backward")))
    assert equal(planes(backward.output)[::-1], planes(forward.output))


def test_both_has_the_colors_of_either_way_outside_the_keyframes(both: RenderJob, tmp_path: Path) -> None:
    films = {}
    directions: tuple[Direction, ...] = ("forward", "backward", "both")
    for direction in directions:
        output = tmp_path / f"{direction}.mkv"
        films[direction] = planes(render(replace(both, output=output, settings=Settings(direction=direction))).output)
    assert equal(films["both"][:2], films["backward"][:2])
    assert equal(films["both"][7:], films["forward"][7:])
    assert not equal(films["both"][3:7], films["forward"][3:7])


def test_stretches_have_the_pixels_of_one_render(both: RenderJob) -> None:
    whole = planes(render(both).output)
    assert equal(in_stretches(both, 0, 4, 8), whole)


def test_a_cut_ends_the_way_back(both: RenderJob, tmp_path: Path) -> None:
    """The second keyframe is another shot's, so frames before the cut do not know of it."""
    references = both.references
    cut = planes(render(replace(both, cuts=(5,))).output)
    alone = planes(render(replace(both, output=tmp_path / "alone.mkv", references=references[:1])).output)
    assert equal(cut[:5], alone[:5])


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_a_cut_behind_the_stretch_is_found(job: RenderJob, tmp_path: Path, direction: Direction) -> None:
    source = write_film(tmp_path / "cut.mkv", two_scenes(5, 5))
    job = replace(job, source=source, cut_threshold=0.4, settings=Settings(direction=direction))
    whole = planes(render(job).output)
    stretch = planes(render(replace(job, output=tmp_path / "stretch.mkv", frames=(0, 2))).output)
    assert equal(stretch, whole[:3])


def test_a_stopped_render_goes_on(both: RenderJob, tmp_path: Path) -> None:
    whole = planes(render(replace(both, output=tmp_path / "whole.mkv")).output)
    told: list[int] = []
    with pytest.raises(Cancelled, match="backward"):
        render(both, on_backward=told.append, cancelled=lambda: len(told) > 1)
    assert told == [2, 1]
    for frames in (3, 6):
        with pytest.raises(Cancelled):
            render(both, cancelled=after(frames))
    assert equal(planes(render(both).output), whole)


@pytest.mark.parametrize("kind", ["film", "pictures"])
def test_any_frame_is_what_reading_forward_gives(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = luma(9)
    path = write_film(tmp_path / "film.mkv", codes) if kind == "film" else write_pictures(tmp_path / "in", codes)
    monkeypatch.setattr("vcnode.rendering.any_frame._MOST", 4)
    with open_source(path) as source:
        expected = [luma_of(frame, source.info)[0].numpy() for frame in source.frames()]
        starts = []
        reading = type(source).frames

        def counted(self: Any, start: int = 0) -> Any:
            starts.append(start)
            return reading(self, start)

        monkeypatch.setattr(type(source), "frames", counted)
        frames = AnyFrame(source, source.info)
        assert len(frames) == 9
        for number in (*reversed(range(9)), 0, 5, 4, 8):
            assert np.array_equal(frames[number].numpy(), expected[number])
        assert starts[:3] == [5, 1, 0]  # three stretches for nine frames
        with pytest.raises(IndexError):
            frames[9]
    assert isinstance(source, VideoReader) == (kind == "film")
