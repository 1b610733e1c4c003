"""States between the batches of one run, and in files."""

import gc
import os
from types import SimpleNamespace

import pytest

from comfyvcnode import batches, files, states
from vcnode import ClipState
from vcnode.errors import CacheError, InputError


class Manager:
    unique_id = "9"


def batch(manager, requeue=None, node="3"):
    inputs = {} if requeue is None else {"requeue": requeue}
    return batches.MetaBatch.of(manager, node, {"9": {"inputs": inputs}, "3": {"inputs": {}}})


def test_batches_go_on_and_the_next_run_begins_anew():
    manager = Manager()
    for run in range(2):
        assert batch(manager).state(None) is None, run
        batch(manager).keep(ClipState(10))
        assert batch(manager, 1).state(None).number == 10
        batch(manager, 1).keep(ClipState(20))
        assert batch(manager, 2).state(None).number == 20


def test_a_connected_state_begins_the_run():
    manager = Manager()
    assert batch(manager).state(ClipState(5)).number == 5
    batch(manager).keep(ClipState(15))
    assert batch(manager, 1).state(ClipState(5)).number == 15


def test_nodes_and_managers_are_kept_apart():
    one, other = Manager(), Manager()
    batch(one).keep(ClipState(10))
    batch(one, node="4").keep(ClipState(30))
    assert batch(one, 1).state(None).number == 10
    assert batch(one, 1, node="4").state(None).number == 30
    for missing in (batch(other, 1), batch(one, 1, node="5"), batch(one, 2)):
        with pytest.raises(InputError, match="queue the workflow again"):
            missing.state(None)


def test_without_a_manager_the_connected_state_counts():
    nothing = batches.MetaBatch.of(None, "3", {})
    nothing.keep(ClipState(10))
    assert nothing.state(None) is None
    assert nothing.state(ClipState(4)).number == 4


def test_states_are_forgotten_with_their_manager():
    manager = Manager()
    kept = ClipState(10)
    batch(manager).keep(kept)
    before = len(batches._states)
    del manager
    gc.collect()
    assert len(batches._states) == before - 1


def test_a_prompt_without_the_manager_is_the_first_batch():
    assert batches.MetaBatch.of(SimpleNamespace(), "3", None).number == 0


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "output"
    (folder / "vcnode").mkdir(parents=True)
    for age, name in enumerate(("vcnode/new_00001_.vcnode.safetensors", "old_00001_.vcnode.safetensors")):
        ClipState(age).save(folder / name)
        os.utime(folder / name, (1000 - age, 1000 - age))
    (folder / "checkpoint.safetensors").write_bytes(b"something else")
    ClipState(7).save(tmp_path / "outside.vcnode.safetensors")
    return folder


def test_states_are_listed_newest_first(output):
    assert files.state_files(output) == ["vcnode/new_00001_.vcnode.safetensors", "old_00001_.vcnode.safetensors"]
    assert files.state_files(output / "absent") == []


def test_a_state_that_is_removed_meanwhile_is_not_listed(output, monkeypatch):
    """The editor asks for the list with all nodes: a failure would take the node away."""
    before, walk = files.state_files(output), os.walk
    removed = "removed_00001_.vcnode.safetensors"
    monkeypatch.setattr(
        os,
        "walk",
        lambda top, **options: ((place, below, [*names, removed]) for place, below, names in walk(top, **options)),
    )
    assert files.state_files(output) == before


def test_a_state_is_read(output):
    assert states.read_state(output, "vcnode/new_00001_.vcnode.safetensors").number == 0


@pytest.mark.parametrize(
    "name",
    ["absent.vcnode.safetensors", "checkpoint.safetensors", "../outside.vcnode.safetensors", "vcnode", ""],
)
def test_other_files_are_not(output, name):
    assert files.state_path(output, name) is None
    with pytest.raises(InputError, match="There is no state"):
        states.read_state(output, name)


def linked(link, target):
    try:
        link.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("this user may not make links")


def test_linked_folders_are_part_of_the_folder(output, tmp_path):
    """As for ComfyUI itself, whose nodes save there."""
    (tmp_path / "elsewhere").mkdir()
    linked(output / "linked", tmp_path / "elsewhere")
    name = "linked/film_00001_.vcnode.safetensors"
    ClipState(5).save(output / name)
    assert files.state_files(output)[0] == name
    assert states.read_state(output, name).number == 5
    assert files.state_path(output, "linked/../../outside.vcnode.safetensors") is None
    linked(tmp_path / "whole", output)
    assert files.state_files(tmp_path / "whole") == files.state_files(output)
    assert states.read_state(tmp_path / "whole", name).number == 5


def test_folders_that_are_linked_in_a_circle_are_listed_once(output):
    before = files.state_files(output)
    linked(output / "vcnode" / "again", output)
    (output / "other").mkdir()
    linked(output / "other" / "to", output / "third")
    (output / "third").mkdir()
    linked(output / "third" / "to", output / "other")
    assert files.state_files(output) == before


def test_a_damaged_state_is_told(output):
    (output / "old_00001_.vcnode.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(CacheError, match="old_00001_"):
        states.read_state(output, "old_00001_.vcnode.safetensors")


def test_stamps_change_with_the_file(output):
    path = output / "old_00001_.vcnode.safetensors"
    stamp = files.file_stamp([path])
    assert files.file_stamp([path]) == stamp
    os.utime(path, (1, 1))
    assert files.file_stamp([path]) != stamp
    assert "absent" in files.file_stamp([output / "nothing"])
