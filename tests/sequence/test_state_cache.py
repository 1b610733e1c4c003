"""The cache on disk."""

import errno
import json
import os
import shutil
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import CacheError
from vcnode.sequence.state_cache import StateCache

from .states import SIDE, entry_file, files_in, make_old, same, some_keys, state


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def test_folder_evicts_what_was_not_used_for_longest(folder):
    keys = some_keys(21)
    cache = StateCache(folder, size_limit=20 * (SIDE * SIDE * 4 + 300))
    for key in keys[:20]:
        cache.put(key, state(key), index=1)
    make_old(folder, reversed(keys[:20]))
    assert cache.get(keys[19]) is not None
    cache.put(keys[18], state(keys[18]), index=1)
    while keys[17] in cache:  # fill up until something has to go
        keys.append(some_keys(1, str(len(keys)))[0])
        cache.put(keys[-1], state(keys[-1]), index=1)
    assert keys[19] in cache
    assert keys[18] in cache
    assert keys[0] in cache
    assert keys[-1] in cache


def test_states_outlive_the_object_and_are_seen_by_others(folder):
    keys = some_keys(2)
    one, other = StateCache(folder), StateCache(str(folder))
    one.put(keys[0], state(keys[0]), index=0)
    assert same(other.get(keys[0]), state(keys[0]))
    other.put(keys[1], state(keys[1]), index=1)
    assert same(StateCache(folder).get(keys[1]), state(keys[1]))
    assert one.info().entries == 2


def test_two_that_write_alternately_notice_each_other(folder):
    limit = 40 * (SIDE * SIDE * 4 + 300)
    caches = [StateCache(folder, size_limit=limit) for _ in range(2)]
    for index, key in enumerate(some_keys(200)):
        caches[index % 2].put(key, state(key), index=index)
        assert caches[0].info().bytes <= limit * (1 + 2 / 16)


@settings(max_examples=200)
@given(st.data())
def test_any_damage_is_found_dropped_and_can_be_written_again(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    cache = StateCache(folder)
    key, other_key = some_keys(2)
    tensors = {"ab": torch.arange(12.0)}
    cache.put(key, tensors, index=3)
    cache.put(other_key, {"ab": torch.zeros(12)}, index=3)
    path = entry_file(folder, key)
    content = path.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "grow", "zeros", "other"]))
    if kind == "flip":
        flipped = content[position] ^ 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content[:position] + bytes([flipped]) + content[position + 1 :])
    elif kind == "cut":
        path.write_bytes(content[:position])
    elif kind == "grow":
        path.write_bytes(content + data.draw(st.binary(min_size=1, max_size=9)))
    elif kind == "zeros":  # what some file systems show after a power cut
        path.write_bytes(bytes(len(content)))
    else:
        path.write_bytes(entry_file(folder, other_key).read_bytes())
    assert cache.get(key) is None
    assert key not in cache
    cache.put(key, tensors, index=3)
    assert same(cache.get(key), tensors)


def test_damage_is_logged(folder, caplog):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    cache.put(key, state(key), index=0)
    assert not caplog.records
    entry_file(folder, key).write_bytes(b"")
    cache.get(key)
    (record,) = caplog.records
    assert (record.name, "damaged" in record.getMessage()) == ("vcnode", True)


def test_eviction_copes_with_damaged_entries(folder):
    cache = StateCache(folder, size_limit=10 * (SIDE * SIDE * 4 + 300), keep_every=2)
    keys = some_keys(40)
    for index, key in enumerate(keys):
        cache.put(key, state(key), index=index)
        if index < 5:
            entry_file(folder, key).write_bytes(b"x" * index)
    assert cache.info().bytes <= cache.info().size_limit
    assert not any(key in cache for key in keys[1:5])


def test_full_disk_is_reported_once_and_leaves_nothing_behind(folder, caplog, monkeypatch):
    cache = StateCache(folder)
    keys = some_keys(3)
    cache.put(keys[0], state(keys[0]), index=0)
    before = files_in(folder)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        for index in range(3):
            cache.put(keys[1], state(keys[1]), index=index)
    (record,) = caplog.records
    assert os.strerror(errno.ENOSPC) in record.getMessage()
    assert files_in(folder) == before
    assert cache.get(keys[1]) is None
    assert same(cache.get(keys[0]), state(keys[0]))
    cache.put(keys[1], state(keys[1]), index=0)  # there is space again
    assert same(cache.get(keys[1]), state(keys[1]))


def test_file_that_another_process_holds_open_on_windows_counts_as_written(folder, caplog, monkeypatch):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    replace = os.replace

    def busy(source, target):
        shutil.copy(source, target)  # the other process was faster
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "replace", busy)
    cache.put(key, state(key), index=0)
    monkeypatch.setattr(os, "replace", replace)
    assert not caplog.records
    assert same(cache.get(key), state(key))
    assert len(files_in(folder)) == 2  # the marker and the entry


def test_files_that_cannot_be_deleted_do_not_stop_a_render(folder, monkeypatch):
    cache = StateCache(folder, size_limit=5 * (SIDE * SIDE * 4 + 300))
    keys = some_keys(12)

    def busy(*_, **__):
        raise PermissionError(errno.EACCES, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", busy)
        for index, key in enumerate(keys):
            cache.put(key, state(key), index=index)
        assert cache.info().bytes <= cache.info().size_limit
    cache.put(keys[-1], state(keys[-1]), index=11)
    assert keys[-1] in cache


def test_state_larger_than_the_limit_is_reported_once(folder, caplog):
    cache = StateCache(folder, size_limit=1000)
    for key in some_keys(3):
        cache.put(key, state(key), index=0)
    (record,) = caplog.records
    assert "raise the limit" in record.getMessage()
    assert cache.info().entries == 0


def test_folder_that_goes_away_does_not_stop_a_render(folder, caplog):
    cache = StateCache(folder)
    keys = some_keys(2)
    cache.put(keys[0], state(keys[0]), index=0)
    shutil.rmtree(folder)
    for key in keys:
        assert cache.get(key) is None
        cache.put(key, state(key), index=0)
    assert len(caplog.records) == 1
    for use in (cache.info, cache.clear):
        with pytest.raises(CacheError, match="choose a new"):
            use()
    StateCache(folder).put(keys[0], state(keys[0]), index=0)


def test_an_entry_that_cannot_be_read_does_not_stop_a_render(folder, caplog):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    cache.put(key, state(key), index=0)
    path = entry_file(folder, key)
    path.unlink()
    path.mkdir()
    assert cache.get(key) is cache.get(key) is None
    (record,) = caplog.records
    assert "cannot be read" in record.getMessage()


def test_unusable_path_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CacheError, match="cannot be used"):
            StateCache(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder that this user cannot write")
def test_read_only_folder_is_refused(folder):
    StateCache(folder)
    folder.chmod(0o555)
    try:
        with pytest.raises(CacheError, match="cannot be used"):
            StateCache(folder)
    finally:
        folder.chmod(0o755)


def test_folder_of_somebody_else_is_refused_and_untouched(folder):
    folder.mkdir()
    (folder / "holiday.mov").write_bytes(b"film")
    with pytest.raises(CacheError, match="other files"):
        StateCache(folder)
    assert files_in(folder) == {folder / "holiday.mov"}


def test_clear_leaves_other_files_and_refuses_a_folder_that_is_no_cache(folder):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    cache.put(key, state(key), index=0)
    mine = entry_file(folder, key).with_name("notes.txt")
    mine.write_bytes(b"")
    (marker,) = folder.glob("*.json")
    content = marker.read_bytes()
    marker.unlink()
    with pytest.raises(CacheError, match="is no state cache"):
        cache.clear()
    assert key in cache
    marker.write_bytes(content)
    cache.clear()
    assert key not in cache
    assert mine.exists()


@pytest.mark.parametrize("marker", [json.dumps({"version": 99}), "[]", "", "{", "\xff"])
def test_unknown_version_is_refused_and_untouched(folder, marker):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    cache.put(key, state(key), index=0)
    (path,) = folder.glob("*.json")
    path.write_bytes(marker.encode("latin-1"))
    for use in (lambda: StateCache(folder), cache.clear):
        with pytest.raises(CacheError, match="version"):
            use()
    assert key in cache


def test_leftovers_of_killed_processes_go_after_an_hour(folder):
    cache = StateCache(folder)
    (key,) = some_keys(1)
    cache.put(key, state(key), index=0)
    entry = entry_file(folder, key)
    old, young = (entry.with_name(f".{entry.name}.{name}.tmp") for name in ("old", "young"))
    for path, age in ((old, 3700), (young, 3500)):
        path.write_bytes(b"half a state")
        os.utime(path, (time.time() - age,) * 2)
    assert StateCache(folder).info().entries == 1
    assert not old.exists()
    assert young.exists()
    assert key in cache
