"""One cache and several processes, some of them killed."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vcnode.sequence.state_cache import StateCache

from .states import SIDE, endless_keys, same, some_keys, state


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


PREPARE = """
import random, sys, torch
from vcnode.sequence.state_cache import StateCache
from states import endless_keys, same, some_keys, state

torch.set_num_threads(1)
folder, seed = sys.argv[1], int(sys.argv[2])
"""

KILL_WRITERS = """
import os, signal, time
chance = random.Random(seed)
for shot in range(20):
    ready, tell = os.pipe()
    writer = os.fork()
    if writer == 0:
        cache = StateCache(folder, keep_every=4)
        for index, key in zip(range(1000), endless_keys(f"shot {shot}")):  # an end, should nobody kill it
            cache.put(key, state(key, side=256), index=index)
            if index == 2:
                os.write(tell, b"3")
        os._exit(1)
    if shot % 2:  # on a slow machine the others may be killed before they have written anything
        os.read(ready, 1)
    time.sleep(chance.uniform(0.01, 0.08))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    os.close(ready), os.close(tell)
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
