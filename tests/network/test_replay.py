"""Replaying, with a stand-in for the GPU's part: work on fixed tensors that is done again at each launch."""

import copy
import gc
import logging
import pickle
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from vcnode import Reference, colorize
from vcnode.network import Model, replay
from vcnode.network.replay import Replay, can_replay


class Recorder:
    """In place of CUDA graphs: a launch calls the function and puts its results where the first ones lay.

    Attributes:
        captured: How many recordings were made.
        launches: How often any of them was replayed.
        wrong: What is added to the results, as by a driver that is broken.
    """

    def __init__(self):
        self.captured = self.launches = 0
        self.wrong = 0.0

    def capture(self, function, held):
        self.captured += 1
        results = tuple(torch.zeros_like(each) for each in function(*held))

        def launch():
            self.launches += 1
            for old, new in zip(results, function(*held), strict=True):
                old.copy_(new + self.wrong)

        return launch, results


@pytest.fixture
def recorder(monkeypatch):
    found = Recorder()
    monkeypatch.setattr(replay, "can_replay", lambda inputs, reads=(): True)
    monkeypatch.setattr(replay, "_circumstances", lambda device: ())
    monkeypatch.setattr(replay, "capture", found.capture)
    return found


def mix(one, other):
    return 2 * one + other, one * other


def pair(seed, width=8):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 2, 6, width, generator=generator), torch.rand(1, 2, 6, width, generator=generator)


def same(results, expected):
    return all(torch.equal(*each) for each in zip(results, expected, strict=True))


def test_the_second_call_is_recorded_and_all_give_what_the_function_gives(recorder):
    run = Replay()
    for seed in range(5):
        assert same(run(mix, *pair(seed)), mix(*pair(seed)))
    assert recorder.captured == 1
    assert recorder.launches == 1 + 4  # one to try it


def test_results_outlast_the_next_call(recorder):
    run = Replay()
    kept = [run(mix, *pair(seed)) for seed in range(4)]
    assert all(same(results, mix(*pair(seed))) for seed, results in enumerate(kept))


def test_other_sizes_types_functions_and_places_of_weights_are_recorded_for_themselves(recorder):
    run, weight = Replay(), torch.ones(1)
    for _ in range(2):
        run(mix, *pair(0))
        run(mix, *pair(0, width=10))
        run(mix, *(each.double() for each in pair(0)))
        run(lambda one, other: mix(other, one), *pair(0))  # a new function each time: never recorded
        run(mix, *pair(0), reads=[weight])
    assert recorder.captured == 4
    moved = weight.clone()
    run(mix, *pair(0), reads=[moved])
    assert recorder.captured == 4
    run(mix, *pair(0), reads=[moved])
    assert recorder.captured == 5


def test_recordings_stay_few(recorder):
    run = Replay()
    for width in range(1, 30):
        for _ in range(2):
            run(mix, *pair(0, width=width))
    assert recorder.captured == 29
    assert len(run._seen) == 8


def test_what_is_used_stays_while_others_come_and_go(recorder):
    run = Replay()
    for width in range(1, 30):
        for _ in range(2):
            assert same(run(mix, *pair(0, width=40)), mix(*pair(0, width=40)))
            run(mix, *pair(0, width=width))
    assert recorder.captured == 1 + 29


def test_recordings_go_with_their_model(recorder, tiny_model, monkeypatch):
    frames = [torch.rand(72, 96, generator=torch.Generator().manual_seed(number)).numpy() for number in range(4)]
    reference = Reference(torch.rand(3, 72, 96, generator=torch.Generator().manual_seed(9)))
    model = copy.deepcopy(tiny_model)
    kept = [weakref.ref(model)]
    capture = recorder.capture

    def watched(function, held):
        launch, results = capture(function, held)
        if isinstance(getattr(function, "__self__", None), Model):  # motion is the same for all models
            kept.extend(weakref.ref(each) for each in (launch, *held, *results))
        return launch, results

    monkeypatch.setattr(replay, "capture", watched)
    list(colorize(frames, [reference], model=model))
    assert len(kept) > 5
    del model
    gc.collect()
    assert not any(each() is not None for each in kept)


def test_one_recording_is_made_at_a_time_in_a_process(recorder, monkeypatch):
    busy, clashes = threading.Lock(), []

    def capture(function, held):
        clashes.append(not busy.acquire(blocking=False))
        time.sleep(0.05)
        busy.release()
        return recorder.capture(function, held)

    monkeypatch.setattr(replay, "capture", capture)
    with ThreadPoolExecutor(4) as pool:
        for run in [Replay() for _ in range(4)]:
            run(mix, *pair(0))
            pool.submit(run, mix, *pair(0))
    assert clashes == [False] * 4


@pytest.mark.parametrize("how", ["wrong", "refused"])
def test_what_cannot_be_replayed_is_called_and_said_once(recorder, monkeypatch, caplog, how):
    if how == "wrong":
        recorder.wrong = 0.1
    else:
        monkeypatch.setattr(replay, "capture", lambda function, held: [][0])
    run = Replay()
    with caplog.at_level(logging.WARNING, "vcnode"):
        for seed in range(4):
            assert same(run(mix, *pair(seed)), mix(*pair(seed)))
    assert len(caplog.records) == 1
    assert "slower than it could be" in caplog.text


def test_a_film_is_the_same(recorder, tiny_model, request):
    frames = [torch.rand(72, 96, generator=torch.Generator().manual_seed(number)).numpy() for number in range(5)]
    reference = Reference(torch.rand(3, 72, 96, generator=torch.Generator().manual_seed(9)))
    replayed = list(colorize(frames, [reference], model=copy.deepcopy(tiny_model)))
    assert recorder.captured >= 2  # motion, and the colour net
    request.getfixturevalue("monkeypatch").undo()
    plain = list(colorize(frames, [reference], model=tiny_model))
    assert all(torch.equal(one.ab, other.ab) for one, other in zip(replayed, plain, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="what is recorded is a CUDA graph, which takes a CUDA GPU")
def test_a_film_is_the_same_where_graphs_are_recorded(tiny_model, monkeypatch, caplog):
    frames = [torch.rand(72, 96, generator=torch.Generator().manual_seed(number)).numpy() for number in range(9)]
    reference = Reference(torch.rand(3, 72, 96, generator=torch.Generator().manual_seed(9)))

    def colored():
        model = copy.deepcopy(tiny_model).requires_grad_(False).to("cuda")
        films = list(colorize(frames, [reference], model=model, device="cuda"))
        return films, [each for each in model._replay._seen.values() if each is not None]

    with caplog.at_level(logging.WARNING, "vcnode"):
        replayed, recordings = colored()
    assert recordings
    assert "The network is slower" not in caplog.text
    monkeypatch.setenv(replay.SWITCH, "0")
    plain, recordings = colored()
    assert not recordings
    assert all((one.ab - other.ab).abs().max() < 0.1 for one, other in zip(replayed, plain, strict=True))


def test_only_small_work_without_gradients_on_nvidia_gpus_may_be_replayed(monkeypatch):
    assert not can_replay(pair(0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
    with FakeTensorMode():
        inputs = (torch.zeros(3, device="cuda"),)
        weight = torch.zeros(3, device="cuda", requires_grad=True)
        assert can_replay(inputs)
        assert can_replay((torch.zeros(4, 1, 224, 400, device="cuda"),))
        assert not can_replay((torch.zeros(4, 1, 1080, 1920, device="cuda"),))
        assert not can_replay(inputs, (weight,))
        assert not can_replay(inputs, (weight.detach(),))  # frozen beside what is trained: noise may be hooked in
        with torch.no_grad():
            assert can_replay(inputs, (weight,))
            monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: device == "cuda")
            assert can_replay(inputs)
            assert not can_replay(inputs, (weight,))  # its copy in half precision is freed when autocast ends
        monkeypatch.setenv(replay.SWITCH, "0")
        assert not can_replay(inputs)


def test_models_can_be_copied_and_sent(tiny_model):
    for other in (copy.deepcopy(tiny_model), pickle.loads(pickle.dumps(tiny_model))):
        assert all(torch.equal(*each) for each in zip(other.parameters(), tiny_model.parameters(), strict=True))
