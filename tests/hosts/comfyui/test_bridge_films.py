"""VIDEO values: which part of which file, picked keyframes, and how coloured films are written."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from rendering.films import luma, planes, write_film
from sequence.clips import clip, picture

from comfyvcnode import coloring, encoding, films, keyframes, progress, references, rendering
from tests.hosts.comfyui.conftest import Stop, as_images
from vcnode import MemoryStateCache, Settings
from vcnode.errors import DeviceError, InputError
from vcnode.media import probe
from vcnode.network import Model

COUNT = 10


def stopping_after(step, told):
    """A report of progress that notes steps, and ends the work after one of them as the host does."""

    def stop():
        if told and told[-1] == step:
            raise Stop

    return progress.Progress(lambda done, *_: told.append(done), stop)


class File:
    """As ComfyUI's videos from files are, in newer versions with edits that the file does not hold."""

    def __init__(self, source, trim=None, edited=None):
        self.source = source
        if trim is not None:
            self.get_active_trim_window = lambda: trim
        if edited is not None:
            self.has_pending_frame_edits = lambda: edited

    def get_stream_source(self):
        return self.source


class InMemory:
    def __init__(self, images):
        self.images = images

    def get_components(self):
        return self


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "film.mkv", luma(COUNT))


def part_of(video, tmp_path):
    return films.film_part(video, File, tmp_path / "temp")


def test_a_file_as_it_is(film, tmp_path):
    assert part_of(File(str(film)), tmp_path) == films.FilmPart(film)
    assert part_of(File(str(film), trim=(0.0, 0.0), edited=False), tmp_path) == films.FilmPart(film)


def test_videos_that_are_no_file(film, tmp_path):
    assert part_of(InMemory(None), tmp_path) is None
    assert part_of(File(str(film), edited=True), tmp_path) is None


def test_a_file_in_memory_is_written_once(film, tmp_path):
    video = File(io.BytesIO(film.read_bytes()))
    part = part_of(video, tmp_path)
    assert part.path.read_bytes() == film.read_bytes()
    assert part_of(video, tmp_path) == part
    assert list((tmp_path / "temp").iterdir()) == [part.path]


@pytest.mark.parametrize(
    ("trim", "first", "last"),
    [((0.08, 0.12), 2, 4), ((0.08, 0.0), 2, None), ((0.09, 0.0), 3, None), ((0.0, 0.2), 0, 4), ((0.0, 99.0), 0, None)],
)
def test_trimmed_seconds_are_frames(film, tmp_path, trim, first, last):
    assert part_of(File(str(film), trim=trim), tmp_path) == films.FilmPart(film, first, last)


def test_nothing_is_left(film, tmp_path):
    with pytest.raises(InputError, match="no frame"):
        part_of(File(str(film), trim=(5.0, 1.0)), tmp_path)


def test_narrowing(film):
    whole, middle = films.FilmPart(film), films.FilmPart(film, 3, 7)
    assert films.narrowed(whole, 0, 0) == whole
    assert films.narrowed(whole, 4, 2) == films.FilmPart(film, 4, 5)
    assert films.narrowed(middle, 0, 0) == middle
    assert films.narrowed(middle, 5, 99) == films.FilmPart(film, 5, 7)
    with pytest.raises(InputError, match="frames 3 to 7"):
        films.narrowed(middle, 8, 0)


def scenes():
    """Three scenes, of 3, 4 and 2 frames."""
    return [frame for seed, count in ((1, 3), (40, 4), (70, 2)) for frame in clip(count, seed=seed)]


def as_film(tmp_path):
    frames = [(frame * 255).round().astype("uint8") for frame in scenes()]
    tags = {"colorspace": 1, "color_range": 2}
    return File(str(write_film(tmp_path / "scenes.mkv", frames, tags=tags)))


@pytest.fixture(params=["images", "film", "memory"])
def given(request, tmp_path):
    return {
        "images": lambda: as_images(scenes()),
        "film": lambda: as_film(tmp_path),
        "memory": lambda: InMemory(as_images(scenes())),
    }[request.param]()


def picked(given, tmp_path, *choices, **options):
    with keyframes.opened(given, File, tmp_path) as frames:
        return keyframes.pick_keyframes(frames, *choices, **options)


def test_a_keyframe_for_each_scene(given, tmp_path):
    images, found, report = picked(given, tmp_path, "scene cuts", 8, 0.4)
    assert found == references.Keyframes((0, 3, 7), (0, 3, 7))
    assert images.shape == (3, 64, 96, 3)
    assert float((images - as_images(scenes())[[0, 3, 7]]).abs().max()) < 0.01
    assert "Keyframes: 0, 3, 7" in report


def under_a_leader(*parts):
    """Scenes as IMAGE, each after black: `(frames of black, seed, frames, of which fade in)`."""
    frames = []
    for black, seed, count, fading in parts:
        frames += [np.random.default_rng(n).normal(0.01, 0.005, (64, 96)).astype("f4") for n in range(black)]
        frames += [frame * min(1, (n + 1) / (fading + 1)) for n, frame in enumerate(clip(count, seed=seed))]
    return as_images(frames)


def contrast(image):
    return float(image.std())


def test_keyframes_show_something(tmp_path):
    film = under_a_leader((5, 1, 4, 0), (3, 40, 4, 0))
    images, found, report = picked(film, tmp_path, "scene cuts", 8, 0.4)
    assert found == references.Keyframes((5, 12), (0, 5, 9, 12))
    assert torch.equal(images, film[[5, 12]])
    assert "Without anything to be seen: the scenes at 0, 9" in report
    assert "Without a keyframe" not in report
    assert picked(film, tmp_path, "scene cuts", 1, 0.4)[1].frames == (5,)
    assert picked(film, tmp_path, "even", 2, 0.4)[1].frames == (5, 8)
    assert picked(film, tmp_path, "even", 3, 0.4)[1].frames == (5, 12)  # the first third is black


@pytest.mark.parametrize("how", ["scene cuts", "even"])
def test_a_keyframe_is_taken_when_a_fade_has_shown_half(tmp_path, how):
    film = under_a_leader((4, 1, 12, 7))
    images, found, _ = picked(film, tmp_path, how, 1, 0.95)
    (frame,) = found.frames
    assert 6 <= frame <= 8
    assert contrast(images) > 0.45 * contrast(film[-1])


@pytest.mark.parametrize("how", ["scene cuts", "even"])
def test_where_all_is_black_the_first_frame_is_as_good_as_any(tmp_path, how):
    assert picked(torch.zeros(6, 64, 96, 3), tmp_path, how, 1, 0.4)[1].frames == (0,)


def test_a_film_under_a_leader_keeps_its_numbers(tmp_path):
    frames = [(frame[..., 0].numpy() * 255).clip(0, 255).astype("uint8") for frame in under_a_leader((4, 1, 5, 0))]
    video = File(str(write_film(tmp_path / "leader.mkv", frames, tags={"colorspace": 1, "color_range": 2})))
    video.get_active_trim_window = lambda: (0.08, 0.0)
    for how in ("scene cuts", "even"):
        assert picked(video, tmp_path, how, 1, 0.4)[1].frames == (4,)


def test_the_longest_scenes_come_first(given, tmp_path):
    images, found, report = picked(given, tmp_path, "scene cuts", 2, 0.4)
    assert found == references.Keyframes((0, 3), (0, 3, 7))
    assert len(images) == 2
    assert "Without a keyframe: the scenes at 7" in report


def test_even_distances(given, tmp_path):
    assert picked(given, tmp_path, "even", 3, 0.4)[1] == references.Keyframes((0, 3, 6))
    assert picked(given, tmp_path, "even", 99, 0.4)[1].frames == tuple(range(9))


def test_a_trimmed_film_keeps_its_numbers(tmp_path):
    video = as_film(tmp_path)
    video.get_active_trim_window = lambda: (0.2, 0.12)  # frames 5 to 7
    assert picked(video, tmp_path, "scene cuts", 8, 0.4)[1] == references.Keyframes((5, 7), (5, 7))
    assert picked(video, tmp_path, "even", 2, 0.4)[1].frames == (5, 6)


@pytest.mark.parametrize(
    ("how", "most", "steps"),
    [
        ("scene cuts", 1, [(number, 10) for number in range(1, 11)]),
        ("scene cuts", 5, [(number, 14) for number in range(1, 10)] + [(10, 12), (11, 12), (12, 12)]),
        ("even", 4, [(number, 4) for number in range(1, 5)]),
    ],
)
def test_picking_tells_how_far_it_is(given, tmp_path, how, most, steps):
    """Frames looked at and frames fetched are steps of one bar, which never goes back."""
    told = []
    picked(given, tmp_path, how, most, 0.4, progress=progress.Progress(lambda *values: told.append(values[:2])))
    assert told == steps


@pytest.mark.parametrize(("how", "searched"), [("scene cuts", 9), ("even", 0)])
def test_picking_can_be_stopped_while_frames_are_fetched(given, tmp_path, how, searched):
    told = []
    with pytest.raises(Stop):
        picked(given, tmp_path, how, 3, 0.4, progress=stopping_after(searched + 1, told))
    assert told[-1] == searched + 1


def test_no_keyframes_at_all(tmp_path):
    for how in ("scene cuts", "even"):
        with pytest.raises(InputError, match="give 1 or more"):
            picked(as_images(scenes()), tmp_path, how, 0, 0.4)


def test_unknown_ways_of_picking(tmp_path):
    with pytest.raises(InputError, match="choose one of scene cuts, even"):
        picked(as_images(scenes()), tmp_path, "best", 1, 0.4)


def encoded(film, quality):
    made = encoding.encoding_for(quality, probe(film))
    return made.suffix, made.codec, made.quality, made.depth, made.chroma


def test_how_films_are_written(tmp_path, film):
    assert encoded(film, "high") == (".mp4", "h264", 14, 8, "420")
    assert encoded(film, "medium") == (".mp4", "h264", 19, 8, "420")
    assert encoded(film, "lossless") == (".mp4", "h264", 0, 8, "444")
    odd = write_film(tmp_path / "odd.mkv", luma(1, height=63, width=95), "yuv444p")
    assert encoded(odd, "high") == (".mp4", "h264", 14, 8, "444")
    deep = write_film(tmp_path / "deep.mkv", luma(1, 12), "gray12le")
    assert encoded(deep, "high") == (".mp4", "h264", 14, 10, "420")
    assert encoded(deep, "lossless") == (".mkv", "ffv1", None, 12, "444")
    with pytest.raises(InputError, match="choose one of high, medium, lossless"):
        encoding.encoding_for("best", probe(film))


@pytest.fixture
def color_film(tiny_model, tmp_path):
    plan = references.reference_plan(torch.from_numpy(picture(1))[None])

    def run(film, part=None, working_size=64, saturation=1.0, states=None, **options):
        chosen = Settings(working_size=working_size, saturation=saturation)
        part, how = part or films.FilmPart(film), coloring.Coloring(plan, chosen, states=states)
        options = {"quality": "lossless"} | options
        return rendering.color_film(lambda *size: tiny_model, part, how, tmp_path / "temp", **options)

    return run


def test_luma_codes_go_through(color_film, film):
    done = color_film(film)
    assert done.state.number == COUNT
    assert done.report.startswith(f"Frames: {COUNT} (0 to {COUNT - 1})\nMean confidence: ")
    for before, after in zip(luma(COUNT), planes(done.path), strict=True):
        assert (before == after[0]).all()
        assert len(after) == 3


def test_a_film_that_was_stopped_goes_on(color_film, tmp_path):
    film = write_film(tmp_path / "long.mkv", luma(30, height=32, width=48))
    told = []
    with pytest.raises(Stop):
        color_film(film, progress=stopping_after(27, told))
    assert not list((tmp_path / "temp").glob("*.mp4"))
    told.clear()
    done = color_film(film, progress=progress.Progress(lambda done, *_: told.append(done)))
    assert told == list(range(25, 31))
    again = color_film(film)
    assert again.path != done.path  # a finished film is never written over: somebody may be reading it
    assert again.path.read_bytes() == done.path.read_bytes()


def test_a_failure_says_that_finished_frames_are_kept(color_film, tmp_path):
    film = write_film(tmp_path / "long.mkv", luma(40, height=32, width=48))
    content = film.read_bytes()
    film.write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(Exception, match=r"breaks off|stops") as caught:
        color_film(film)
    assert caught.value.__notes__ == ["Finished frames are kept: queue the workflow again to go on from there."]


def test_nothing_is_said_to_be_kept_where_nothing_is(color_film, tmp_path):
    """And where queueing again would not help."""
    film = write_film(tmp_path / "six.mkv", luma(6, height=32, width=48))
    state = color_film(film, films.FilmPart(film, 0, 1), working_size=72).state
    for part, options in ((films.FilmPart(film, 99, None), {}), (films.FilmPart(film, 2, None), {"state": state})):
        with pytest.raises(InputError) as caught:
            color_film(film, part, **options)
        assert not hasattr(caught.value, "__notes__")


def test_what_was_kept_is_told_again(color_film, tmp_path):
    """Also where a later try fails before its first frame."""
    film = write_film(tmp_path / "long.mkv", luma(30, height=32, width=48))
    with pytest.raises(Stop):
        color_film(film, progress=stopping_after(27, []))

    def fail():
        raise DeviceError("There is no room.")

    with pytest.raises(DeviceError) as caught:
        color_film(film, progress=progress.Progress(stop=fail))
    assert caught.value.__notes__ == ["Finished frames are kept: queue the workflow again to go on from there."]


def test_more_frames_than_the_film_has_are_all_of_them(color_film, tmp_path):
    film = write_film(tmp_path / "six.mkv", luma(6, height=32, width=48))
    assert len(planes(color_film(film, films.FilmPart(film, 0, 99)).path)) == 6
    assert len(planes(color_film(film, films.FilmPart(film, 4, 99)).path)) == 2


@pytest.mark.parametrize(("name", "codec"), [("film.mkv", "aac"), ("film.mkv", "pcm_s16le"), ("film.mov", "pcm_s16le")])
def test_sound_is_copied_into_a_container_that_takes_it(color_film, tmp_path, name, codec):
    """MP4 takes PCM in some layouts only; Matroska does not always say which a film has."""
    film = tmp_path / name
    with av.open(str(film), "w") as file:
        video, sound = file.add_stream("libx264", rate=25), file.add_stream(codec, rate=8000, layout="stereo")
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        picture = av.VideoFrame(64, 64, "yuv420p")
        picture.pts, picture.time_base = 0, Fraction(1, 25)
        for plane in picture.planes:
            plane.update(bytes(plane.buffer_size))
        file.mux([*video.encode(picture), *video.encode(None)])
        kind, silence = ("fltp", np.zeros((2, 1024), "f4")) if codec == "aac" else ("s16", np.zeros((1, 2048), "i2"))
        frame = av.AudioFrame.from_ndarray(silence, kind, "stereo")
        frame.sample_rate = 8000
        file.mux([*sound.encode(frame), *sound.encode(None)])
    done = color_film(film)
    if codec == "aac":
        assert done.path.suffix == ".mp4"
    with av.open(str(done.path)) as file:
        assert [stream.codec_context.name for stream in file.streams.audio] == [codec]
        assert sum(frame.samples for frame in file.decode(audio=0)) >= 1024


def test_another_saturation_needs_no_network(tiny_model, color_film, film, monkeypatch):
    store = MemoryStateCache()
    done = color_film(film, states=store)
    monkeypatch.setattr(Model, "prepare", None)
    gray = color_film(film, saturation=0.0, states=store)
    assert gray.path != done.path
    assert any((plane != 128).any() for frame in planes(done.path) for plane in frame[1:])
    assert all((plane == 128).all() for frame in planes(gray.path) for plane in frame[1:])
