import errno
import json
from pathlib import Path

import pytest
import torch

from vcnode import __version__
from vcnode.cli import main
from vcnode.cli.models import expected_shapes
from vcnode.sequence import StateCache, state_cache
from vcnode.weights import lookup


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VCNODE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vcnode {__version__}\n"
    assert main(["colorize", "--help"]) == 0
    assert "--reference" in capsys.readouterr().out


def test_list_names_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["lite", "devc"]
    assert "not here" in lines[1]


def test_info_tells_where_a_model_comes_from(capsys: pytest.CaptureFixture[str], weights: Path) -> None:
    assert main(["models", "info", "devc"]) == 0
    told = capsys.readouterr().out
    assert "vgg19" in told
    assert "`vcnode models get devc`" in told
    assert main(["models", "info", str(weights)]) == 0
    told = capsys.readouterr().out
    assert f"weights:       {weights}" in told
    assert "sha256" in told


def test_unknown_names_are_answered_with_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("get", "info"):
        assert main(["models", action, "devv"]) == 1
        assert "did you mean 'devc'?" in capsys.readouterr().err


def test_import_says_which_file_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_models: Path
) -> None:
    (tmp_path / "checkpoints").mkdir()
    assert main(["models", "import", str(tmp_path / "checkpoints")]) == 1
    assert "There is no vgg19_conv.pth below" in capsys.readouterr().err
    assert not list(own_models.glob("*.safetensors"))


def test_get_takes_a_model_from_a_local_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_models: Path, monkeypatch: pytest.MonkeyPatch, weights: Path
) -> None:
    registry = tmp_path / "registry"
    registry.mkdir()
    (registry / "small.yaml").write_text(json.dumps(lookup("lite").configuration()))
    (registry / "registry.yaml").write_text(
        "version: 1\nmodels:\n  small: {description: d, preset: small.yaml, embedded: false, licence: MIT, source: s, "
        "files: [{name: small.safetensors}]}\n"
    )
    monkeypatch.setattr("vcnode.weights.registry.models_directory", lambda: registry)
    assert main(["models", "get", "small", "--from", str(weights)]) == 0
    assert capsys.readouterr().out == f"{own_models / 'small.safetensors'}\n"
    assert (own_models / "small.safetensors").read_bytes() == weights.read_bytes()


def test_import_says_which_files_a_model_is_made_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = {part: {"weight": (2,)} for part in ("encoder", "head", "color_net")}
    monkeypatch.setattr("vcnode.cli.models.expected_shapes", lambda entry: shapes)
    names = [Path("vgg19_conv.pth"), Path("old/nonlocal_net_iter_1.pth"), Path("old/colornet_iter_1.pth")]
    (tmp_path / "old").mkdir()
    for name in names:
        torch.save({"weight": torch.ones(2)}, tmp_path / name)
    assert main(["models", "import", str(tmp_path / names[0])]) == 0
    out, err = capsys.readouterr()
    assert out == f"{own_models / 'devc.safetensors'}\n"
    assert err == f"vcnode: devc is made of {', '.join(map(str, names))}\n"


def test_shapes_of_converted_models_are_those_of_the_network() -> None:
    shapes = expected_shapes(lookup("devc"))
    assert shapes is not None
    assert set(shapes) == {"encoder", "head", "color_net"}
    assert tuple(shapes["encoder"]["conv1_1.weight"]) == (64, 3, 3, 3)
    assert expected_shapes(lookup("lite")) is None


def test_cache_folders_are_measured_but_never_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *names, **options: str(tmp_path / "cache"))
    assert main(["cache", "info"]) == 0
    assert "no states" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert not (tmp_path / "cache").exists()
    (tmp_path / "other").mkdir()
    assert main(["cache", "info", "--cache", str(tmp_path / "other")]) == 1
    assert "is no state cache" in capsys.readouterr().err
    assert not list((tmp_path / "other").iterdir())
    assert main(["cache", "info", "--cache", str(tmp_path / "none")]) == 0
    assert main(["cache", "clear", "--cache", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'none'}: no states\n{tmp_path / 'none'}: 0 states removed\n"
    assert not (tmp_path / "none").exists()
    (tmp_path / "film.mkv").touch()
    assert main(["cache", "info", "--cache", str(tmp_path / "film.mkv")]) == 1
    assert "film.mkv is no folder" in capsys.readouterr().err


@pytest.fixture
def states(tmp_path: Path) -> Path:
    cache = StateCache(tmp_path / "states")
    for number in range(3):
        cache.put(bytes([number]) * 32, {"ab": torch.zeros(2)}, index=number)
    return cache.path


def test_states_that_are_still_there_are_not_called_removed(
    states: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = state_cache.remove_file
    monkeypatch.setattr(state_cache, "remove_file", lambda path: path.name[:2] != "00" and remove(path))
    assert main(["cache", "clear", "--cache", str(states)]) == 1
    told = capsys.readouterr()
    assert told.out == f"{states}: 2 states removed\n"
    assert f"1 state in {states} is still there" in told.err
    monkeypatch.undo()
    assert main(["cache", "clear", "--cache", str(states)]) == 0
    assert capsys.readouterr().out == f"{states}: 1 state removed\n"


def test_a_cache_that_cannot_be_written_is_measured_all_the_same(
    states: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("vcnode.sequence.state_folder.try_writing", refuse)
    size = sum(path.stat().st_size for path in states.glob("??/*")) / 2**20
    assert main(["cache", "info", "--cache", str(states)]) == 0
    assert capsys.readouterr().out == f"{states}: 3 states, {size:.1f} MiB\n"
    assert main(["cache", "clear", "--cache", str(states)]) == 1
    assert "cannot be used (Read-only file system)" in capsys.readouterr().err


def test_a_cache_that_cannot_be_read_is_a_sentence(states: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = states / "vcnode-state-cache.json"
    marker.unlink()
    marker.mkdir()  # reading it fails, whoever asks
    assert main(["cache", "info", "--cache", str(states)]) == 1
    assert f"The folder {states} cannot be read" in capsys.readouterr().err
