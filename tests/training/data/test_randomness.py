import pytest
import torch

from vcnode.training.data.randomness import SampleRandom


def draws(random):
    return [
        random.uniform(-2, 5, 3, 4),
        random.normal(2.0, 5),
        random.chance(0.3, 7).float(),
        random.choice((1.0, 4.0, 9.0), 6),
    ]


def test_no_sample_depends_on_its_neighbours():
    together, alone = draws(SampleRandom([5, 6, 7], "cpu")), draws(SampleRandom([6], "cpu"))
    for many, one in zip(together, alone, strict=True):
        assert torch.equal(many[1:2], one)
        assert not torch.equal(many[0], many[2])


def test_the_global_random_numbers_are_left_alone():
    before = torch.get_rng_state()
    draws(SampleRandom([0], "cpu"))
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_are_distributed_as_said():
    random = SampleRandom(range(4), "cpu")
    even = random.uniform(-2, 5, 4000)
    assert -2 <= even.min() < -1.9 < 4.9 < even.max() <= 5
    assert random.normal(3.0, 4000).std() == pytest.approx(3, rel=0.05)
    assert random.chance(0.3, 4000).float().mean() == pytest.approx(0.3, abs=0.02)
    assert set(random.choice((1.0, 4.0, 9.0), 200).flatten().tolist()) == {1, 4, 9}
