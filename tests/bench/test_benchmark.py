import json

import pytest
import torch

from vcnode.bench import BenchOptions, Case, Peak, as_text, as_values, run_benchmark
from vcnode.bench import models as bench_models
from vcnode.bench.models import model_to_time
from vcnode.bench.peak import measure_peak
from vcnode.bench.stopwatch import Stopwatch
from vcnode.errors import Cancelled, InputError, ModelError
from vcnode.sequence import Settings
from vcnode.weights import save_weights

STAGES = [
    *("read film", "transfer", "shrink", "encoder", "descriptors", "motion", "matching", "colour net"),
    *("upsample", "write film"),
]


@pytest.fixture(scope="module")
def weights(tiny_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    return save_weights(path, tiny_model.state_dict(), {"config": json.dumps(tiny_model.config.to_dict())})


@pytest.fixture(scope="module")
def found(weights):
    cases = (Case(192, 128, 64), Case(96, 64, 64), Case(128, 96, 96))
    return run_benchmark(BenchOptions(str(weights), "cpu", cases, Settings(look_ahead=2), repeats=1))


def test_every_step_of_every_size_is_timed_smallest_first(found):
    assert [str(result.case) for result in found.cases] == ["192x128@64", "96x64", "128x96"]
    for result in found.cases:
        assert [stage.name for stage in result.stages] == STAGES
        assert all(stage.timing.runs == 1 and stage.timing.seconds >= 0 for stage in result.stages)
        assert result.frame.seconds > 0
        assert result.device_memory is None


def test_memory_only_grows(found):
    amounts = [result.process_memory for result in found.cases]
    if None in amounts:
        pytest.skip("this system tells no process's memory")
    assert amounts == sorted(amounts)
    assert amounts[0] > 50e6


def test_memory_only_grows_where_the_system_forgets_a_little_of_it(weights, monkeypatch):
    told = iter([200_000_000, 199_800_000, 210_000_000])
    monkeypatch.setattr("vcnode.bench.measure.peak_memory", lambda: next(told))
    cases = tuple(Case(size, 64, 64) for size in (64, 72, 80))
    found = run_benchmark(BenchOptions(str(weights), "cpu", cases, repeats=1))
    assert [result.process_memory for result in found.cases] == [200_000_000, 200_000_000, 210_000_000]


def test_the_table_shows_them(found):
    text = as_text(found)
    for part in (*STAGES, "whole frame", "GFLOP/s", "192x128@64", "works at 96x64", "look-ahead 2", "float32"):
        assert part in text
    assert "random weights" not in text


def test_all_figures_are_plain_values(found):
    values = json.loads(json.dumps(as_values(found)))
    assert values["look_ahead"] == 2
    assert values["precision"] == "float32"
    assert values["random_weights"] is False
    assert values["peak"].keys() == {"matmul", "convolution", "copy"}
    assert values["comparisons"] == []
    assert values["threads"] == torch.get_num_threads()
    encoder = next(stage for stage in values["cases"][0]["stages"] if stage["name"] == "encoder")
    assert encoder["work"]["flops"] > 0
    assert encoder["share_of_peak"] == pytest.approx(
        encoder["work"]["flops"] / encoder["seconds"] / max(values["peak"]["matmul"], values["peak"]["convolution"])
    )
    assert values["cases"][2]["working_size"] == [128, 96]


def test_it_stops_before_the_next_step_when_asked(weights):
    told = []
    options = BenchOptions(str(weights), "cpu", (Case(96, 64, 64),), repeats=1)
    with pytest.raises(Cancelled):
        run_benchmark(options, told.append, lambda: any("encoder" in what for what in told))
    assert told[-1] == "96x64: encoder"


def test_the_peak_is_the_best_that_was_seen():
    assert Peak(1, 5, 3).better_of(Peak(2, 4, 9)) == Peak(2, 5, 9)
    peak = measure_peak(Stopwatch(torch.device("cpu"), repeats=1), torch.float32)
    assert min(peak.matmul, peak.convolution, peak.copy) > 1e6
    assert peak.flops in (peak.matmul, peak.convolution)


def test_a_known_model_that_is_not_here_is_timed_with_random_weights(monkeypatch):
    monkeypatch.setattr(bench_models, "locate", lambda entry: None)
    before = torch.random.get_rng_state()
    model, random_weights = model_to_time("devc", "cpu")
    assert random_weights
    assert model.config.name == "devc"
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_unknown_model_is_not_made_up():
    with pytest.raises(ModelError):
        model_to_time("no-such-model", "cpu")


def test_no_runs_are_refused():
    with pytest.raises(InputError, match="give 1 or more"):
        BenchOptions(repeats=0)
