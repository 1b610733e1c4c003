"""What both stores of states do, on disk and in memory."""

import random
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import MemoryStateCache, StateCache
from vcnode.errors import CacheError, InputError
from vcnode.sequence import CacheInfo

from .states import SIDE, same, some_keys, state


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture(params=["disk", "memory"])
def open_store(request, folder):
    """Open either store, with the same settings."""

    def open_one(**options):
        return StateCache(folder, **options) if request.param == "disk" else MemoryStateCache(**options)

    return open_one


@settings(max_examples=50)
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
