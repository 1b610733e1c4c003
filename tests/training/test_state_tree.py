import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.training.state_tree import flatten, unflatten

leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
keys = st.text(max_size=6) | st.integers(0, 99)
trees = st.recursive(leaves, lambda below: st.lists(below) | st.dictionaries(keys, below), max_leaves=12)


@given(trees)
def test_plain_values_survive(tree):
    tensors, rest = flatten(tree)
    assert not tensors
    assert unflatten(tensors, rest) == tree


def test_tensors_go_by_the_names_of_where_they_lie():
    tree = {"adam": {0: {"step": torch.tensor(3.0), "rate": 0.1}}, "parts": [torch.ones(2), (1, 2)], "none": None}
    tensors, rest = flatten(tree)
    assert set(tensors) == {"adam.0.step", "parts.0"}
    back = unflatten(tensors, rest)
    assert back["adam"][0]["rate"] == 0.1
    assert torch.equal(back["parts"][0], torch.ones(2))
    assert back["parts"][1] == [1, 2]
    json.loads(rest)


def test_a_missing_tensor_is_noticed():
    tensors, rest = flatten({"a": torch.ones(1)})
    with pytest.raises(KeyError):
        unflatten({}, rest)
    assert tensors
