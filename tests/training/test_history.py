import pytest
import torch

from training.runs import Clips, settings
from vcnode.network.light_colorization import UNKNOWN
from vcnode.network.model import State
from vcnode.training.history import draw_history
from vcnode.training.randomness import generator_for


@pytest.fixture(scope="module")
def batch():
    batch = Clips(settings()).batch(range(64))
    batch.same_scene[::4] = 0
    return batch


@pytest.fixture(scope="module")
def own(batch):
    """What colouring the first frame has led to."""
    first = batch.truth[:, 0]
    return State(first[:, :1] + 1, torch.full_like(first[:, 1:], 5.0), torch.ones_like(first[:, :1]))


def test_the_papers_recurrence_is_left_alone(batch):
    assert draw_history(batch, "zeros", generator_for(1)) is None


def test_the_truth_is_handed_on_where_the_reference_shows_it(batch, own):
    handover = draw_history(batch, "truth", generator_for(1))
    state, known = handover.after(own), batch.same_scene > 0
    assert torch.equal(state.ab[known], batch.truth[:, 0, 1:][known])
    assert torch.equal(state.ab[~known], own.ab[~known])
    assert torch.equal(state.lightness, own.lightness)
    assert torch.equal(handover.colors(own.ab), state.ab)
    assert not state.uncertainty[known].any()
    assert (state.uncertainty[~known] == 1).all()


def test_damage_goes_from_nothing_at_all_to_the_truth(batch, own):
    handover = draw_history(batch, "damaged", generator_for(1))
    state, known = handover.after(own), batch.same_scene > 0
    truth = batch.truth[:, 0, 1:]
    nothing = (state.uncertainty == UNKNOWN).all(dim=(1, 2, 3))
    assert not nothing[~known].any()
    assert 0.05 < nothing[known].float().mean() < 0.4
    assert not state.ab[nothing].any()
    assert (state.lightness[nothing] == 50).all()
    told = known & ~nothing
    error = (state.ab - truth).abs().mean(dim=(1, 2, 3))[told]
    assert 0.2 < (error == 0).float().mean() < 0.7
    assert error.max() > 1
    assert torch.equal(state.ab[~known], own.ab[~known])
    assert torch.equal(handover.colors(own.ab)[known], truth[known])


def test_it_is_the_same_for_the_same_numbers(batch, own):
    drawn = [draw_history(batch, "damaged", generator_for(seed)).after(own).ab for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_some_clips_are_as_they_are_among_all(batch, own):
    handover = draw_history(batch, "damaged", generator_for(1))
    clips = slice(8, 12)
    some = State(own.lightness[clips], own.ab[clips], own.uncertainty[clips])
    assert torch.equal(handover.part(clips).after(some).ab, handover.after(own).ab[clips])
