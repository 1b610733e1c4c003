"""Colours that run backward or both ways: the core's pixels, with cuts, in pieces, and when stopped."""

import numpy as np
import pytest
import torch
from rendering.films import luma, planes, write_film
from sequence.clips import clip, picture

from comfyvcnode import coloring, components, films, progress, references, rendering
from tests.hosts.comfyui.conftest import Stop, as_images
from vcnode import ClipState, Settings, Shot, colorize
from vcnode.errors import InputError

FRAMES = 8
KEYFRAMES = (2, 6)
WAYS = ["backward", "both"]
CUT = 4


def plan(*frames):
    """References of different colours for these frames; None for one of no particular frame."""
    pictures = torch.stack([torch.from_numpy(picture(seed)) for seed in range(1, len(frames) + 1)])
    return references.ReferencePlan(references.pictures(pictures, list(frames)))


def how(direction, references=None, scene_cut=None, **settings):
    settings = Settings(working_size=64, direction=direction, **settings)
    return coloring.Coloring(plan(*KEYFRAMES) if references is None else references, settings, scene_cut)


@pytest.fixture(scope="module")
def images():
    return as_images(clip(FRAMES, seed=1))


@pytest.fixture(scope="module")
def scenes():
    """Two scenes of four frames."""
    return as_images([*clip(CUT, seed=1), *(1 - frame for frame in clip(FRAMES - CUT, seed=9))])


@pytest.fixture(scope="module")
def color(tiny_model):
    def run(images, how, **options):
        with torch.inference_mode():  # as ComfyUI runs nodes
            return coloring.color_batch(lambda height, width: tiny_model, images, how, **options)

    return run


class Told:
    """What the host hears; stops the work when so many steps were told."""

    def __init__(self, stop_at=None):
        self.steps, self.stop_at = [], stop_at
        self.progress = progress.Progress(lambda done, total, shown: self.steps.append((done, total)), self.stop)

    def stop(self):
        if len(self.steps) == self.stop_at:
            raise Stop


@pytest.mark.parametrize("direction", WAYS)
def test_the_pixels_are_the_cores(color, images, tiny_model, direction):
    done = color(images, how(direction))
    chosen = Settings(working_size=64, direction=direction)
    shots = [Shot(0, None, plan(*KEYFRAMES).references)]
    expected = colorize(images.numpy(), shots=shots, model=tiny_model, settings=chosen)
    assert all(
        torch.equal(*pair) for pair in zip(done.images, (f.rgb().permute(1, 2, 0) for f in expected), strict=True)
    )
    assert not torch.equal(done.images, color(images, how("forward")).images)
    assert done.state.number == FRAMES


@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("given", ["state", "first", "more"])
def test_a_piece_of_a_clip_is_refused(color, images, direction, given):
    def load(height, width):
        raise AssertionError("a network was asked for")

    options = {"state": color(images[:1], how("forward")).state, "first": 3, "more": True}
    with pytest.raises(InputError, match="whole clip as one batch, or use Colorize Video") as refused:
        coloring.color_batch(load, images[1:], how(direction), **{given: options[given]})
    assert "\n" not in str(refused.value)
    assert len(color(images[1:3], how("forward"), **{given: options[given]}).images) == 2


@pytest.mark.parametrize("direction", WAYS)
def test_colors_do_not_run_across_a_cut(color, scenes, direction):
    cutting = color(scenes, how(direction, plan(None, 6), 0.3)).images
    assert torch.equal(cutting[:CUT], color(scenes[:CUT], how(direction, plan(None))).images)
    assert torch.equal(cutting[CUT:], color(scenes[CUT:], how(direction, plan(None, 6 - CUT))).images)
    running = color(scenes, how(direction, plan(None, 6))).images
    assert not torch.equal(cutting[:CUT], running[:CUT])
    assert torch.equal(cutting[6:], running[6:])  # behind the last keyframe nothing comes from before


def test_cuts_are_where_forward_finds_them(color, scenes):
    """Without keyframes both ways are one."""
    forward, both = (color(scenes, how(direction, plan(None), 0.3)).images for direction in ("forward", "both"))
    assert torch.equal(forward, both)
    assert not torch.equal(both, color(scenes, how("both", plan(None))).images)


def test_scenes_that_are_known_stay(color, scenes):
    known = plan(None).adding((), (2,))
    forward, both = (color(scenes, how(direction, known, 0.3)).images for direction in ("forward", "both"))
    assert torch.equal(forward, both)
    assert not torch.equal(both, color(scenes, how("both", plan(None), 0.3)).images)


@pytest.mark.parametrize("direction", WAYS)
def test_listed_shots_are_taken_as_they_are(color, scenes, tiny_model, direction):
    numbered = plan(1, 5).references
    shots = (Shot(0, 2, numbered[:1]), Shot(3, None, numbered[1:]))
    told = Told()
    done = color(scenes, how(direction, references.ReferencePlan(listed=shots), 0.3), progress=told.progress)
    chosen = Settings(working_size=64, direction=direction)
    expected = colorize(scenes.numpy(), shots=shots, model=tiny_model, settings=chosen)
    assert all(
        torch.equal(*pair) for pair in zip(done.images, (f.rgb().permute(1, 2, 0) for f in expected), strict=True)
    )
    assert told.steps[0] == (1, FRAMES + 1), "cuts were looked for"


def test_the_run_back_is_told(color, images):
    told = Told()
    color(images, how("both"), progress=told.progress)
    before = KEYFRAMES[0] + 1
    assert told.steps[:before] == [(number, FRAMES + number) for number in range(1, before + 1)]
    shares = [done / total for done, total in told.steps]
    assert shares == sorted(shares)
    assert told.steps[-1] == (15, 15)  # each frame once, those from 0 to 2 and from 3 to 6 once more


def test_windows_count_as_their_frames(color, images):
    told = Told()
    color(images, how("both", look_ahead=2), progress=told.progress)
    assert told.steps[:2] == [(2, FRAMES + 2), (4, FRAMES + 4)]


def test_the_search_for_cuts_is_told(color, scenes):
    told = Told()
    color(scenes, how("both", plan(6), 0.3), progress=told.progress)
    assert told.steps[:FRAMES] == [(number, FRAMES) for number in range(1, FRAMES + 1)]


@pytest.mark.parametrize("steps", [1, 3, FRAMES, FRAMES + 2])
def test_a_stop_is_answered_at_once(color, scenes, steps):
    """While cuts are looked for, and while nothing comes out yet."""
    told = Told(steps)
    with pytest.raises(Stop):
        color(scenes, how("backward", plan(6), 0.3), progress=told.progress)
    assert len(told.steps) == steps
    assert all(done <= FRAMES for done, _ in told.steps), "a frame came out"


class Video:
    audio, frame_rate = None, 25

    def __init__(self, images):
        self.images = images


@pytest.fixture(scope="module")
def color_video(tiny_model):
    def run(images, how, **options):
        with torch.inference_mode():
            return components.color_components(lambda *size: tiny_model, Video(images), how, **options)

    return run


@pytest.mark.parametrize("direction", WAYS)
def test_parts_of_a_video_in_memory_are_the_whole(color, color_video, scenes, direction):
    chosen = how(direction, plan(3, 7), 0.3)
    whole = color(scenes, chosen).images
    state, done = None, []
    for start, count in ((0, 1), (1, 4), (5, 0)):
        part = color_video(scenes, chosen, start=start, count=count, state=state)
        state = ClipState.from_bytes(part.state.to_bytes())
        done.append(part.images)
    assert torch.equal(torch.cat(done), whole)
    assert torch.equal(color_video(scenes, chosen).images, whole)


def test_a_part_of_a_video_in_memory_knows_what_lies_behind(color, color_video, images):
    whole = color(images, how("backward")).images
    assert torch.equal(color_video(images, how("backward"), start=1, count=2).images, whole[1:3])


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "film.mkv", luma(FRAMES))


@pytest.fixture
def color_film(tiny_model, tmp_path):
    def run(part, how, **options):
        load = lambda *size: tiny_model  # noqa: E731
        return rendering.color_film(load, part, how, tmp_path / "temp", quality="lossless", **options)

    return run


def equal(one, other):
    """Whether films have the same codes in all planes."""
    return all(np.array_equal(*pair) for frames in zip(one, other, strict=True) for pair in zip(*frames, strict=True))


@pytest.mark.parametrize("direction", WAYS)
def test_a_film_and_its_parts(color_film, film, direction):
    chosen = how(direction)
    done = color_film(films.FilmPart(film), chosen)
    whole = planes(done.path)
    assert not equal(whole, planes(color_film(films.FilmPart(film), how("forward")).path))
    for before, after in zip(luma(FRAMES), whole, strict=True):
        assert (before == after[0]).all()
    first = color_film(films.FilmPart(film, 0, 3), chosen)
    rest = color_film(films.FilmPart(film, 4), chosen, state=first.state)
    assert equal(planes(first.path) + planes(rest.path), whole)


def test_a_film_tells_of_its_run_back(color_film, film):
    told = Told()
    color_film(films.FilmPart(film), how("both"), progress=told.progress)
    assert told.steps[:3] == [(number, FRAMES + number) for number in (1, 2, 3)]
    assert told.steps[-1] == (15, 15)


def test_a_film_stopped_on_its_way_back(color_film, film, tmp_path):
    told = Told(2)
    with pytest.raises(Stop):
        color_film(films.FilmPart(film), how("both"), progress=told.progress)
    assert len(told.steps) == 2
    assert not list((tmp_path / "temp").glob("*.mp4"))
    done = color_film(films.FilmPart(film), how("both"))
    assert equal(planes(done.path), planes(color_film(films.FilmPart(film), how("both")).path))


def test_a_stopped_film_goes_on_in_its_own_direction_alone(color_film, tmp_path):
    film = write_film(tmp_path / "long.mkv", luma(30, height=32, width=48))
    chosen = {direction: how(direction, plan(None)) for direction in ("forward", "both")}
    with pytest.raises(Stop):
        color_film(films.FilmPart(film), chosen["forward"], progress=Told(27).progress)
    other, same = Told(), Told()
    color_film(films.FilmPart(film), chosen["both"], progress=other.progress)
    color_film(films.FilmPart(film), chosen["forward"], progress=same.progress)
    assert [done for done, _ in other.steps] == list(range(1, 31))
    assert [done for done, _ in same.steps] == list(range(25, 31))
