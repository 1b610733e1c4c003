import errno
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import CacheError, InputError
from vcnode.sequence.chain import chain_keys, start_key
from vcnode.sequence.state_cache import CacheInfo, MemoryStateCache, StateCache

SIDE = 64  # one state of the tests below is SIDE * SIDE float32


def state(key, side=SIDE):
    """A state whose content follows from its key, as in a real cache."""
    return {"ab": torch.full((1, side, side), int(key[:6], 16), dtype=torch.float32), "age": torch.tensor(7)}


def endless_keys(name):
    return chain_keys(start_key(name, {}, ""), itertools.repeat("luma"))


def some_keys(count, name="shot"):
    return list(itertools.islice(endless_keys(name), count))


def same(one, other):
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and torch.equal(one[name], other[name]) for name in one
    )


def entry_file(folder, key):
    (path,) = Path(folder).rglob(f"{key}.*")
    return path


def make_old(folder, keys):
    """Let `keys` have been used in this order, long ago."""
    for nanoseconds, key in enumerate(keys, start=10**9):
        os.utime(entry_file(folder, key), ns=(nanoseconds, nanoseconds))


def files_in(folder):
    return {path for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture(params=["disk", "memory"])
def open_store(request, folder):
    """Open either store, with the same settings."""

    def open_one(**options):
        return StateCache(folder, **options) if request.param == "disk" else MemoryStateCache(**options)

    return open_one


# What both stores do


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_any_tensors_come_back_bit_for_bit(tmp_path_factory, data):
    dtypes = [
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.uint8,
        torch.int64,
        torch.bool,
    ]
    shapes = st.lists(st.integers(0, 4), max_size=4)
    names = st.text(st.characters(exclude_categories=("Cs",)), max_size=8).filter(lambda name: name != "__metadata__")
    tensors = {
        name: torch.randn(shape).mul(100).to(dtype)
        for name, shape, dtype in data.draw(
            st.lists(st.tuples(names, shapes, st.sampled_from(dtypes)), max_size=4, unique_by=lambda item: item[0])
        )
    }
    (key,) = some_keys(1)
    for store in (StateCache(tmp_path_factory.mktemp("cache")), MemoryStateCache()):
        store.put(key, tensors, index=0)
        assert same(store.get(key), tensors)


def test_states_come_back_contiguous_and_apart_from_each_other(open_store):
    store = open_store()
    (key,) = some_keys(1)
    lab = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    tensors = {"lab": lab, "ab": lab[:, 1:], "turned": lab.transpose(2, 3), "again": lab}
    store.put(key, tensors, index=0)
    expected = {name: tensor.clone() for name, tensor in tensors.items()}
    lab.zero_()
    first = store.get(key)
    assert same(first, expected)
    assert all(tensor.is_contiguous() for tensor in first.values())
    for tensor in first.values():
        tensor.zero_()
    assert same(store.get(key), expected)


def test_gradients_are_not_stored(open_store):
    store = open_store()
    (key,) = some_keys(1)
    store.put(key, {"ab": torch.ones(2, requires_grad=True)}, index=0)
    assert not store.get(key)["ab"].requires_grad


def test_bytes_and_hexadecimal_digits_are_the_same_key(open_store):
    store = open_store()
    one, other = some_keys(2)
    store.put(one, state(one), index=0)
    assert bytes.fromhex(one) in store
    assert same(store.get(bytes.fromhex(one)), state(one))
    assert other not in store
    assert store.get(other) is None


@pytest.mark.parametrize("key", ["", "ab", b"ab", "g" * 64, "A" * 64, "../" + "a" * 61, "é" * 64, 5])
def test_only_digests_are_keys(open_store, key):
    store = open_store()
    for use in (lambda: store.get(key), lambda: store.put(key, {}, index=0), lambda: key in store):
        with pytest.raises(InputError, match="64 lower-case hex"):
            use()


def test_numbers_that_make_no_sense_are_refused(open_store):
    for options in ({"size_limit": 0}, {"size_limit": -5}, {"keep_every": 0}):
        with pytest.raises(InputError):
            open_store(**options)
    with pytest.raises(InputError, match="index"):
        open_store().put(some_keys(1)[0], {}, index=-1)


def test_clear_and_info_count_states(open_store):
    store = open_store()
    keys = some_keys(3)
    for index, key in enumerate([*keys, *keys]):
        store.put(key, state(key), index=index)
    info = store.info()
    assert info.entries == 3
    assert 3 * SIDE * SIDE * 4 < info.bytes < 3 * (SIDE * SIDE * 4 + 1000)
    store.clear()
    assert store.info() == CacheInfo(0, 0, info.size_limit, info.path)
    assert not any(key in store for key in keys)
    store.put(keys[0], state(keys[0]), index=0)
    assert same(store.get(keys[0]), state(keys[0]))


@pytest.mark.parametrize("keep_every", [1, 4])
def test_size_limit_holds_and_multiples_of_keep_every_stay(open_store, keep_every):
    limit = 20 * (SIDE * SIDE * 4 + 300)
    store = open_store(size_limit=limit, keep_every=keep_every)
    keys = some_keys(60)
    for index, key in enumerate(keys):
        store.put(key, state(key), index=index)
        assert key in store
        assert store.info().bytes <= limit
        assert store.info().entries >= min(index + 1, 15)  # the room is used
    multiples = keys[::keep_every]
    kept = [key for key in multiples if key in store]
    assert kept == multiples[-len(kept) :]  # the oldest of them went first
    assert len(kept) >= min(len(multiples), 15)
    assert all(same(store.get(key), state(key)) for key in keys if key in store)


def test_without_limit_everything_stays(open_store):
    store = open_store(size_limit=None)
    keys = some_keys(40)
    for index, key in enumerate(keys):
        store.put(key, state(key), index=index)
    assert all(key in store for key in keys)


def test_threads_share_a_store(open_store):
    store = open_store(size_limit=12 * (SIDE * SIDE * 4 + 300), keep_every=4)
    keys = some_keys(30)
    problems = []

    def work(seed):
        chance = random.Random(seed)
        try:
            for _ in range(60):
                index = chance.randrange(len(keys))
                store.put(keys[index], state(keys[index]), index=index)
                found = store.get(keys[index])
                assert found is None or same(found, state(keys[index]))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert store.info().bytes <= store.info().size_limit


def test_state_larger_than_the_memory_is_refused():
    with pytest.raises(CacheError, match="raise the limit"):
        MemoryStateCache(size_limit=100).put(some_keys(1)[0], {"ab": torch.zeros(100)}, index=0)


def test_memory_evicts_what_was_not_used_for_longest():
    store = MemoryStateCache(size_limit=10 * 400)
    keys = some_keys(11)
    for key in keys[:10]:
        store.put(key, {"ab": torch.zeros(100)}, index=1)
    assert store.get(keys[0]) is not None
    store.put(keys[1], {"ab": torch.zeros(100)}, index=1)
    store.put(keys[10], {"ab": torch.zeros(100)}, index=1)
    assert [key for key in keys if key not in store] == keys[2:4]


# The folder


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


@settings(deadline=None, max_examples=200)
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


# Several processes

PREPARE = """
import random, sys, torch
from vcnode.sequence.state_cache import StateCache
from test_state_cache import endless_keys, same, some_keys, state

torch.set_num_threads(1)
folder, seed = sys.argv[1], int(sys.argv[2])
"""

KILL_WRITERS = """
import os, signal, time
chance = random.Random(seed)
for shot in range(20):
    writer = os.fork()
    if writer == 0:
        cache = StateCache(folder, keep_every=4)
        for index, key in zip(range(1000), endless_keys(f"shot {shot}")):  # an end, should nobody kill it
            cache.put(key, state(key, side=256), index=index)
        os._exit(1)
    time.sleep(chance.uniform(0.01, 0.08))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
"""

WRITE_READ_AND_EVICT = """
cache = StateCache(folder, size_limit=12 * (64 * 64 * 4 + 300), keep_every=4)
keys, chance, found = some_keys(30), random.Random(seed), 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(400):
    index = chance.randrange(len(keys))
    tensors = cache.get(keys[index])
    if tensors is None:
        cache.put(keys[index], state(keys[index]), index=index)
    else:
        assert same(tensors, state(keys[index]))
        found += 1
assert found
"""


def start_process(script, folder, seed):
    paths = [str(Path(__file__).parent), *(path for path in sys.path if path)]
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE + script, str(folder), str(seed)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to kill many writers in a short time")
def test_kill_at_any_instant_loses_at_most_the_state_in_flight(folder, caplog):
    process = start_process(KILL_WRITERS, folder, seed=0)
    _, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, "")
    cache = StateCache(folder)
    written = 0
    for shot in range(20):
        for key in itertools.takewhile(cache.__contains__, endless_keys(f"shot {shot}")):
            assert same(cache.get(key), state(key, side=256))
            written += 1
    assert written > 20
    assert cache.info().entries == written  # so no shot has a hole
    assert not caplog.records
    (key,) = some_keys(1, name="after")
    cache.put(key, state(key), index=0)
    assert same(cache.get(key), state(key))


def test_processes_write_read_and_evict_in_one_folder(folder):
    processes = [start_process(WRITE_READ_AND_EVICT, folder, seed) for seed in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, complaints = process.communicate()
        assert (process.returncode, complaints) == (0, "")  # warnings would appear on stderr
    cache = StateCache(folder)
    assert 0 < cache.info().bytes <= 12 * (SIDE * SIDE * 4 + 300) * (1 + 2 / 16)
    keys = some_keys(30)
    assert all(same(cache.get(key), state(key)) for key in keys if key in cache)
