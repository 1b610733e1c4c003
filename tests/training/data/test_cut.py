import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.network.alignment import warp
from vcnode.training.data.cut import Cut

sizes = st.tuples(st.integers(1, 20), st.integers(1, 20))


@given(st.integers(0, 999), sizes, sizes, st.booleans())
def test_a_part_has_its_size_and_lies_inside(seed, size, margin, flip):
    whole = (size[0] + margin[0], size[1] + margin[1])
    cut = Cut.draw(np.random.default_rng(seed), whole, size, flip=flip)
    assert cut.picture(torch.zeros(3, *whole)).shape == (3, *size)
    assert flip or not cut.is_mirrored


def test_every_place_is_drawn_and_every_other_one_is_mirrored():
    random = np.random.default_rng(0)
    cuts = [Cut.draw(random, (3, 4), (2, 2), flip=True) for _ in range(300)]
    assert {(cut.top, cut.left) for cut in cuts} == {(top, left) for top in range(2) for left in range(3)}
    assert sum(cut.is_mirrored for cut in cuts) == pytest.approx(150, abs=30)


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_the_motion_of_a_part_leads_to_the_same_colours_as_that_of_the_whole(is_mirrored):
    first = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    second, flow = first.roll((1, 2), (2, 3)), torch.tensor([2.0, 1.0]).view(2, 1, 1).expand(2, 24, 32)
    cut = Cut(4, 6, 12, 16, is_mirrored)
    followed = warp(cut.picture(second), cut.flow(flow)[None])
    inside = (..., slice(2, -2), slice(3, -3))
    assert torch.allclose(followed[inside], cut.picture(first)[inside], atol=1e-4)
