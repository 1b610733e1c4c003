"""`vcnode train`, in this process."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from training.runs import SMALL, same_tree

import vcnode
from vcnode.cli import main
from vcnode.cli.training_display import TrainingDisplay
from vcnode.training.checkpoint import load_newest_state
from vcnode.training.settings import merged
from vcnode.training.smoke import make_film, make_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photos(tmp_path_factory.mktemp("material") / "photos")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(merged(SMALL, {"data": {"same_scene": 1, "retrieved": 0}})), encoding="utf-8")
    return path


def train(*arguments: Any) -> int:
    return main(["train", *map(str, arguments), "--device=cpu"])


def test_a_configuration_and_photos_are_trained_to_weights(
    config: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(config, "--photos", photos, "-o", run, "--steps", 2, "--set", "output.sheet_every=1") == 0
    out, err = capsys.readouterr()
    assert out == f"{run / 'lite.safetensors'}\n"
    assert "training lite on cpu: 2 steps of 2 clips, 64x64, 2 frames" in err
    assert vcnode.load(run / "lite.safetensors", device="cpu").config.head_width == 16
    assert [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] == [1, 2]
    assert len(list((run / "sheets").glob("*.png"))) == 2


def test_a_preset_takes_material_by_options(photos: Path, tmp_path: Path) -> None:
    small = ["model.head_width=16", "model.color_widths=[8,8,8,8]", "data.height=64", "data.width=128", "data.frames=2"]
    changes = [part for change in small for part in ("--set", change)]
    files = ["--photos", photos, "--encoder", "random", "--loss-network", "random", "-o", tmp_path / "run"]
    assert train("lite", *files, "--steps", 1, *changes, "--quiet") == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_the_state_and_resuming_equals_an_unbroken_run(
    config: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    code: int,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            TrainingDisplay, "step", lambda self, report: signal.raise_signal(number) if report.step == 2 else None
        )
        assert train(config, "--photos", photos, "-o", tmp_path / "broken") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Stopped after 2 of 4 steps, as asked; the same command with --resume goes on from there." in err
    assert "Traceback" not in err
    assert train("-o", tmp_path / "broken", "--resume") == 0  # the settings are in the saved state
    assert "going on after step 2" in capsys.readouterr().err
    assert train(config, "--photos", photos, "-o", tmp_path / "straight") == 0
    assert same_tree(*(load_newest_state(tmp_path / name) for name in ("straight", "broken")))


def test_a_loss_that_is_no_number_is_a_sentence(
    config: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(config, "--photos", photos, "-o", run, "--set", "losses.l1=1e39") == 1
    err = capsys.readouterr().err
    assert "The 'l1' of the loss was no finite number in step 1" in err
    assert str(run / "state_00000000.safetensors") in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give one of CONFIG"),
        (["lite", "--smoke"], "give one of CONFIG"),
        (["index"], "takes a folder of photos"),
        (["lite", "photos"], "takes a folder of photos"),
        (["lite"], "give --output, a folder for the run"),
        (["--finetune", "frames"], "give --output, a weights file"),
        (["lite", "-o", "run", "--step", "x"], "invalid int value"),
        (["lite", "-o", "run", "--clip", "film.mkv"], "--clip has no meaning for `vcnode train CONFIG`: leave it out"),
        (["lite", "-o", "run", "--model", "lite"], "--model has no meaning for `vcnode train CONFIG`"),
        (["--resume", "-o", "run", "--keep-anyway"], "--keep-anyway has no meaning for `vcnode train CONFIG`"),
        (["--finetune", "frames", "-o", "film.safetensors", "--photos", "p"], "--photos has no meaning for"),
        (["index", "photos", "--steps", "3"], "--steps has no meaning for `vcnode train index`"),
        (["--smoke", "-o", "run"], "--output has no meaning for `vcnode train --smoke`"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(*arguments) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("task", ["--finetune frames -o film.safetensors", "index photos", "--smoke"])
def test_what_one_process_does_is_not_done_by_several(
    task: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0"}.items():  # as torchrun sets them
        monkeypatch.setenv(name, value)
    assert train(*task.split()) == 2
    assert f"`vcnode train {task.split()[0]}` is the work of one process" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.yaml"], "'nowhere.yaml' cannot be read"),
        (["lite"], "Nothing says where the weights of the encoder of 'lite' come from"),
        (["lite", "--encoder", "random"], "look through a VGG: give its file"),
        (["lite", "--encoder", "random", "--loss-network", "random"], "nothing to train on: give data.photos"),
        (["lite", "--encoder", "nowhere"], "nowhere does not exist"),
        (["lite", "--set", "optimisation.steps=1"], "no setting 'optimisation'"),
        (["lite", "--set", "steps"], "write key=value"),
        (["lite", "--start", "heavy"], "no model 'heavy'"),
        (["--resume"], "no saved state of a training run"),
        (["--finetune", "nowhere"], "is no weights file"),
        (
            ["index", "photos", "--set", "dta.filter.side=4000"],
            "'dta' has no meaning for an index: there are data.filter",
        ),
        (["index", "photos", "--set", "data.height=64"], "'data.height' has no meaning for an index"),
        (["index", "photos", "--set", "data.filter.sid=4000"], "no setting 'data.filter.sid'"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*arguments, "-o", tmp_path / "run") == 1
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_photos_are_indexed(weights: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = tmp_path / "photos.safetensors"
    assert train("index", photos, "-o", index, "--model", weights) == 0
    out, err = capsys.readouterr()
    assert out == f"{index}\n"
    assert "6 photos and 0 clips with their most similar photos" in err
    assert index.is_file()
    assert train("index", photos, "-o", index, "--model", weights, "--set", "data.filter.chroma=1000") == 1
    assert "None of the 6 pictures" in capsys.readouterr().err


def test_what_an_index_leaves_out_is_counted_and_each_unreadable_file_named_once(
    weights: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(photos, tmp_path / "photos")
    for name in ("broken.jpg", "empty.png"):
        (folder / "meadow" / name).write_bytes(b"")
    assert train("index", folder, "-o", tmp_path / "index", "--model", weights, "--set", "data.filter.side=1") == 0
    err = capsys.readouterr().err
    assert "with their most similar photos; left out: 2 unreadable" in err
    for name in ("broken.jpg", "empty.png"):
        assert sum(name in line for line in err.splitlines()) == 1


def test_a_film_is_fine_tuned(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames, film = make_film(tmp_path / "frames", count=3), tmp_path / "film.safetensors"
    small = ["--set", "optimization.batch=1", "--set", "data.frames=2", "--set", "model.working_size=64"]
    assert train("--finetune", frames, "--model", weights, "-o", film, "--steps", 1, *small, "--keep-anyway") == 0
    out, err = capsys.readouterr()
    assert out == f"{film}\n"
    assert "1 of the frames was kept back; its colours come to" in err
    assert vcnode.load(film, device="cpu").config.working_size == 64


def test_help_names_the_ways_to_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("CONFIG", "--finetune", "--smoke", "--resume", "index", "torchrun"))


def test_training_is_not_imported_until_it_is_asked_for() -> None:
    code = "import sys, vcnode.cli as c; c.main(['cache', '--help']); print('vcnode.training.trainer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
