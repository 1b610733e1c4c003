import math

import pytest
import torch
from torch import nn

from vcnode.training.distributed import World
from vcnode.training.learner import Learner, NotFinite
from vcnode.training.optimization import Optimization, Solver


def learner(parameters, amsgrad=False, **settings):
    # A large eps makes Adam's step proportional to the gradient.
    solver, scaler = Solver(betas=(0.0, 0.0), eps=1e6, amsgrad=amsgrad), torch.amp.GradScaler("cpu", enabled=False)
    return Learner(parameters, solver, Optimization(**settings), scaler, World())


def moved(number=0, rate=1.0, **settings):
    """How far a parameter of gradient 10 is moved by a step, in millionths."""
    parameter = nn.Parameter(torch.zeros(1))
    taught = learner({rate: {"x": parameter}}, **settings)
    taught.learn(10 * parameter.sum())
    assert taught.step(number) == 10
    return -1e6 * parameter.item()


def test_steps_are_as_long_as_rate_and_gradient_say():
    assert moved() == pytest.approx(10, rel=1e-3)
    assert moved(rate=0.5) == pytest.approx(5, rel=1e-3)


def test_long_gradients_are_cut():
    assert moved(gradient_limit=2.0) == pytest.approx(2, rel=1e-3)
    assert moved(gradient_limit=20.0) == pytest.approx(10, rel=1e-3)


def test_rates_follow_their_course():
    assert moved(0, warm_up=4) == pytest.approx(2, rel=1e-3)
    assert moved(50, steps=100, schedule="cosine") == pytest.approx(5, rel=1e-3)


def test_gradients_add_up_until_the_step_and_are_gone_after_it():
    parameter = nn.Parameter(torch.zeros(1))
    taught = learner({1.0: {"x": parameter}})
    for _ in range(2):
        taught.learn(parameter.sum())
    assert [taught.step(0), taught.step(1)] == [2, 0]


@pytest.mark.parametrize("gradient", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_changes_nothing(gradient):
    parameters = {name: nn.Parameter(torch.zeros(1)) for name in ("x", "y")}
    taught = learner({1.0: parameters})
    taught.learn(gradient * parameters["x"].sum() + parameters["y"].sum())
    with pytest.raises(NotFinite, match="gradient"):
        taught.step(0)
    assert [parameter.item() for parameter in parameters.values()] == [0, 0]


def test_a_memory_is_kept_by_name_and_what_it_does_not_know_begins_anew():
    before = learner({1.0: {"x": nn.Parameter(torch.zeros(1))}})
    before.learn(3 * before.parameters[0].sum())
    before.step(0)
    after = learner({0.5: {"y": nn.Parameter(torch.zeros(1)), "x": nn.Parameter(torch.zeros(1))}})
    after.load_state_dict(before.state_dict())
    state = after.state_dict()
    assert state["x"]["exp_avg_sq"].item() == 9
    assert not state["y"]
    assert after.optimizer.param_groups[0]["rate"] == 0.5


def test_a_memory_of_another_shape_begins_anew():
    before = learner({1.0: {"x": nn.Parameter(torch.zeros(2))}})
    before.learn(before.parameters[0].sum())
    before.step(0)
    after = learner({1.0: {"x": nn.Parameter(torch.zeros(3))}})
    after.load_state_dict(before.state_dict())
    assert not after.state_dict()["x"]


def test_amsgrad_may_begin_in_the_middle():
    before, after = (learner({1.0: {"x": nn.Parameter(torch.zeros(1))}}, amsgrad=amsgrad) for amsgrad in (False, True))
    before.learn(3 * before.parameters[0].sum())
    before.step(0)
    after.load_state_dict(before.state_dict())
    after.learn(2 * after.parameters[0].sum())
    after.step(1)
    state = after.state_dict()["x"]
    assert (state["exp_avg_sq"].item(), state["max_exp_avg_sq"].item()) == (4, 9)
