import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import ChromaSiting, subsample
from vcnode.errors import InputError

FACTORS = {"444": (1, 1), "440": (2, 1), "422": (1, 2), "420": (2, 2)}

sitings = st.sampled_from(list(ChromaSiting))
subsamplings = st.sampled_from(list(FACTORS))


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 9), subsamplings, sitings)
def test_size_rounds_up_and_flat_planes_stay_flat(height: int, width: int, name: str, siting: ChromaSiting) -> None:
    down, across = FACTORS[name]
    small = subsample(torch.full((1, 2, height, width), 0.375), name, siting)
    assert small.shape == (1, 2, -(-height // down), -(-width // across))
    assert torch.equal(small, torch.full_like(small, 0.375))


@settings(max_examples=60)
@given(subsamplings, sitings)
def test_samples_of_a_slope_have_the_value_of_the_place_where_they_sit(name: str, siting: ChromaSiting) -> None:
    down, across = FACTORS[name]
    rows, columns = torch.arange(12.0)[:, None], torch.arange(16.0)[None, :]
    small = subsample((rows + 100 * columns)[None, None], name, siting)[0, 0]
    places_down = torch.arange(12 // down) * down + (siting.down if down == 2 else 0.0)
    places_across = torch.arange(16 // across) * across + (siting.across if across == 2 else 0.0)
    expected = places_down[:, None] + 100 * places_across[None, :]
    # At the edges the repeated samples bend the slope.
    assert torch.allclose(small[1:-1, 1:-1], expected[1:-1, 1:-1])


def test_the_finest_pattern_disappears_instead_of_becoming_a_false_colour() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(8).expand(1, 1, 4, 16)
    for siting in (ChromaSiting.LEFT, ChromaSiting.CENTER):
        assert torch.allclose(subsample(stripes, "422", siting)[..., 1:-1], torch.tensor(0.5))


def test_444_returns_the_planes() -> None:
    planes = torch.rand(2, 3, 5, 7)
    assert torch.equal(subsample(planes, "444"), planes)


@pytest.mark.parametrize(
    ("number", "siting"), [(0, ChromaSiting.LEFT), (1, ChromaSiting.CENTER), (2, ChromaSiting.TOP_LEFT)]
)
def test_numbers_are_those_of_the_standard(number: int, siting: ChromaSiting) -> None:
    assert ChromaSiting.from_h273(number) is siting


def test_wrong_input_is_named() -> None:
    with pytest.raises(InputError, match="from 0 to 5"):
        ChromaSiting.from_h273(6)
    with pytest.raises(InputError, match="'411' is not known"):
        subsample(torch.rand(1, 1, 4, 4), "411")
    with pytest.raises(InputError, match="decode it"):
        subsample(torch.zeros(1, 1, 4, 4, dtype=torch.uint8), "420")
