import pytest
import torch

from vcnode.bench.stopwatch import Stopwatch, Timing
from vcnode.errors import Cancelled

CPU = torch.device("cpu")


def test_work_is_run_once_to_warm_up_and_then_as_often_as_asked():
    runs = []
    timing = Stopwatch(CPU, repeats=3).time(lambda: runs.append(len(runs)))
    assert runs == [0, 1, 2, 3]
    assert timing.runs == 3
    assert 0 <= timing.seconds <= timing.median


def test_when_the_budget_is_spent_one_run_is_enough():
    runs = []
    assert Stopwatch(CPU, repeats=9, budget=0).time(lambda: runs.append(1)).runs == 1
    assert len(runs) == 2


def test_a_window_is_shared():
    assert Timing(8.0, 12.0, 4.0, 5).shared_by(4) == Timing(2.0, 3.0, 1.0, 5)


def test_it_stops_when_asked():
    runs = []
    watch = Stopwatch(CPU, repeats=5, cancelled=lambda: len(runs) == 2)
    with pytest.raises(Cancelled):
        watch.time(lambda: runs.append(1))
    assert len(runs) == 2
