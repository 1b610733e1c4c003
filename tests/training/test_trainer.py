import copy
import errno
import json
import math
import os
import shutil
from dataclasses import replace

import pytest
import torch

import vcnode
import vcnode.weights.files
from training.runs import EVERYTHING, Clips, SmallJudge, same_tree, settings, trainer
from vcnode.errors import Cancelled, InputError, ModelError
from vcnode.network.encoders import VGG19Encoder
from vcnode.training import run_setup
from vcnode.training.checkpoint import load_newest_state, saved_states
from vcnode.training.config import load_config
from vcnode.training.model_setup import write_weights
from vcnode.training.run_setup import prepare_run
from vcnode.training.settings import plain
from vcnode.training.smoke import make_photos
from vcnode.training.trainer import Diverged
from vcnode.weights import load_weights, save_weights


def stop_after(run, steps):
    with pytest.raises(Cancelled, match=f"Stopped after {steps} of .* --resume goes on from there"):
        run.run(cancelled=lambda: run.step == steps)


@pytest.mark.parametrize("changes", [{}, EVERYTHING], ids=["plain", "everything"])
def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path, changes, monkeypatch):
    monkeypatch.setattr(run_setup, "Discriminator", SmallJudge)
    config = settings(changes)
    straight = trainer(config, tmp_path / "straight")
    straight.run()
    stop_after(trainer(config, tmp_path / "broken"), 3)
    resumed = trainer(config, tmp_path / "broken", resume=True)
    assert resumed.step == 3
    resumed.run()
    assert resumed.data.asked == [3]
    one, other = (load_newest_state(tmp_path / name) for name in ("straight", "broken"))
    assert one["step"] == 4
    assert same_tree(one, other)
    assert same_tree(load_weights(straight.weights)[0], load_weights(resumed.weights)[0])


def test_a_resumed_run_sees_through_the_same_vgg_where_that_is_the_encoder(tmp_path):
    losses = {"perceptual": 1e-3, "smoothness": 0, "temporal": 0}
    config = settings({"losses": losses, "optimization": {"steps": 2, "batch": 1}})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(123)
        encoder = {name: tensor.half() for name, tensor in VGG19Encoder().state_dict().items()}
    path = save_weights(tmp_path / "vgg.safetensors", encoder, {})
    model = replace(load_config("paper").model, color_widths=(8, 8, 8, 8))
    config = replace(config, model=model, encoder=str(path))
    reports = []
    straight = trainer(config, tmp_path / "straight")
    straight.run(on_step=reports.append)
    assert reports[1].values["perceptual"] > 0
    stop_after(trainer(config, tmp_path / "broken"), 1)
    trainer(config, tmp_path / "broken", resume=True).run(on_step=reports.append)
    assert reports[1] == reports[2]


def test_what_is_trained_changes_and_the_rest_does_not(tmp_path):
    config = settings({"optimization": {"rates": {"head": 0}}})
    run = trainer(config, tmp_path)
    before = {name: tensor.clone() for name, tensor in run.learn.model.state_dict().items()}
    run.run()
    after = run.learn.model.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"color_net"}


def test_the_loss_falls(tmp_path):
    config = settings({"optimization": {"steps": 12}, "losses": {"temporal": 0}})

    class Same(Clips):
        def sample(self, number):
            return super().sample(number % 2)

    losses = []
    trainer(config, tmp_path, data=Same(config)).run(on_step=lambda report: losses.append(report.values["loss"]))
    assert len(losses) == 12
    assert losses[-1] < 0.9 * losses[0]


def test_parts_of_a_batch_teach_what_the_whole_does(tmp_path):
    results = []
    for parts in (1, 2):
        # A large eps makes Adam's step proportional to the gradient, so that rounding stays rounding.
        change = {"optimization": {"batch": 4, "accumulate": parts, "steps": 2, "solver": {"eps": 1.0}}}
        run = trainer(settings(change), tmp_path / str(parts))
        start = {name: tensor.clone() for name, tensor in run.learn.model.state_dict().items()}
        reports = []
        run.run(on_step=reports.append)
        moved = {name: tensor - start[name] for name, tensor in run.learn.model.state_dict().items()}
        results.append((moved, reports[-1].values))
    (whole, values), (parts, values_of_parts) = results
    assert values == pytest.approx(values_of_parts, rel=1e-4)
    largest = max(float(change.abs().max()) for change in whole.values())
    assert largest > 0
    assert all(torch.allclose(whole[name], parts[name], atol=1e-3 * largest) for name in whole)


def test_a_result_is_a_weights_file_that_says_how_it_was_made(tmp_path):
    config = settings({"data": {"photos": str(tmp_path / "private" / "photos")}, "output": {"half": True}})
    path = trainer(config, tmp_path / "run").run()
    assert path == tmp_path / "run" / "lite.safetensors"
    model = vcnode.load(path, device="cpu")
    assert model.config == config.model
    tensors, metadata = load_weights(path)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    told = json.loads(metadata["training"])
    assert told["steps"] == 4
    assert told["data"]["photos"] == "photos"
    assert "private" not in metadata["training"]


def test_the_mean_of_the_weights_is_what_is_written(tmp_path):
    run = trainer(settings(), tmp_path)
    run.run()
    written = load_weights(run.weights)[0]
    name = next(iter(run.learn.average.means))
    assert torch.equal(written[name], run.learn.average.means[name])
    assert not torch.equal(written[name], run.learn.model.state_dict()[name])


def test_a_killed_run_loses_the_steps_since_its_last_state(tmp_path):
    config = settings({"output": {"checkpoint_every": 2}})

    class Killed(Exception):
        pass

    def kill(report):
        if report.step == 3:
            raise Killed

    with pytest.raises(Killed):
        trainer(config, tmp_path / "killed").run(on_step=kill)
    resumed = trainer(config, tmp_path / "killed", resume=True)
    assert resumed.step == 2
    resumed.run()
    straight = trainer(config, tmp_path / "straight")
    straight.run()
    assert same_tree(straight.learn.state_dict(), resumed.learn.state_dict())
    log = (tmp_path / "killed" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2, 3, 4]


def test_a_run_killed_between_the_last_state_and_its_weights_writes_them_when_gone_on_with(tmp_path, monkeypatch):
    config = settings({"output": {"checkpoint_every": 2}})
    straight = trainer(config, tmp_path / "straight")
    straight.run()

    class Killed(Exception):
        pass

    def write(path, model, state, facts, **options):
        if facts["steps"] == 4:
            raise Killed
        return write_weights(path, model, state, facts, **options)

    with monkeypatch.context() as patch:
        patch.setattr("vcnode.training.trainer.write_weights", write)
        with pytest.raises(Killed):
            trainer(config, tmp_path / "killed").run()
    weights = trainer(config, tmp_path / "killed", resume=True).run()
    assert same_tree(load_weights(straight.weights)[0], load_weights(weights)[0])


def test_a_finished_run_writes_its_weights_as_settings_say_now(tmp_path):
    trainer(settings(), tmp_path).run()
    weights = trainer(settings({"output": {"half": True}}), tmp_path, resume=True).run()
    assert {tensor.dtype for tensor in load_weights(weights)[0].values()} == {torch.float16}


def test_a_loss_that_is_no_number_stops_the_run_before_harm(tmp_path):
    config = settings()
    run = trainer(config, tmp_path, data=Clips(config, broken_at=2))
    with pytest.raises(Diverged) as caught:
        run.run()
    state = saved_states(tmp_path)[-1]
    assert "'matching' of the loss was no finite number in step 3" in str(caught.value)
    assert str(state) in str(caught.value)
    saved = load_newest_state(tmp_path)
    assert saved["step"] == 2
    assert all(bool(torch.isfinite(tensor).all()) for tensor in saved["model"].values())
    resumed = trainer(config, tmp_path, resume=True)
    resumed.run()
    assert resumed.step == 4


def test_a_gradient_that_is_no_number_stops_the_run_too(tmp_path):
    run = trainer(settings(), tmp_path)
    run.learn.generator.parameters[0].register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(Diverged, match="'gradient'"):
        run.run()


def test_a_term_that_is_no_number_leaves_all_as_it_was_though_the_discriminator_went_first(tmp_path, monkeypatch):
    monkeypatch.setattr(run_setup, "Discriminator", SmallJudge)
    run = trainer(settings(EVERYTHING, {"optimization": {"accumulate": 1}}), tmp_path)
    terms = run.learn.objective.generator_terms
    run.learn.objective.generator_terms = lambda *batch: {**terms(*batch), "l1": torch.tensor(math.nan)}
    before = copy.deepcopy(run.learn.state_dict())
    with pytest.raises(Diverged, match=r"'l1' of the loss .* the network before that step is in "):
        run.run()
    saved = load_newest_state(tmp_path)
    assert {name for name in before if not same_tree(saved[name], before[name])} == set()


def test_neither_network_moves_where_a_gradient_is_no_number_in_a_later_step(tmp_path, monkeypatch):
    monkeypatch.setattr(run_setup, "Discriminator", SmallJudge)
    config = settings(EVERYTHING, {"optimization": {"gradient_limit": None}})
    straight = trainer(config, tmp_path / "straight")
    straight.run()
    run = trainer(config, tmp_path / "broken")
    run.learn.generator.parameters[0].register_hook(lambda gradient: gradient / (0 if run.step == 2 else 1))
    with pytest.raises(Diverged, match="'gradient' of the loss was no finite number in step 3"):
        run.run()
    trainer(config, tmp_path / "broken", resume=True).run()
    assert same_tree(*(load_newest_state(tmp_path / name) for name in ("straight", "broken")))


@pytest.mark.parametrize("name", [".state_00000001.safetensors.0f.tmp", ".log.jsonl.0f.tmp"])
def test_what_a_killed_run_left_is_removed_when_the_next_begins(tmp_path, name):
    leftover = tmp_path / name
    leftover.write_bytes(b"")
    run = trainer(settings(), tmp_path)
    run.run(on_step=lambda report: pytest.fail("it is still there") if leftover.exists() else None)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("material") / "photos")


def test_a_run_that_learnt_from_other_photos_cannot_be_resumed(tmp_path, photos):
    mine = shutil.copytree(photos, tmp_path / "photos")
    config = settings({"optimization": {"steps": 1, "batch": 1}, "data": {"photos": str(mine), "retrieved": 0}})
    prepare_run(config, tmp_path / "run", "cpu").run()
    moved = replace(config, data=replace(config.data, photos=photos))
    prepare_run(moved, tmp_path / "run", "cpu", resume=True)  # the same photos, elsewhere
    next(mine.rglob("*.png")).unlink()
    with pytest.raises(InputError, match=r"began with 'photos' 6 with digest \w+, which is now 5 with digest"):
        prepare_run(config, tmp_path / "run", "cpu", resume=True)


@pytest.mark.parametrize("name", ["start", "encoder"])
def test_a_run_that_began_with_other_weights_cannot_be_resumed(tmp_path, photos, name):
    config = settings({"optimization": {"steps": 1, "batch": 1}, "data": {"photos": str(photos), "retrieved": 0}})
    prepare_run(config, tmp_path, "cpu").run()
    before = getattr(config, name) or "none"
    with pytest.raises(InputError, match=f"began with '{name}' {before}, which is now other.safetensors"):
        prepare_run(replace(config, **{name: "weights/other.safetensors"}), tmp_path, "cpu", resume=True)


def test_another_runs_folder_is_not_overwritten(tmp_path):
    config = settings({"optimization": {"steps": 1}})
    trainer(config, tmp_path).run()
    with pytest.raises(InputError, match="holds a training run already: add --resume"):
        trainer(config, tmp_path)


def test_only_a_run_that_was_saved_can_be_resumed(tmp_path):
    with pytest.raises(ModelError, match="no saved state of a training run"):
        trainer(settings(), tmp_path, resume=True)


def test_a_run_of_another_network_cannot_be_resumed(tmp_path):
    trainer(settings({"optimization": {"steps": 1}}), tmp_path).run()
    with pytest.raises(InputError, match="with other settings"):
        trainer(settings({"model": {"head_width": 32}}), tmp_path, resume=True)


def test_a_run_can_be_resumed_with_other_rates_and_another_part_trained(tmp_path):
    stop_after(trainer(settings({"optimization": {"rates": {"head": 0}}}), tmp_path), 2)
    resumed = trainer(settings({"optimization": {"rates": {"color_net": 1e-5}}}), tmp_path, resume=True)
    head = {name: tensor.clone() for name, tensor in resumed.learn.model.head.state_dict().items()}
    resumed.run()
    rates = {group["lr"] for group in resumed.learn.generator.optimizer.param_groups}
    assert rates == {1e-3, 1e-5}
    assert any(not torch.equal(head[name], tensor) for name, tensor in resumed.learn.model.head.state_dict().items())


def test_a_run_can_be_resumed_with_frames_of_another_size_and_another_solver(tmp_path):
    stop_after(trainer(settings(EVERYTHING), tmp_path), 2)
    changes = {"data": {"height": 128}, "optimization": {"solver": {"amsgrad": False}}}
    resumed = trainer(settings(EVERYTHING, changes), tmp_path, resume=True)
    saved, own = load_newest_state(tmp_path)["judge"], resumed.learn.objective.discriminator.state_dict()
    begun_anew = {name for name, tensor in own.items() if tensor.shape != saved[name].shape}
    assert {name.partition(".")[0] for name in begun_anew} == {"last"}  # its kernel follows the frames' size
    assert all(torch.equal(tensor, saved[name]) for name, tensor in own.items() if name not in begun_anew)
    resumed.run()


def test_a_full_disk_is_a_sentence_and_the_state_before_is_kept(tmp_path, monkeypatch):
    config = settings({"output": {"checkpoint_every": 1}})
    run = trainer(config, tmp_path)

    def fill_the_disk(report):
        if report.step == 2:
            monkeypatch.setattr(vcnode.weights.files, "save", full)

    def full(*arguments, **names):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ModelError, match="No space left on device") as caught:
        run.run(on_step=fill_the_disk)
    kept = saved_states(tmp_path)
    assert [path.name for path in kept] == ["state_00000001.safetensors"]
    assert str(kept[0]) in caught.value.__notes__[0]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_trains_and_is_resumed(tmp_path, precision):
    config = settings({"optimization": {"precision": precision}})
    stop_after(trainer(config, tmp_path), 2)
    resumed = trainer(config, tmp_path, resume=True)
    assert (resumed.learn.scaler.get_scale() > 1) == (precision == "float16")
    resumed.run()
    assert all(bool(torch.isfinite(tensor).all()) for tensor in resumed.learn.model.state_dict().values())


def test_global_random_numbers_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(run_setup, "Discriminator", SmallJudge)
    before = torch.get_rng_state()
    trainer(settings(EVERYTHING, {"optimization": {"steps": 1}}), tmp_path).run()
    assert torch.equal(torch.get_rng_state(), before)


def test_settings_are_in_the_saved_state(tmp_path):
    config = settings({"optimization": {"steps": 1}})
    trainer(config, tmp_path).run()
    assert load_newest_state(tmp_path)["config"] == plain(config)
