import av
import numpy as np
import pytest
import torch
from exr_files import write
from PIL import Image

from vcnode.errors import InputError
from vcnode.training.config import load_config
from vcnode.training.film_data import FilmData, FilmFrame, GrayExcerpt, find_frames, read_excerpts, working_frames
from vcnode.training.smoke import make_film

SIZE = (64, 96)


class Still:
    """Says that nothing moves."""

    identity = "still"

    def __call__(self, first, second):
        return torch.zeros(len(first), 2, *first.shape[2:])


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "frames")


@pytest.fixture(scope="module")
def config():
    return load_config("finetune", [{"start": "lite", "data": {"frames": 3}}]).data


@pytest.fixture(scope="module")
def frames(film):
    return working_frames(find_frames(film)[:3], 64)


def test_frames_are_in_the_films_order_whatever_their_names_length(tmp_path):
    for name in ("shot_10.png", "shot_9.jpg", "notes.txt", ".shot_1.png"):
        path = tmp_path / name
        Image.new("RGB", (8, 8), "red").save(path) if name != "notes.txt" else path.write_text("")
    frames = find_frames(tmp_path)
    assert [(frame.path.name, frame.number) for frame in frames] == [("shot_9.jpg", 9), ("shot_10.png", 10)]


def test_pictures_without_numbers_count_by_their_place(tmp_path):
    for name in ("b.png", "a.png"):
        Image.new("RGB", (8, 8), "red").save(tmp_path / name)
    assert [(frame.path.name, frame.number) for frame in find_frames(tmp_path)] == [("a.png", 0), ("b.png", 1)]


def test_one_picture_is_too_few(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    with pytest.raises(InputError, match="nowhere cannot be read"):
        find_frames(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds 1 picture: fine-tuning takes two"):
        find_frames(tmp_path)


def test_two_pictures_of_one_frame_are_too_few(tmp_path):
    for name in ("sky_0007.png", "whole_7.png"):
        Image.new("RGB", (8, 8), "red").save(tmp_path / name)
    with pytest.raises(InputError, match=r"The 2 pictures in .* are all of frame 7: give those of two frames"):
        find_frames(tmp_path)


def test_frames_are_brought_to_one_working_size(frames):
    assert {tuple(frame.shape) for frame in frames} == {(1, 3, 64, 96)}


def test_gray_frames_and_frames_of_another_shape_are_refused(tmp_path, film):
    Image.new("L", (224, 160), 90).save(tmp_path / "gray.png")
    Image.new("RGB", (160, 224), "red").save(tmp_path / "tall.png")
    first = find_frames(film)[0]
    with pytest.raises(InputError, match=r"gray\.png is gray"):
        working_frames([first, FilmFrame(tmp_path / "gray.png", 1)], 64)
    with pytest.raises(InputError, match=r"tall\.png has 160x224 pixels .* coloured frames 224x160: .* one aspect"):
        working_frames([first, FilmFrame(tmp_path / "tall.png", 1)], 64)


def test_a_film_of_another_shape_than_the_frames_is_refused(tmp_path, film):
    Image.new("RGB", (160, 224), "red").save(tmp_path / "tall.png")
    with pytest.raises(InputError, match=r"frames has 224x160 pixels .* 160x224"):
        read_excerpts(film, [FilmFrame(tmp_path / "tall.png", 0)], 3, SIZE, Still())


@pytest.mark.parametrize("names", ["RGB", "Y"])
def test_excerpts_of_an_exr_film_are_as_light_as_it_looks(tmp_path, film, names):
    for number in range(3):
        write(tmp_path / "exr" / f"{number}.exr", {name: np.full((160, 224), 0.25, np.float32) for name in names})
    (excerpt,) = read_excerpts(tmp_path / "exr", find_frames(film), 3, SIZE, Still())
    assert excerpt.lightness.mean().item() == pytest.approx(116 * 0.25 ** (1 / 3) - 16, abs=0.05)  # CIE 15


def test_excerpts_of_the_gray_film_have_motion_and_their_nearest_frame(tmp_path, film):
    pytest.importorskip("cv2")
    from vcnode.training.optical_flow import DisFlow

    gray = make_film(tmp_path / "gray", gray=True, count=8)
    coloured = [FilmFrame(film / "frame_0000.png", 0), FilmFrame(film / "frame_0005.png", 7)]
    excerpts = read_excerpts(gray, coloured, 3, SIZE, DisFlow())
    assert len(excerpts) == 6
    assert [excerpt.nearest for excerpt in excerpts] == [0, 0, 0, 1, 1, 1]
    first = excerpts[0]
    assert first.lightness.shape == (3, 1, *SIZE)
    assert first.flow.shape == (2, 2, *SIZE)
    assert first.visible.shape == (2, 1, *SIZE)
    inside = first.flow[:, 0][first.visible[:, 0] > 0]
    assert inside.median().item() == pytest.approx(-3 * 96 / 224, abs=0.3)  # the film pans by 3 of its 224 pixels


def test_excerpts_are_spread_over_the_frames_there_are_whatever_the_sounds_length(tmp_path, film):
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("ffv1", rate=10, width=224, height=160, pix_fmt="yuv420p")
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        for number in range(20):
            codes = np.full((160, 224), 4 * number, np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(codes, "gray").reformat(format="yuv420p")))
        container.mux(picture.encode(None))
        for number in range(80):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
            silence.rate, silence.pts = 8000, 800 * number
            container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    excerpts = read_excerpts(path, find_frames(film), 3, SIZE, Still())
    assert len(excerpts) == 18  # each of them is one that can be begun with


def test_a_film_shorter_than_an_excerpt_is_refused(tmp_path, film):
    pytest.importorskip("cv2")
    from vcnode.training.optical_flow import DisFlow

    gray = make_film(tmp_path / "gray", gray=True, count=2)
    with pytest.raises(InputError, match="has 2 frames: give a film of 3 or more"):
        read_excerpts(gray, find_frames(film), 3, SIZE, DisFlow())


def batches(data, steps=3, size=4):
    return list(data.stream(0, steps, size, "cpu", 0, 0, 1))


def test_clips_show_a_frame_and_its_reference_another(frames, config):
    for batch in batches(FilmData(frames, config)):
        assert batch.lightness.shape == (4, 3, 1, *SIZE)
        assert batch.truth.shape == (4, 3, 3, *SIZE)
        assert batch.reference.shape == (4, 3, *SIZE)
        assert batch.flow.shape == (4, 2, 2, *SIZE)
        assert (batch.same_scene == 1).all()
        assert not torch.equal(batch.lightness, batch.truth[:, :, :1])


def test_a_step_is_a_function_of_its_number_and_ranks_share_it(frames, config):
    data = FilmData(frames, config)
    whole = batches(data, steps=2)[1]
    again = next(iter(data.stream(1, 1, 4, "cpu", 0, 0, 1)))
    halves = [next(iter(data.stream(1, 1, 2, "cpu", 0, rank, 2))) for rank in range(2)]
    for name, tensor in vars(whole).items():
        assert torch.equal(tensor, getattr(again, name))
        assert torch.equal(tensor, torch.cat([getattr(half, name) for half in halves]))


@pytest.mark.parametrize(("size", "world"), [(1, 1), (1, 2), (3, 1)])
def test_samples_alternate_over_steps_and_ranks(frames, config, size, world):
    excerpt = GrayExcerpt(torch.zeros(3, 1, *SIZE), torch.zeros(2, 2, *SIZE), torch.ones(2, 1, *SIZE), 0)
    data = FilmData(frames, config, [excerpt])
    streams = [data.stream(0, 4, size, "cpu", 0, rank, world) for rank in range(world)]
    seen = [kind for batches in zip(*streams, strict=True) for batch in batches for kind in batch.same_scene.tolist()]
    assert seen == [1, 0] * (len(seen) // 2)


def test_one_frame_is_its_own_reference_from_another_side(frames, config):
    for batch in batches(FilmData(frames[:1], config)):
        assert not any(torch.equal(reference, frames[0][0]) for reference in batch.reference)


def test_half_are_excerpts_of_the_gray_film_that_have_no_true_colours(tmp_path, film, frames, config):
    pytest.importorskip("cv2")
    from vcnode.training.optical_flow import DisFlow

    excerpts = read_excerpts(make_film(tmp_path / "gray", gray=True), find_frames(film)[:3], 3, SIZE, DisFlow())
    for batch in batches(FilmData(frames, config, excerpts)):
        assert batch.same_scene.tolist() == [1, 0, 1, 0]
        assert not batch.truth[1::2, :, 1:].any()
        assert np.isin(batch.lightness[1].numpy().mean(), [excerpt.lightness.numpy().mean() for excerpt in excerpts])
