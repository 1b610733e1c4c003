"""States, keys and cache folders for tests."""

import itertools
import os
from pathlib import Path

import torch

from vcnode.sequence.chain import next_key, start_key

SIDE = 64  # one state of the tests below is SIDE * SIDE float32


def state(key, side=SIDE):
    """A state whose content follows from its key, as in a real cache."""
    return {"ab": torch.full((1, side, side), int(key[:6], 16), dtype=torch.float32), "age": torch.tensor(7)}


def chain_keys(start, luma_digests):
    """The key of the state after each frame of a shot."""
    return itertools.islice(itertools.accumulate(luma_digests, next_key, initial=start), 1, None)


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
