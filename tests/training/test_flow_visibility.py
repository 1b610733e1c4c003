import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.training.flow_visibility import visibility


def constant_flow(across, down, height=12, width=16):
    return torch.tensor([across, down], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, height, width).clone()


@settings(deadline=None)
@given(st.integers(-15, 15), st.integers(-11, 11))
def test_with_consistent_flows_just_what_leaves_the_picture_is_hidden(across, down):
    visible = visibility(constant_flow(across, down), constant_flow(-across, -down))
    expected = torch.zeros(12, 16)
    expected[max(0, -down) : 12 - max(0, down), max(0, -across) : 16 - max(0, across)] = 1
    assert torch.equal(visible[0, 0], expected)


@settings(deadline=None)
@given(st.floats(0, 3), st.floats(0, 6))
def test_the_threshold_is_sundarams(error, speed):
    squared, allowed = error**2, 0.01 * (speed**2 + (speed - error) ** 2) + 0.5
    if abs(squared - allowed) < 1e-3:
        return
    visible = visibility(constant_flow(speed, 0), constant_flow(error - speed, 0))
    assert float(visible[0, 0, 6, 3]) == (squared < allowed)


def test_wrong_flows_are_refused():
    with pytest.raises(InputError, match="shapes"):
        visibility(constant_flow(0, 0), constant_flow(0, 0, width=9))
    with pytest.raises(InputError, match="not finite"):
        visibility(constant_flow(0, 0), constant_flow(torch.nan, 0))
