import logging
import multiprocessing
import os
import pickle
import shutil
import signal
from dataclasses import fields, replace
from itertools import islice
from unittest import mock

import numpy as np
import PIL.Image
import pytest
import torch

from tests.training.conftest import photo
from vcnode.color import lab_to_rgb, rgb_to_lab
from vcnode.errors import InputError, ModelError
from vcnode.network.alignment import warp
from vcnode.training.data import DataConfig, FilmLook, TrainingData, build_index
from vcnode.training.data.filtering import MaterialFilter, measure
from vcnode.training.data.photos import cover_crop, open_photo, thumbnail
from vcnode.training.data.raw import RawBatch, collate
from vcnode.training.data.sampling import Sampler

from .pictures import LittleModel, filled, film, save

HEIGHT, WIDTH = 64, 88
CLEAN = FilmLook(noise=0, exposure=0, reference_noise=0)


class Still:
    """Says that nothing moves."""

    identity = "still"

    def __call__(self, first, second):
        return torch.zeros(len(first), 2, *first.shape[2:])


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    film(folder / "walk", [8, 8], 140, 180)
    film(folder / "ride", [12], 140, 180)
    return folder


@pytest.fixture
def config(photos):
    return DataConfig(photos=photos, height=HEIGHT, width=WIDTH, scenes=1)


@pytest.fixture
def everything(config, videos):
    look = FilmLook(grain=2, tone=0.1, blur=0.3, light=0.2)
    return replace(config, videos=videos, frames=3, frame_step=2, same_scene=0.5, ground_truth=0.3, film=look)


def data(config):
    return TrainingData(config, Still())


def same(one, other):
    return all(torch.equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


@pytest.mark.parametrize("frames", [2, 4])
def test_a_batch_is_as_the_contract_says(everything, frames):
    batch = data(replace(everything, frames=frames)).batch(0, 6)
    assert batch.lightness.shape == (6, frames, 1, HEIGHT, WIDTH)
    assert batch.truth.shape == (6, frames, 3, HEIGHT, WIDTH)
    assert batch.reference.shape == (6, 3, HEIGHT, WIDTH)
    assert batch.same_scene.shape == (6,)
    assert batch.flow.shape == (6, frames - 1, 2, HEIGHT, WIDTH)
    assert batch.visible.shape == (6, frames - 1, 1, HEIGHT, WIDTH)
    for field in fields(batch):
        tensor = getattr(batch, field.name)
        assert tensor.dtype == torch.float32
        assert torch.isfinite(tensor).all()
    assert 0 <= batch.lightness.min() <= batch.lightness.max() <= 100
    for lab in (batch.truth.flatten(0, 1), batch.reference):
        assert -0.01 <= lab[:, 0].min() <= lab[:, 0].max() <= 100.01
        assert -128 <= lab[:, 1:].min() < lab[:, 1:].max() <= 127
    assert set(batch.same_scene.tolist()) <= {0.0, 1.0}
    assert set(batch.visible.unique().tolist()) <= {0.0, 1.0}


def test_a_batch_follows_from_settings_and_step_alone(everything):
    one, other = data(everything), data(everything)
    first = one.batch(3, 4)
    one.batch(7, 2)
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(other.batch(3, 4), first)
    assert same(one.batch(3, 4), first)
    assert not torch.equal(one.batch(4, 4).truth, first.truth)
    assert not torch.equal(data(replace(everything, seed=1)).batch(3, 4).truth, first.truth)


def test_making_batches_leaves_the_global_random_numbers_alone(everything):
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    data(everything).batch(0, 4)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_gives_the_same_batches_bit_for_bit_with_any_number_of_workers(everything, workers):
    made = data(everything)
    stream = list(made.stream(5, 3, 4, workers=workers))
    assert len(stream) == 3
    for step, batch in enumerate(stream, start=5):
        assert same(batch, made.batch(step, 4))


def test_a_stream_may_be_left_early(everything):
    made = data(everything)
    assert len(list(islice(made.stream(0, 100, 2, workers=1), 2))) == 2
    assert not multiprocessing.active_children()


@pytest.mark.skipif(os.name == "nt", reason="there, a terminated process cannot object")
def test_a_signal_to_all_processes_leaves_the_stream_whole(everything):
    stream = data(everything).stream(0, 6, 2, workers=1)
    next(stream)
    for worker in multiprocessing.active_children():
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(worker.pid, number)
    assert len(list(stream)) == 5
    assert not multiprocessing.active_children()


def test_ranks_share_the_samples_of_one_process(config):
    made = data(replace(config, scenes=0))
    whole = made.batch(2, 4)
    parts = [made.batch(2, 2, rank, 2) for rank in range(2)]
    for field in fields(whole):
        joined = torch.cat([getattr(part, field.name) for part in parts])
        assert torch.allclose(joined, getattr(whole, field.name), atol=1e-3)


def test_what_there_is_to_learn_from_is_told_by_names_and_not_by_folders(everything, videos, tmp_path):
    told = data(everything).material
    assert told["photos"].startswith("6 with digest ")
    assert told["videos"].startswith("2 with digest ")
    moved = shutil.copytree(videos, tmp_path / "videos")
    assert data(replace(everything, videos=moved)).material == told
    (moved / "ride").rename(moved / "drive")
    assert data(replace(everything, videos=moved)).material == {**told, "videos": mock.ANY}
    assert data(replace(everything, videos=moved)).material != told


def test_a_photo_at_a_thresholds_edge_is_used_alike_whatever_was_read_before(tmp_path):
    grainy = np.clip(np.random.default_rng(0).normal(110, 90, (1100, 1100, 3)), 0, 255).astype(np.uint8)
    edge = save(PIL.Image.fromarray(grainy), tmp_path / "class" / "edge.jpg", quality=85)
    save(photo(1), tmp_path / "class" / "other.jpg")
    coarse, fine = (measure(thumbnail(open_photo(edge, side)[0])).chroma for side in (128, 160))  # reference, photo
    assert coarse != fine
    threshold = MaterialFilter(contrast=0, chroma=(coarse + fine) / 2)
    config = DataConfig(photos=tmp_path, height=64, width=128, retrieved=1, same_scene=0, filter=threshold)
    unbroken = list(data(config).stream(0, 8, 2))
    assert all(same(data(config).batch(step, 2), batch) for step, batch in enumerate(unbroken))


def test_samples_keep_their_order_whatever_their_kinds(everything):
    made = data(everything)
    kinds = [Sampler(everything).sample(number).kind for number in range(6)]
    assert kinds != sorted(kinds)
    whole = made.batch(0, 6)
    for number in range(6):
        alone = made.batch(number, 1)
        assert torch.allclose(alone.truth[0], whole.truth[number], atol=1e-2)
        assert torch.allclose(alone.reference[0], whole.reference[number], atol=1e-2)
        assert alone.same_scene[0] == whole.same_scene[number]


def test_what_workers_are_sent_and_send_back_can_be_pickled(everything):
    sampler = pickle.loads(pickle.dumps(Sampler(everything)))
    raw = collate([sampler.sample(number) for number in range(4)])
    again = pickle.loads(pickle.dumps(raw))
    assert isinstance(again, RawBatch)
    assert [group.kind for group in again.groups] == [group.kind for group in raw.groups]


def test_every_kind_of_clip_and_reference_is_drawn_by_its_weight(everything):
    config = replace(everything, pseudo_motion=2, scenes=1, video=1, retrieved=2, same_scene=1, ground_truth=1)
    sampler = Sampler(config)
    samples = [sampler.sample(number) for number in range(200)]
    kinds = [sample.kind for sample in samples]
    assert kinds.count("pseudo_motion") == pytest.approx(100, abs=25)
    assert kinds.count("scenes") == pytest.approx(50, abs=20)
    assert kinds.count("video") == pytest.approx(50, abs=20)
    of_photos = [sample.reference_kind for sample in samples if sample.kind != "video"]
    assert of_photos.count("retrieved") == pytest.approx(len(of_photos) / 2, abs=25)
    # Clips are in no class of the photos: there is nothing to retrieve.
    assert {sample.reference_kind for sample in samples if sample.kind == "video"} == {"same_scene", "ground_truth"}


def test_the_next_frame_follows_the_flow_in_every_batch(config):
    batch = data(replace(config, frames=3)).batch(0, 12)
    followed = warp(batch.truth[:, 1:].flatten(0, 1), batch.flow.flatten(0, 1)).view_as(batch.truth[:, 1:])
    assert ((followed - batch.truth[:, :-1]).abs() * batch.visible).mean() < 0.3
    assert batch.visible.mean() > 0.7


def test_the_lightness_is_the_truths_with_film_on_it(config):
    clean = data(replace(config, film=CLEAN)).batch(0, 4)
    assert torch.allclose(clean.lightness, clean.truth[:, :, :1].clamp(0, 100), atol=1e-3)
    noisy = data(replace(config, film=FilmLook(noise=2, exposure=0))).batch(0, 4)
    assert torch.equal(noisy.truth, clean.truth)
    assert (noisy.lightness - clean.lightness).std() == pytest.approx(2, rel=0.2)


def test_a_reference_that_is_the_frame_itself_has_noise(config):
    only = replace(config, retrieved=0, same_scene=0, ground_truth=1)
    clean = data(replace(only, film=CLEAN)).batch(0, 3)
    assert torch.allclose(clean.reference, clean.truth[:, -1], atol=1e-3)
    noisy = data(replace(only, film=FilmLook(reference_noise=4))).batch(0, 3)
    assert (noisy.reference - clean.reference)[:, 1:].std() == pytest.approx(4, rel=0.1)
    assert (noisy.same_scene == 1).all()


def test_another_view_of_a_video_is_a_frame_of_its_shot(config, videos):
    only = replace(
        config, photos=None, videos=videos, retrieved=0, same_scene=1, ground_truth=0, film=CLEAN, flip=False
    )
    batch = data(only).batch(0, 6)
    assert (batch.same_scene == 1).all()
    for reference, frames in zip(batch.reference, batch.truth, strict=True):
        shades = [each[1:].mean(dim=(1, 2)) for each in (reference, frames[0])]
        assert (shades[0] - shades[1]).abs().max() < 12


def test_without_an_index_references_come_from_the_class(config, photos):
    only = replace(config, retrieved=1, same_scene=0, ground_truth=0, film=CLEAN, flip=False)
    sampler = Sampler(only)
    shown = {path: np.asarray(photo(int(path.stem))) for path in photos.rglob("*.jpg")}
    classes = {}
    for number in range(12):
        sample = sampler.sample(number)
        assert sample.reference_kind == "retrieved"
        reference = sample.reference.permute(1, 2, 0).numpy().mean(axis=(0, 1))
        name = min(shown, key=lambda path: np.abs(shown[path].mean(axis=(0, 1)) - reference).sum())
        classes.setdefault(name.parent.name, set()).add(name.name)
    assert set(classes) == {"meadow", "harbour"}


def test_with_an_index_references_are_the_most_similar_photos(tmp_path):
    for number in range(4):
        save(photo(number), tmp_path / "photos" / "class" / f"{number}a.png")
        save(photo(number).point(lambda code: 0.95 * code), tmp_path / "photos" / "class" / f"{number}b.png")
    build_index(tmp_path / "photos", LittleModel(), tmp_path / "index")
    config = DataConfig(
        photos=tmp_path / "photos",
        index=tmp_path / "index",
        height=HEIGHT,
        width=WIDTH,
        neighbours=1,
        retrieved=1,
        same_scene=0,
        ground_truth=0,
        film=CLEAN,
        flip=False,
    )
    batch = data(config).batch(0, 8)
    assert (batch.same_scene == 0).all()
    coarse = torch.nn.functional.adaptive_avg_pool2d
    assert (coarse(batch.reference, 6) - coarse(batch.truth[:, 0], 6)).abs().mean() < 6


def test_photos_of_unpaired_classes_are_never_references(config):
    made = data(replace(config, unpaired=("meadow", "harbour"), retrieved=1, same_scene=0, ground_truth=0))
    assert (made.batch(0, 6).same_scene == 1).all()


def test_a_photo_is_never_its_own_reference(config, tmp_path):
    save(photo(0), tmp_path / "class" / "alone.png")
    made = data(replace(config, photos=tmp_path, retrieved=1, same_scene=0, ground_truth=0))
    assert (made.batch(0, 4).same_scene == 1).all()


def test_mirrored_pictures_are_drawn_only_where_asked_for(config, tmp_path):
    save(photo(0), tmp_path / "class" / "one.png")
    plain = replace(config, photos=tmp_path, scenes=0, retrieved=0, same_scene=1, film=CLEAN)
    whole = torch.tensor(cover_crop(photo(0), HEIGHT, WIDTH)).permute(2, 0, 1)[None]
    truth = rgb_to_lab(whole.float() / 255)[0]
    for flip, least in ((False, 0), (True, 3)):
        first = data(replace(plain, flip=flip)).batch(0, 12).truth[:, 0]
        mirrored = (first.flip(-1) - truth).abs().mean(dim=(1, 2, 3)) < (first - truth).abs().mean(dim=(1, 2, 3))
        assert least <= mirrored.sum() <= 9 * flip


def test_photos_that_cannot_be_used_are_passed_over_and_unreadable_ones_named_once(config, tmp_path, caplog):
    for number in range(2):
        save(photo(number), tmp_path / "class" / f"{number}.png")
    (tmp_path / "class" / "broken.jpg").write_bytes(b"no picture")
    save(filled(90, 90, 90), tmp_path / "class" / "gray.png")
    made = data(replace(config, photos=tmp_path))
    with caplog.at_level(logging.WARNING, "vcnode"):
        batches = list(made.stream(0, 3, 8, workers=1)) + list(made.stream(0, 3, 8))
    assert sum("broken.jpg" in message for message in caplog.messages) == 1
    assert all(batch.truth[:, :, 1:].std() > 5 for batch in batches)


@pytest.mark.parametrize("workers", [0, 1])
def test_material_of_which_nothing_can_be_used_is_an_error_in_a_sentence(config, tmp_path, workers):
    save(filled(90, 90, 90), tmp_path / "class" / "gray.png")
    made = data(replace(config, photos=tmp_path))
    with pytest.raises(InputError, match=r"^None of the photos in .* can be used: .*thresholds \(data\.filter\)\.$"):
        next(made.stream(0, 1, 2, workers=workers))


def test_clips_of_which_none_can_be_used_are_an_error(config, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    made = data(replace(config, photos=None, videos=tmp_path))
    with pytest.raises(InputError, match="None of the clips"):
        made.batch(0, 1)


def test_an_index_of_other_photos_is_refused(config, tmp_path):
    save(photo(0), tmp_path / "photos" / "class" / "one.png")
    build_index(tmp_path / "photos", LittleModel(), tmp_path / "index")
    with pytest.raises(InputError, match="train index"):
        data(replace(config, index=tmp_path / "index"))


def test_motion_is_found_where_the_training_runs_by_what_takes_frames_of_that_size(config, videos, monkeypatch):
    asked = []
    monkeypatch.setattr("vcnode.training.data.dataset.find_flow_estimator", lambda **options: asked.append(options))
    TrainingData(replace(config, videos=videos), device="cuda:1")
    assert asked == [{"device": "cuda:1", "size": (HEIGHT, WIDTH)}]


class Counting:
    """Says that all moves as bright as it is, and counts how often it was asked."""

    identity = "counting"

    def __init__(self):
        self.calls = 0

    def __call__(self, first, second):
        self.calls += 1
        return torch.cat((first[:, :1], second[:, :1]), dim=1)


@pytest.fixture
def wide_film(config, tmp_path):
    film(tmp_path / "wide" / "walk", [4], 128, 320)
    return replace(config, photos=None, videos=tmp_path / "wide", retrieved=0, film=CLEAN, frames=3)


def test_the_motion_of_a_pair_of_frames_is_found_once_whatever_part_of_them_is_drawn(wide_film, tmp_path):
    estimators = [Counting() for _ in range(3)]
    kept = replace(wide_film, flows=tmp_path / "flows")
    first, again = (TrainingData(kept, estimator) for estimator in estimators[:2])
    batches = [first.batch(step, 4) for step in range(6)]
    assert estimators[0].calls == 2 * 3  # forwards and backwards
    assert all(same(again.batch(step, 4), batch) for step, batch in enumerate(batches))
    assert estimators[1].calls == 0
    anew = TrainingData(wide_film, estimators[2])
    for step, batch in enumerate(batches):
        found = anew.batch(step, 4)
        assert torch.equal(found.truth, batch.truth)
        assert torch.allclose(found.flow, batch.flow, atol=1e-3)  # kept ones are in half precision


def test_the_motion_of_a_part_follows_it_mirrored_or_not(wide_film):
    batch = TrainingData(wide_film, Counting()).batch(0, 12)
    red = lab_to_rgb(batch.truth.flatten(0, 1)).view_as(batch.truth)[:, :, 0]
    across, down = batch.flow.unbind(2)
    assert torch.allclose(across.abs(), red[:, :-1], atol=2e-3)
    assert torch.allclose(down, red[:, 1:], atol=2e-3)
    assert set(across.flatten(1).sum(dim=1).sign().tolist()) == {-1.0, 1.0}


def test_clips_of_several_shapes_share_a_batch(wide_film, videos):
    film(wide_film.videos / "tall", [4], 260, 150)
    batch = data(wide_film).batch(0, 12)
    assert batch.truth.shape == (12, 3, 3, HEIGHT, WIDTH)
    for number in range(3):
        alone = data(wide_film).batch(number, 1)
        assert torch.allclose(alone.truth[0], batch.truth[number], atol=1e-2)


def test_videos_need_something_that_finds_motion(config, videos, monkeypatch):
    def none_here(**options):
        raise ModelError("There is no optical flow.")

    monkeypatch.setattr("vcnode.training.data.dataset.find_flow_estimator", none_here)
    with pytest.raises(ModelError):
        TrainingData(replace(config, videos=videos))
    TrainingData(config)
