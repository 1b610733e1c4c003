from itertools import pairwise

import pytest
import torch
from torch import nn

from vcnode.errors import InputError
from vcnode.training.optimization import Optimization, Rates, Solver, trained_parameters


def test_a_constant_rate_rises_first():
    schedule = Optimization(steps=100, warm_up=3)
    assert [schedule.rate_factor(step) for step in (0, 1, 2, 3, 99)] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_a_cosine_falls_to_its_end():
    schedule = Optimization(steps=110, warm_up=10, schedule="cosine", final=0.1)
    factors = [schedule.rate_factor(step) for step in range(10, 111)]
    assert factors[0] == 1
    assert factors[50] == pytest.approx(0.55)
    assert factors[-1] == pytest.approx(0.1)
    assert all(earlier >= later for earlier, later in pairwise(factors))
    assert schedule.rate_factor(1000) == pytest.approx(0.1)


def test_parts_are_trained_at_their_own_rates_and_others_frozen(tiny_model):
    try:
        groups = trained_parameters(tiny_model, Rates(encoder=0, head=1e-5, color_net=2e-4))
        assert set(groups) == {1e-5, 2e-4}
        assert all(name.startswith("head.") for name in groups[1e-5])
        assert all(name.startswith("color_net.") for name in groups[2e-4])
        assert not any(parameter.requires_grad for parameter in tiny_model.encoder.parameters())
        assert all(parameter.requires_grad for parameter in tiny_model.color_net.parameters())
        together = trained_parameters(tiny_model, Rates(head=1e-4, color_net=1e-4))
        assert len(together) == 1
    finally:
        tiny_model.requires_grad_(False)


def test_nothing_to_train_is_refused(tiny_model):
    with pytest.raises(InputError, match="All rates are 0"):
        trained_parameters(tiny_model, Rates(0, 0, 0, 0))


def test_without_decay_the_solver_is_plain_adam():
    results = []
    for make in (Solver(amsgrad=True).build, lambda groups: torch.optim.Adam(groups, betas=(0.5, 0.999), amsgrad=True)):
        parameter = nn.Parameter(torch.ones(3))
        optimizer = make([{"params": [parameter], "lr": 0.1}])
        for gradient in (1.0, -3.0, 0.5):
            parameter.grad = torch.full((3,), gradient)
            optimizer.step()
        results.append(parameter.detach().clone())
    assert torch.equal(*results)
