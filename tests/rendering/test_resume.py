"""A render that was stopped goes on, and ends as if it had not been."""

import errno
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rendering.films import luma, planes, read_pictures, same_film, write_film, write_pictures
from rendering.test_stretch import after
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.media import VideoReader, VideoWriter, video_writer
from vcnode.rendering import RenderedFrame, RenderJob, render
from vcnode.sequence import Reference, Settings, Shot


def stop(job: RenderJob, frames: int) -> Cancelled:
    with pytest.raises(Cancelled) as caught:
        render(job, cancelled=after(frames))
    return caught.value


@pytest.fixture
def straight(job: RenderJob, tmp_path: Path) -> Path:
    return render(replace(job, output=tmp_path / "straight.mkv")).output


@pytest.mark.parametrize("frames", [1, 4, 6, 9])
def test_a_resumed_render_equals_an_uninterrupted_one(job: RenderJob, straight: Path, frames: int) -> None:
    error = stop(job, frames)
    partial = job.output.with_name("out.partial.mkv")
    assert error.__notes__ == [f"The frames finished so far are in {partial}; the same command goes on from there."]
    assert len(planes(partial)) == frames
    assert not job.output.exists()

    numbers: list[int] = []
    result = render(job, on_frame=lambda frame: numbers.append(frame.colored.number))
    assert numbers == list(range(frames - frames % 4, 10))
    assert (result.frames, result.rendered) == (10, len(numbers))
    assert same_film(result.output, straight)
    assert not (job.output.parent / ".out.mkv.part").exists()
    assert not partial.exists()


def test_summary_of_a_resumed_render_counts_all_frames(job: RenderJob, tmp_path: Path) -> None:
    whole = render(replace(job, output=tmp_path / "whole.mkv"))
    stop(job, 6)
    assert render(job).confidence == pytest.approx(whole.confidence, abs=1e-5)


@pytest.mark.parametrize("look_ahead", [1, 3])
def test_it_goes_on_from_any_place_in_shots_and_windows(
    job: RenderJob, tmp_path: Path, reference: Path, look_ahead: int
) -> None:
    shots = (Shot(1, 5, (Reference(reference, 3),)), Shot(7, None, (Reference(reference),)))
    job = replace(job, references=(), shots=shots, settings=Settings(look_ahead=look_ahead), segment_frames=1)
    straight = render(replace(job, output=tmp_path / "straight.mkv")).output
    for frames in (3, 4, 7, 9):
        stop(job, frames)
        assert same_film(render(replace(job, overwrite=True)).output, straight)
        job.output.unlink()


def test_without_checkpoints_it_walks_the_shot_again(job: RenderJob, straight: Path) -> None:
    stop(job, 9)
    for checkpoint in (job.output.parent / ".out.mkv.part").glob("*.checkpoint"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:-3])
    stop(job, 3)  # it can be stopped on that walk, too
    assert same_film(render(job).output, straight)


def test_checkpoints_stay_few(job: RenderJob, tmp_path: Path) -> None:
    source = write_film(tmp_path / "long.mkv", luma(30))
    stop(replace(job, source=source, segment_frames=2), 29)
    assert len(list((tmp_path / ".out.mkv.part").glob("*.checkpoint"))) <= 4


def test_starting_anew_drops_what_was_there(job: RenderJob, straight: Path) -> None:
    job = replace(job, resume=False)
    assert stop(job, 6).__notes__ == [f"The frames finished so far are in {job.output.with_name('out.partial.mkv')}."]
    result = render(job)
    assert result.rendered == 10
    assert same_film(result.output, straight)


@pytest.mark.parametrize("change", ["reference", "settings", "shots", "source"])
def test_another_render_is_not_continued(
    job: RenderJob, tmp_path: Path, reference: Path, film: Path, change: str
) -> None:
    stop(job, 6)
    if change == "reference":
        import PIL.Image

        PIL.Image.open(reference).rotate(180).save(reference)
    elif change == "settings":
        job = replace(job, settings=Settings(saturation=0.5))
    elif change == "shots":
        job = replace(job, cuts=(5,))
    else:
        write_film(film, luma(10)[::-1])
    with pytest.raises(
        MediaError, match="unfinished render with another source, references, model or way of colouring"
    ):
        render(job)


def test_the_same_file_elsewhere_is_continued(job: RenderJob, tmp_path: Path, straight: Path) -> None:
    stop(job, 6)
    moved = Path(shutil.copy(job.source, tmp_path / "moved.mkv"))
    result = render(replace(job, source=moved))
    assert result.rendered == 6
    assert same_film(result.output, straight)


def test_two_targets_are_resumed_where_the_first_lacks_a_frame(job: RenderJob, tmp_path: Path) -> None:
    job = replace(job, confidence=tmp_path / "confidence.mkv")
    straight = render(replace(job, output=tmp_path / "s.mkv", confidence=tmp_path / "sc.mkv"))
    stop(job, 9)
    (tmp_path / ".confidence.mkv.part" / "segment_00000004.json").unlink()
    result = render(job)
    assert result.rendered == 6
    assert same_film(result.output, straight.output)
    assert result.confidence_output is not None
    assert straight.confidence_output is not None
    assert same_film(result.confidence_output, straight.confidence_output)


def test_pictures_are_resumed_one_by_one(job: RenderJob, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(6))
    job = replace(job, source=source, output=tmp_path / "out" / "out.####.png")
    render(replace(job, output=tmp_path / "straight" / "out.####.png"))
    stop(job, 3)
    assert len(read_pictures(tmp_path / "out", "out")) == 3
    assert render(job).rendered == 3
    for one, other in zip(
        read_pictures(tmp_path / "out", "out"), read_pictures(tmp_path / "straight", "out"), strict=True
    ):
        assert (one == other).all()
    assert not list((tmp_path / "out").glob(".*"))


def test_a_stop_before_the_first_frame_leaves_nothing(job: RenderJob) -> None:
    with pytest.raises(Cancelled):
        render(job, cancelled=lambda: True)
    assert not list(job.output.parent.glob("*out*"))
    assert not list(job.output.parent.glob(".out*"))


def test_a_full_disk_keeps_what_is_finished(job: RenderJob, straight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = VideoWriter.write

    def full(self: VideoWriter, codes: object, time: object) -> None:
        if self.next_frame == 6:
            self._drop_open()
            raise MediaError("cannot write frame 6: there is no space left on the disk")
        write(self, codes, time)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoWriter, "write", full)
    with pytest.raises(MediaError, match="no space left"):
        render(job)
    monkeypatch.undo()
    result = render(job)
    assert result.rendered == 6
    assert same_film(result.output, straight)


@pytest.mark.parametrize("look_ahead", [1, 7])
def test_a_film_that_breaks_off_is_coloured_up_to_there(job: RenderJob, tmp_path: Path, look_ahead: int) -> None:
    source = write_film(tmp_path / "long.mkv", luma(60))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    numbers: list[RenderedFrame] = []
    readable = 0
    with pytest.raises(MediaError) as caught:
        render(replace(job, source=source, settings=Settings(look_ahead=look_ahead)), on_frame=numbers.append)
    partial = tmp_path / "out.partial.mkv"
    assert str(partial) in caught.value.__notes__[0]
    with VideoReader(source) as reader, suppress(MediaError):
        for _ in reader:
            readable += 1
    assert len(planes(partial)) == len(numbers) == readable > 10


@pytest.mark.parametrize("at", ["join", "place"])
def test_both_targets_are_finished_or_none(
    job: RenderJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    job = replace(job, confidence=tmp_path / "confidence.mkv", segment_frames=5)
    straight = render(replace(job, output=tmp_path / "s.mkv", confidence=tmp_path / "sc.mkv"))
    done = getattr(video_writer, at)

    def full(*args: Any, **more: Any) -> None:
        if any("confidence" in str(each) for each in args):
            raise OSError(errno.ENOSPC, "No space left on device")
        done(*args, **more)

    monkeypatch.setattr(video_writer, at, full)
    with pytest.raises(MediaError, match=r"cannot finish .*confidence\.mkv: there is no space left"):
        render(job)
    assert job.output.exists() == (at == "place")
    monkeypatch.undo()
    result = render(job)
    assert result.rendered == 0
    assert result.confidence_output is not None
    assert straight.confidence_output is not None
    assert same_film(result.output, straight.output)
    assert same_film(result.confidence_output, straight.confidence_output)
    assert not list(tmp_path.glob(".*.part"))
    assert not list(tmp_path.glob("*.partial.*"))


def test_a_film_that_is_called_like_the_part_of_a_stopped_one_stays(job: RenderJob, film: Path) -> None:
    source = film.rename(job.output.with_name("out.partial.mkv"))
    before = source.read_bytes()
    error = stop(replace(job, source=source), 3)
    assert "out.partial.2.mkv" in error.__notes__[0]
    assert source.read_bytes() == before
    render(replace(job, source=source))
    assert source.read_bytes() == before
    assert not job.output.with_name("out.partial.2.mkv").exists()


def test_the_part_of_a_stopped_render_is_no_source_for_it(job: RenderJob) -> None:
    stop(job, 3)
    partial = job.output.with_name("out.partial.mkv")
    with pytest.raises(InputError, match="inputs are never replaced"):
        render(replace(job, source=partial, resume=False))
    with pytest.raises(InputError, match="give two names"):
        render(replace(job, confidence=partial, overwrite=True))


def test_pictures_of_an_earlier_render_do_not_mix_with_those_of_a_stopped_one(job: RenderJob, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(6))
    earlier = replace(job, source=source, output=tmp_path / "out" / "out.####.png")
    later = replace(earlier, settings=Settings(saturation=0.3), overwrite=True)
    render(replace(later, output=tmp_path / "straight" / "out.####.png"))
    render(earlier)
    stop(later, 2)
    assert render(later).rendered == 4
    for one, other in zip(
        read_pictures(tmp_path / "out", "out"), read_pictures(tmp_path / "straight", "out"), strict=True
    ):
        assert (one == other).all()
