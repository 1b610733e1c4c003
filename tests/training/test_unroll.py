from dataclasses import replace

import pytest
import torch

from training.runs import Clips, settings
from vcnode.training.history import draw_history
from vcnode.training.randomness import generator_for
from vcnode.training.unroll import Colored, matching_error, unroll


@pytest.fixture(scope="module")
def batch():
    return Clips(settings({"data": {"frames": 3}})).batch(range(2))


def test_it_is_the_models_own_recurrence(tiny_model, batch):
    colored = unroll(tiny_model, batch, clean_history=False)
    references = tiny_model.encode_references([batch.reference])
    state = tiny_model.init_state(64, 64, 2)
    for number in range(3):
        step, state = tiny_model.step(batch.lightness[:, number], state, references)
        assert torch.equal(colored.ab[:, number], step.ab)
        assert torch.equal(colored.warped_ab[:, number], step.warped_ab)


@pytest.mark.parametrize("name", ["tiny_model", "tiny_devc"])
def test_gradients_flow_through_earlier_frames(name, request, batch):
    model = request.getfixturevalue(name)
    first = torch.zeros(2, 2, 64, 64, requires_grad=True)
    handover = replace(draw_history(batch, "truth", generator_for(1)), ab=first)
    colored = unroll(model, batch, handover, clean_history=True)
    (gradient,) = torch.autograd.grad(colored.ab[:, 2].sum(), first)
    assert gradient.abs().sum() > 0


def test_the_previous_frame_may_be_shown_without_noise(tiny_devc, batch):
    noisy = unroll(tiny_devc, batch, clean_history=False)
    clean = unroll(tiny_devc, batch, clean_history=True)
    assert torch.equal(noisy.ab[:, 0], clean.ab[:, 0])
    assert not torch.equal(noisy.ab[:, 1], clean.ab[:, 1])


def test_a_given_history_replaces_the_first_frame(tiny_model, batch):
    handover = draw_history(batch, "truth", generator_for(1))
    colored = unroll(tiny_model, batch, handover, clean_history=False)
    assert torch.equal(colored.ab[:, 0], batch.truth[:, 0, 1:])


def test_the_error_of_matching_counts_where_the_truth_can_be_reached(batch):
    truth = batch.truth[:, :, 1:]
    exact = torch.nn.functional.avg_pool2d(truth.flatten(0, 1), 4).view(2, 3, 2, 16, 16)
    colored = Colored(truth, exact.clone())
    assert matching_error(colored, batch).item() == pytest.approx(0, abs=1e-6)
    colored.warped_ab[1] += 3.0
    both = matching_error(colored, batch).item()
    assert both == pytest.approx((18 + 0.01) ** 0.5 / 2 - 0.05, rel=1e-4)
    assert matching_error(colored, replace(batch, same_scene=torch.tensor([1.0, 0.0]))).item() < 1e-6
    assert matching_error(colored, replace(batch, same_scene=torch.zeros(2))).item() == 0
