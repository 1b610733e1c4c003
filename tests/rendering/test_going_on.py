"""A clip rendered in stretches, each going on from the state of the one before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering.films import luma, planes, two_scenes, write_film, write_pictures, write_reference
from rendering.test_stretch import after
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.media import VideoWriter
from vcnode.rendering import RenderJob, render
from vcnode.sequence import ClipState, Reference, Settings, Shot


def in_stretches(job: RenderJob, *firsts: int) -> list[list[np.ndarray]]:
    """The planes of stretches that begin at frames, one after the other, with states that went through a file."""
    frames: list[list[np.ndarray]] = []
    state = job.state
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        last = None if following is None else following - 1
        output = job.output.with_name(f"stretch_{first}.mkv")
        result = render(replace(job, output=output, frames=(first, last), state=state))
        assert result.state is not None
        assert result.state.number == first + len(planes(output))
        state = ClipState.from_bytes(result.state.to_bytes())
        frames += planes(output)
    return frames


def equal(one: list[list[np.ndarray]], other: list[list[np.ndarray]]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)
    )


@pytest.mark.parametrize("look_ahead", [1, 3])
@pytest.mark.parametrize("firsts", [(0, 5), (0, 1, 4, 9)])
def test_stretches_have_the_pixels_of_one_render(job: RenderJob, look_ahead: int, firsts: tuple[int, ...]) -> None:
    job = replace(job, settings=Settings(look_ahead=look_ahead))
    whole = render(job)
    assert equal(in_stretches(job, *firsts), planes(whole.output))
    assert whole.state is not None
    assert whole.state.number == 10


def test_without_the_state_they_have_not(job: RenderJob) -> None:
    """The comparison above would see it."""
    whole = planes(render(job).output)
    afresh = planes(render(replace(job, output=job.output.with_name("a.mkv"), frames=(5, None))).output)
    assert not equal(afresh, whole[5:])


def test_shots_keyframes_and_gaps_do_not_mind_where_stretches_end(
    job: RenderJob, reference: Path, tmp_path: Path
) -> None:
    other = write_reference(tmp_path / "other.png", width=80)
    shots = (Shot(1, 4, (Reference(reference, 3), Reference(other))), Shot(7, None, (Reference(reference, 8),)))
    job = replace(job, references=(), shots=shots)
    whole = planes(render(job).output)
    assert equal(in_stretches(job, 0, 2, 3, 4, 5, 6, 7, 8, 9), whole)


def test_a_reference_that_shows_the_first_frame_is_its_keyframe_in_all_stretches(
    job: RenderJob, tmp_path: Path
) -> None:
    """It is recognised where the shot begins; later stretches know of it through the state alone."""
    codes = luma(1)[0].astype(np.float32) / 255
    picture = np.stack([codes * 0.9, codes, (codes * 1.1).clip(0, 1)], axis=-1)
    job = replace(job, references=(Reference(picture),))
    assert equal(in_stretches(job, 0, 3), planes(render(job).output))


def test_cuts_are_found_across_stretches(job: RenderJob, tmp_path: Path, reference: Path) -> None:
    """Also where a stretch begins with the cut itself, so that its state is not gone on from."""
    other = write_reference(tmp_path / "other.png", width=80)
    source = write_film(tmp_path / "cut.mkv", two_scenes(5, 5))
    job = replace(job, source=source, references=(Reference(reference, 2), Reference(other, 7)), cut_threshold=0.4)
    whole = planes(render(job).output)
    for firsts in [(0, 5), (0, 4), (0, 6)]:
        assert equal(in_stretches(replace(job, overwrite=True), *firsts), whole)


def test_a_stopped_stretch_goes_on(job: RenderJob) -> None:
    whole = planes(render(job).output)
    state = render(replace(job, output=job.output.with_name("a.mkv"), frames=(0, 2))).state
    job = replace(job, output=job.output.with_name("b.mkv"), frames=(3, None), state=state)
    for frames in (2, 5, 2):
        with pytest.raises(Cancelled):
            render(job, cancelled=after(frames))
    result = render(job)
    assert result.rendered == 3
    assert equal(planes(result.output), whole[3:])


def test_pictures_of_stretches_have_the_pixels_of_one_render(job: RenderJob, tmp_path: Path) -> None:
    job = replace(job, source=write_pictures(tmp_path / "in", luma(6)), output=tmp_path / "out" / "out.#.png")
    first = render(replace(job, frames=(0, 2)))
    render(replace(job, frames=(3, None), state=first.state))
    whole = render(replace(job, output=tmp_path / "whole.mkv"))
    render(replace(job, output=tmp_path / "straight" / "out.#.png"))
    for number in range(1, 7):
        stretch, straight = (tmp_path / folder / f"out.{number}.png" for folder in ("out", "straight"))
        assert stretch.read_bytes() == straight.read_bytes()
    assert whole.state is not None
    assert whole.state.number == 6


def test_another_state_is_another_render(job: RenderJob) -> None:
    states = [
        render(replace(job, output=job.output.with_name(f"{saturation}.mkv"), references=(each,), frames=(0, 2))).state
        for saturation, each in enumerate([*job.references, Reference(job.references[0].image, weight=0.5)])
    ]
    job = replace(job, frames=(3, None))
    with pytest.raises(Cancelled):
        render(replace(job, state=states[0]), cancelled=after(5))
    for other in (None, states[1]):
        with pytest.raises(MediaError, match="unfinished render with another"):
            render(replace(job, state=other))


def test_the_state_is_there_even_if_all_was_rendered_before(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = render(replace(job, output=job.output.with_name("straight.mkv"), frames=(0, 7))).state

    def full(*_: Any, **__: Any) -> None:
        raise MediaError("there is no space left on the disk")

    job = replace(job, frames=(0, 7))
    monkeypatch.setattr(VideoWriter, "finish", full)
    with pytest.raises(MediaError, match="no space"):
        render(job)
    monkeypatch.undo()
    result = render(job)
    assert result.rendered == 0
    assert result.state is not None
    assert straight is not None
    assert result.state.shot is not None
    assert straight.shot is not None
    assert (result.state.number, result.state.shot.key) == (straight.number, straight.shot.key)


def test_a_state_of_another_frame_is_refused(job: RenderJob) -> None:
    state = render(replace(job, frames=(0, 2))).state
    job = replace(job, output=job.output.with_name("b.mkv"), state=state)
    for frames, first in [((4, None), 4), (None, 0)]:
        with pytest.raises(InputError, match=f"state is for frame 3, but the first frame to be rendered is {first}"):
            render(replace(job, frames=frames))
    assert not job.output.exists()


def test_a_state_of_other_settings_is_refused(job: RenderJob) -> None:
    state = render(replace(job, frames=(0, 2))).state
    job = replace(job, output=job.output.with_name("b.mkv"), frames=(3, None), state=state)
    with pytest.raises(InputError, match="state before frame 3 was made with other settings"):
        render(replace(job, settings=Settings(look_ahead=2)))
    assert not list(job.output.parent.glob("*b.mkv*"))
