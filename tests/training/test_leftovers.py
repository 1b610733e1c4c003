import pytest

from vcnode.training.leftovers import remove_leftovers
from vcnode.whole_files import replacing


@pytest.fixture
def files(tmp_path):
    others = (".notes", ".tmp", ".notes.txt.0f.tmp", "lite.safetensors")
    names = (*others, ".lite.safetensors.0f.tmp", ".a.safetensors.1.tmp")
    for name in names:
        (tmp_path / name).write_bytes(b"")
    return set(names)


def test_unfinished_weights_are_removed_and_nothing_else(tmp_path, files):
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == files - {".lite.safetensors.0f.tmp", ".a.safetensors.1.tmp"}


def test_of_one_file_when_that_is_named(tmp_path, files):
    remove_leftovers(tmp_path, "lite.safetensors")
    assert {path.name for path in tmp_path.iterdir()} == files - {".lite.safetensors.0f.tmp"}


def test_that_is_what_a_file_is_called_while_it_is_written(tmp_path):
    path = tmp_path / "x.safetensors"
    with replacing(path, flush_to_device=False) as unfinished:
        unfinished.write_bytes(b"")
    unfinished.write_bytes(b"")
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_has_none(tmp_path):
    remove_leftovers(tmp_path / "nowhere")
