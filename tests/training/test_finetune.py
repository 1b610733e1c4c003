import json
import shutil

import pytest
import torch
from PIL import Image

import vcnode
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.training import finetune as module
from vcnode.training.film_data import FilmFrame
from vcnode.training.finetune import finetune, split_frames
from vcnode.training.smoke import make_film
from vcnode.weights import load_weights, save_weights

SHORT = [{"optimization": {"steps": 2, "batch": 2, "warm_up": 0}, "data": {"frames": 2}, "output": {"sheet_every": 0}}]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "frames")


@pytest.fixture(scope="module")
def start(tiny_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    config = tiny_model.config.to_dict() | {"working_size": 64}
    return save_weights(path, tiny_model.state_dict(), {"config": json.dumps(config)})


@pytest.fixture
def scores(monkeypatch):
    """Decide what the frames that were kept back score before and after."""

    def decide(before, after):
        given = iter((before, after))
        monkeypatch.setattr(module, "colors_score", lambda *arguments: next(given))

    return decide


def weights_of(path):
    return vcnode.load(path, device="cpu").state_dict()


def test_a_film_gets_weights_of_its_own_that_say_what_they_are(film, start, tmp_path, scores):
    scores(30.0, 31.5)
    result = finetune(film, tmp_path / "film.safetensors", model=str(start), changes=SHORT)
    assert (result.before, result.after, result.is_tuned) == (30.0, 31.5, True)
    told = json.loads(load_weights(result.weights)[1]["training"])
    assert told["fine_tuned"]
    assert told["start"] == "tiny"
    assert told["frames"] == [f"frame_{number:04d}.png" for number in (0, 1, 2, 4, 5)]
    assert told["kept_back"] == [path.name for path in result.kept_back] == ["frame_0003.png"]
    assert (told["ab_psnr_before"], told["ab_psnr_after"]) == (30.0, 31.5)
    before, after = weights_of(start), weights_of(result.weights)
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name].half().float(), after[name])}
    assert changed == {"head", "color_net"}


def test_what_colours_worse_is_not_kept(film, start, tmp_path, scores):
    scores(30.0, 29.9)
    result = finetune(film, tmp_path / "film.safetensors", model=str(start), changes=SHORT)
    assert not result.is_tuned
    before, after = weights_of(start), weights_of(result.weights)
    assert all(torch.equal(before[name].half().float(), after[name]) for name in before)
    assert not json.loads(load_weights(result.weights)[1]["training"])["fine_tuned"]


def test_unless_that_is_wanted(film, start, tmp_path, scores):
    scores(30.0, 29.9)
    result = finetune(film, tmp_path / "film.safetensors", model=str(start), changes=SHORT, keep_anyway=True)
    assert result.is_tuned
    assert not torch.equal(weights_of(start)["head.project.weight"], weights_of(result.weights)["head.project.weight"])


def test_nothing_is_loaded_on_another_device_than_the_one_asked_for(film, start, tmp_path, scores, monkeypatch):
    devices = []

    def load(source, device="auto"):
        devices.append(device)
        return vcnode.load(source, "cpu")

    monkeypatch.setattr(module, "load", load)
    scores(30.0, 31.0)
    finetune(film, tmp_path / "film.safetensors", model=str(start), device="cpu", changes=SHORT)
    assert set(devices) == {"cpu"}


def test_a_run_that_was_stopped_goes_on(film, start, tmp_path, scores):
    scores(30.0, 31.0)
    output, seen = tmp_path / "film.safetensors", []
    with pytest.raises(Cancelled):
        finetune(film, output, model=str(start), changes=SHORT, on_step=seen.append, cancelled=lambda: len(seen) == 1)
    assert not output.exists()
    finetune(film, output, model=str(start), changes=SHORT, on_step=seen.append, resume=True)
    assert [report.step for report in seen] == [1, 2]
    finetune_again = [path.name for path in (tmp_path / "film.training").glob("state_*")]
    assert finetune_again == []  # so that the same command can be given again


@pytest.mark.parametrize("name", ["frame_0000.png", "frame_0003.png"])  # learnt, and kept back
def test_gray_and_unreadable_frames_are_refused_before_anything_is_trained(film, start, tmp_path, name):
    frames = shutil.copytree(film, tmp_path / "frames")
    output = tmp_path / "film.safetensors"
    Image.new("L", (224, 160), 90).save(frames / name)
    with pytest.raises(InputError, match=f"{name} is gray"):
        finetune(frames, output, model=str(start), changes=SHORT)
    (frames / name).write_bytes(b"no picture")
    with pytest.raises(MediaError, match=name):
        finetune(frames, output, model=str(start), changes=SHORT)
    assert not (tmp_path / "film.training").exists()


def test_a_run_is_not_gone_on_with_when_other_frames_or_another_model_are_given(film, start, tmp_path, scores):
    frames, output, seen = shutil.copytree(film, tmp_path / "frames"), tmp_path / "film.safetensors", []
    with pytest.raises(Cancelled):
        finetune(frames, output, model=str(start), changes=SHORT, on_step=seen.append, cancelled=lambda: bool(seen))
    tensors, metadata = load_weights(start)
    other = save_weights(tmp_path / "other.safetensors", {n: t + 0.01 for n, t in tensors.items()}, metadata)
    with pytest.raises(InputError, match=r"began with 'model' tiny with SHA-256 \w+, which is now other with SHA-256"):
        finetune(frames, output, model=str(other), changes=SHORT, resume=True)
    (frames / "frame_0000.png").unlink()
    with pytest.raises(InputError, match=r"began with 'frames' 6 with digest \w+, which is now 5 with digest"):
        finetune(frames, output, model=str(start), changes=SHORT, resume=True)
    shutil.copy(film / "frame_0000.png", frames)
    scores(30.0, 31.0)
    assert finetune(frames, output, model=str(start), changes=SHORT, resume=True).is_tuned


def test_settings_that_would_change_nothing_are_refused(film, start, tmp_path):
    with pytest.raises(InputError, match=r"'data\.height' has no meaning for fine-tuning: of 'data' there are frames"):
        finetune(film, tmp_path / "film.safetensors", model=str(start), changes=[*SHORT, {"data": {"height": 64}}])


def test_the_motion_of_the_gray_film_is_found_once_where_a_folder_keeps_it(film, start, tmp_path, scores, monkeypatch):
    pairs = []

    class Still:
        identity = "still"

        def __call__(self, first, second):
            pairs.append(len(first))
            return torch.zeros(len(first), 2, *first.shape[2:])

    monkeypatch.setattr(module, "find_flow_estimator", lambda **options: Still())
    gray, output, seen = make_film(tmp_path / "gray", gray=True), tmp_path / "film.safetensors", []
    given = {"model": str(start), "clip": gray, "changes": [*SHORT, {"data": {"flows": str(tmp_path / "flows")}}]}
    with pytest.raises(Cancelled):
        finetune(film, output, **given, on_step=seen.append, cancelled=lambda: bool(seen))
    assert sum(pairs) == 2 * 5  # forwards and backwards, between 6 frames
    scores(30.0, 31.0)
    assert finetune(film, output, **given, resume=True).is_tuned
    assert sum(pairs) == 2 * 5


def test_what_a_killed_process_left_of_the_weights_is_removed(film, start, tmp_path, scores):
    scores(30.0, 31.0)
    leftover, other = (tmp_path / f".{name}.safetensors.0f.tmp" for name in ("film", "other"))
    for path in (leftover, other):
        path.write_bytes(b"")
    finetune(film, tmp_path / "film.safetensors", model=str(start), changes=SHORT)
    assert other.exists()
    assert not leftover.exists()


@pytest.mark.parametrize("name", ["start", "encoder"])
def test_what_is_begun_with_is_said_by_the_model_alone(film, start, tmp_path, name):
    with pytest.raises(InputError, match="begins with the whole of --model: leave 'start' and 'encoder' out"):
        finetune(film, tmp_path / "film.safetensors", model=str(start), changes=[*SHORT, {name: "random"}])


def test_scores_are_ab_psnr_after_the_nearest_frames(film, start):
    frames = [FilmFrame(path, number) for number, path in enumerate(sorted(film.iterdir()))]
    score = module.colors_score(vcnode.load(start, device="cpu"), frames[2:3], frames[:2] + frames[3:])
    assert 5 < score < 60


@pytest.mark.parametrize(("count", "kept_back"), [(2, [1]), (3, [1]), (6, [3]), (10, [2, 7]), (15, [2, 7, 12])])
def test_one_frame_in_five_is_kept_back_across_the_film(tmp_path, count, kept_back):
    frames = [FilmFrame(tmp_path / str(number), number) for number in range(count)]
    learnt, judged = split_frames(frames)
    assert [frame.number for frame in judged] == kept_back
    assert sorted(frame.number for frame in learnt + judged) == list(range(count))


def test_two_pictures_of_one_frame_are_both_kept_back_or_both_learnt(tmp_path):
    frames = [FilmFrame(tmp_path / f"{name}_{number}", number) for number in range(3) for name in ("whole", "sky")]
    learnt, judged = split_frames(frames)
    assert [frame.number for frame in learnt] == [0, 0, 2, 2]
    assert [frame.number for frame in judged] == [1, 1]


def test_the_output_is_a_weights_file(film, tmp_path):
    with pytest.raises(InputError, match="is no weights file: give a name that ends in"):
        finetune(film, tmp_path / "film.mp4")


def test_a_finished_run_is_not_gone_on_with(film, start, tmp_path):
    (tmp_path / "film.safetensors").write_bytes(start.read_bytes())
    with pytest.raises(InputError, match="is finished, there is nothing to go on with"):
        finetune(film, tmp_path / "film.safetensors", model=str(start), changes=SHORT, resume=True)
