import pytest
import torch

from vcnode.errors import ModelError
from vcnode.training.checkpoint import load_newest_state, load_state, save_state, saved_states
from vcnode.weights import save_weights


def test_the_last_two_are_kept(tmp_path):
    for step in (1, 20, 3000):
        save_state(tmp_path, step, {"step": step, "weights": torch.full((3,), float(step))})
    assert [path.name for path in saved_states(tmp_path)] == [
        "state_00000020.safetensors",
        "state_00003000.safetensors",
    ]
    newest = load_newest_state(tmp_path)
    assert newest["step"] == 3000
    assert torch.equal(newest["weights"], torch.full((3,), 3000.0))


def test_a_damaged_state_is_passed_over_with_a_warning(tmp_path, caplog):
    save_state(tmp_path, 1, {"step": 1})
    path = save_state(tmp_path, 2, {"step": 2, "weights": torch.ones(100)})
    path.write_bytes(path.read_bytes()[:-50])
    assert load_newest_state(tmp_path)["step"] == 1
    assert "state_00000002" in caplog.text
    assert "An earlier state is used" in caplog.text


def test_a_state_of_which_values_have_changed_is_damaged(tmp_path, caplog):
    save_state(tmp_path, 1, {"step": 1})
    path = save_state(tmp_path, 2, {"step": 2, "weights": torch.ones(100), "few": torch.ones(2, dtype=torch.bfloat16)})
    data = bytearray(path.read_bytes())
    data[-40:-20] = bytes(20)
    path.write_bytes(data)
    assert load_newest_state(tmp_path)["step"] == 1
    assert f"The training state {path} is damaged (its checksum is wrong)" in caplog.text


def test_where_every_state_is_damaged_that_is_the_error(tmp_path, caplog):
    for step in (1, 2):
        path = save_state(tmp_path, step, {"step": step})
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError, match="state_00000001"):
        load_newest_state(tmp_path)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    caplog.clear()
    with pytest.raises(ModelError, match="state_00000001"):
        load_newest_state(tmp_path, quiet=True)
    assert not caplog.records


def test_without_a_state_that_is_said(tmp_path):
    with pytest.raises(ModelError, match="no saved state of a training run"):
        load_newest_state(tmp_path / "nowhere")


def test_other_files_are_no_states(tmp_path):
    path = save_weights(tmp_path / "state_00000001.safetensors", {"a": torch.ones(1)}, {})
    with pytest.raises(ModelError, match="no training state of this version"):
        load_state(path)
    (tmp_path / ".state_00000002.safetensors.part").write_bytes(b"")
    (tmp_path / "state_x.safetensors").write_bytes(b"")
    assert saved_states(tmp_path) == [path]


def test_nothing_lies_beside_a_state(tmp_path):
    path = save_state(tmp_path, 1, {"weights": torch.ones(2)})
    assert list(tmp_path.iterdir()) == [path]
