import errno
import os

import pytest

from vcnode.whole_files import replacing, try_writing, write_whole


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path):
    for data in (b"one", b"", b"three"):
        write_whole(tmp_path / "file", data, flush_to_device=True)
        assert (tmp_path / "file").read_bytes() == data
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), PermissionError(errno.EACCES, "in use")])
def test_what_cannot_be_replaced_stays_and_is_told(tmp_path, monkeypatch, error):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def refuse(*_):
        raise error

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(type(error)):
        write_whole(path, b"after", flush_to_device=False)
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("fixed", [None, ".file.part"])
def test_a_block_that_fails_leaves_nothing(tmp_path, fixed):
    path, unfinished = tmp_path / "file", None if fixed is None else tmp_path / fixed

    def write_half():
        with replacing(path, flush_to_device=True, unfinished=unfinished) as given:
            given.write_bytes(b"half")
            assert unfinished in (None, given)
            assert names(tmp_path) == [given.name]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert names(tmp_path) == []


def test_two_may_write_the_same_file_at_once(tmp_path):
    path = tmp_path / "file"
    with replacing(path, flush_to_device=False) as one, replacing(path, flush_to_device=False) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("flush", [True, False])
def test_the_device_is_waited_for_where_that_is_asked_for(tmp_path, monkeypatch, flush):
    there = []
    monkeypatch.setattr(os, "fsync", lambda _: there.append((tmp_path / "file").exists()))
    write_whole(tmp_path / "file", b"data", flush_to_device=flush)
    assert there == [False] * flush  # before the file has its name


def test_a_file_that_a_scanner_holds_for_a_moment_is_tried_again(tmp_path, monkeypatch):
    path, held, replace = tmp_path / "file", [1, 2], os.replace

    def replace_when_free(source, target):
        if held:
            held.pop()
            raise PermissionError(errno.EACCES, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_when_free)
    write_whole(path, b"data", flush_to_device=False)
    assert path.read_bytes() == b"data"
    assert not held
    assert names(tmp_path) == ["file"]


def test_trying_a_folder_leaves_nothing_and_tells_where_it_cannot_be_written(tmp_path):
    try_writing(tmp_path)
    assert names(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        try_writing(tmp_path / "absent")
