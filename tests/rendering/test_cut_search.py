"""Shots made from cuts that are found in the picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rendering.films import luma, planes, same_film, two_scenes, write_film, write_reference
from rendering.test_stretch import after
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.media import VideoReader
from vcnode.rendering import CutSearch, RenderJob, RenderStart, render
from vcnode.rendering.cut_search import search_cuts, span_of_search
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import Reference, Shot


@pytest.fixture
def cut_job(job: RenderJob, tmp_path: Path, reference: Path) -> RenderJob:
    """Twelve frames, a cut at 7, a reference for each shot."""
    source = write_film(tmp_path / "cut.mkv", two_scenes(7, 5))
    other = write_reference(tmp_path / "other.png", width=80)
    return replace(job, source=source, references=(Reference(reference, 2), Reference(other, 9)), cut_threshold=0.4)


def test_found_cuts_do_what_given_ones_do(cut_job: RenderJob, tmp_path: Path) -> None:
    searches: list[CutSearch] = []
    starts: list[RenderStart] = []
    found = render(cut_job, on_search=searches.append, on_start=starts.append)
    given = render(replace(cut_job, cut_threshold=None, cuts=(7,), output=tmp_path / "given.mkv"))
    assert (starts[0].cuts, starts[0].shots) == ((7,), 2)
    assert [search.done for search in searches] == list(range(1, 13))
    assert same_film(found.output, given.output)
    none = render(replace(cut_job, cut_threshold=None, output=tmp_path / "none.mkv"))
    assert not same_film(found.output, none.output)


def test_a_film_without_cuts_is_one_shot(job: RenderJob, tmp_path: Path) -> None:
    starts: list[RenderStart] = []
    found = render(replace(job, cut_threshold=0.4), on_start=starts.append)
    assert (starts[0].cuts, starts[0].shots) == ((), 1)
    assert same_film(found.output, render(replace(job, output=tmp_path / "one.mkv")).output)


def test_only_frames_that_matter_are_looked_at(cut_job: RenderJob, reference: Path) -> None:
    searches: list[CutSearch] = []
    starts: list[RenderStart] = []
    job = replace(cut_job, references=(Reference(reference, 6),), frames=(7, 8))
    render(job, on_search=searches.append, on_start=starts.append)
    assert len(searches) == 4  # 5 to 8: the reference, the stretch, and one before
    assert searches[-1].total in (4, None)
    assert starts[0].cuts == (7,)


def test_a_stretch_has_the_references_that_its_shots_have_in_the_clip(cut_job: RenderJob, tmp_path: Path) -> None:
    for frames in [(3, 5), (8, 9), (6, 7)]:
        found = render(replace(cut_job, frames=frames, output=tmp_path / f"{frames}.mkv"))
        given = replace(cut_job, cut_threshold=None, cuts=(7,), frames=frames, output=tmp_path / f"{frames}g.mkv")
        assert same_film(found.output, render(given).output)


@pytest.mark.parametrize(
    ("stretch", "shown", "span"),
    [
        (Stretch(0, None), [], (0, None)),
        (Stretch(0, None), [50], (0, None)),
        (Stretch(100, 200), [], (99, 200)),
        (Stretch(100, 200), [150], (99, 200)),
        (Stretch(100, 200), [40, 300], (39, 300)),
        (Stretch(100, None), [0], (0, None)),
    ],
)
def test_the_span_holds_the_stretch_and_all_references(
    stretch: Stretch, shown: list[int], span: tuple[int, int | None]
) -> None:
    references = (Reference("a.png"), *(Reference("b.png", frame) for frame in shown))
    found = span_of_search(stretch, references)
    assert (found.first, found.last) == span


def test_the_search_can_be_stopped(cut_job: RenderJob) -> None:
    with pytest.raises(Cancelled, match="while looking for cuts, before frame 3"):
        render(cut_job, cancelled=after(3))
    assert not list(cut_job.output.parent.glob("*out*"))


def test_a_stopped_render_goes_on_with_the_same_cuts(cut_job: RenderJob, tmp_path: Path) -> None:
    straight = render(replace(cut_job, output=tmp_path / "straight.mkv")).output
    with pytest.raises(Cancelled, match="before frame 9"):
        render(cut_job, cancelled=after(12 + 9))
    result = render(cut_job)
    assert result.rendered == 4
    assert same_film(result.output, straight)


def test_a_film_that_breaks_off_is_coloured_up_to_there(job: RenderJob, tmp_path: Path) -> None:
    source = write_film(tmp_path / "long.mkv", two_scenes(0, 4) + luma(60))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    starts: list[RenderStart] = []
    with pytest.raises(MediaError, match=r"breaks off|stops after") as caught:
        render(replace(job, source=source, cut_threshold=0.4), on_start=starts.append)
    assert starts[0].cuts == (4,)
    assert "out.partial.mkv" in caught.value.__notes__[0]
    assert len(planes(tmp_path / "out.partial.mkv")) > 10


def test_what_does_not_go_together_is_refused(cut_job: RenderJob, reference: Path) -> None:
    with pytest.raises(InputError, match="leave one of them out"):
        render(replace(cut_job, cuts=(7,)))
    with pytest.raises(InputError, match="Cuts go with references"):
        render(replace(cut_job, references=(), shots=(Shot(0, None, (Reference(reference),)),)))
    for threshold in (0, 1.5, float("nan")):
        with pytest.raises(InputError, match="threshold for cuts is"):
            render(replace(cut_job, cut_threshold=threshold))


def test_a_target_that_exists_is_found_out_before_the_search(cut_job: RenderJob) -> None:
    cut_job.output.write_text("precious")
    searches: list[CutSearch] = []
    with pytest.raises(MediaError, match="exists already"):
        render(cut_job, on_search=searches.append)
    assert not searches
    assert cut_job.output.read_text() == "precious"


def test_cuts_are_looked_for_where_frames_cannot_be_counted(job: RenderJob, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.nut", [*luma(4), *two_scenes(0, 4)])
    starts: list[RenderStart] = []
    render(replace(job, source=source, cut_threshold=0.4), on_start=starts.append)
    assert starts[0].cuts == (4,)


def test_large_pictures_have_the_cuts_of_small_ones(tmp_path: Path) -> None:
    for name, size in [("small", 1), ("large", 7)]:
        frames = [np.kron(frame, np.ones((size, size), np.uint8)) for frame in two_scenes(3, 3)]
        with VideoReader(write_film(tmp_path / f"{name}.mkv", frames)) as reader:
            assert search_cuts(reader, reader.info, Stretch(), 0.4) == (3,)
