import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.sequence.chain import (
    combine_digests,
    digest_settings,
    digest_tensor,
    next_key,
    start_key,
)

from .states import chain_keys

lumas = st.lists(st.binary(max_size=4).map(lambda data: digest_tensor(torch.tensor(list(data)))), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
settings_values = st.dictionaries(st.text(), plain, max_size=4)


def is_key(text):
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


@given(lumas, st.data())
def test_an_edit_changes_the_keys_from_the_edited_frame_to_the_end_of_the_shot(before, data):
    position = data.draw(st.integers(0, len(before)))
    after = [*before[:position], digest_tensor(torch.tensor([1000.0])), *before[position + 1 :]]
    start = start_key("model", {}, "references")
    keys_before = list(chain_keys(start, before))
    keys_after = list(chain_keys(start, after))
    assert keys_after[:position] == keys_before[:position]
    assert not set(keys_after[position:]) & {start, *keys_before}


@given(lumas)
def test_every_frame_has_its_own_key_even_where_frames_repeat(digests):
    start = start_key("model", {}, "references")
    keys = list(chain_keys(start, digests))
    assert len(keys) == len(digests)
    assert len({start, *keys}) == len(digests) + 1
    assert all(is_key(key) for key in keys)


def test_every_input_of_the_start_key_matters_and_none_can_pass_for_another():
    keys = [
        start_key("model", {}, "references"),
        start_key("model2", {}, "references"),
        start_key("model", {}, "2references"),
        start_key("model", {"look_ahead": 4}, "references"),
        start_key("modelreferences", {}, ""),
        next_key("model", "references"),
        combine_digests(["model", "references"]),
        combine_digests(["modelreferences"]),
        combine_digests(["references", "model"]),
        combine_digests([]),
    ]
    assert len(set(keys)) == len(keys)


def test_keys_do_not_change_between_runs_and_versions():
    start = start_key("model", {"temperature": 0.01, "names": ["a"]}, "references")
    assert start == "690925266abfca55885a35dc3af5c3fb98310af59e112a1f6269ee7342a85dac"
    assert (
        next_key(start, digest_tensor(torch.arange(4.0)))
        == "cfa96533c130a06a75fcd807fd4b31b2d62fea2b0a27b15df6f6518e731d7257"
    )


@given(settings_values, st.randoms())
def test_settings_digest_ignores_the_order_of_names(values, random):
    names = list(values)
    random.shuffle(names)
    assert digest_settings({name: values[name] for name in names}) == digest_settings(values)


@given(settings_values, settings_values)
def test_settings_digest_differs_where_settings_differ(one, other):
    # repr tells 1, 1.0 and True apart; so does the digest, which may only split what is equal, never join.
    if digest_settings(one) == digest_settings(other):
        assert one == other
    assert digest_settings({"x": one}) != digest_settings({"x": [one]})


def test_settings_digest_reads_tuples_as_lists():
    assert digest_settings({"size": (216, 384)}) == digest_settings({"size": [216, 384]})
    assert digest_settings({"size": (216, 384)}) != digest_settings({"size": (384, 216)})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), torch.float32, {1: "a"}, {"a", "b"}, b"bytes"])
def test_settings_that_have_no_canonical_text_are_refused_by_name(value):
    with pytest.raises(InputError, match=r"outer\.inner"):
        digest_settings({"outer": {"inner": value}})


def test_tensor_digest_sees_dtype_shape_and_every_value():
    values = torch.arange(6.0)
    digests = [
        digest_tensor(values),
        digest_tensor(values.double()),
        digest_tensor(values.bfloat16()),
        digest_tensor(values.view(torch.int32)),
        digest_tensor(values.reshape(2, 3)),
        digest_tensor(values.reshape(3, 2)),
        digest_tensor(values.flip(0)),
        digest_tensor(values[:5]),
        digest_tensor(torch.zeros(0)),
        digest_tensor(torch.zeros(0, 3)),
        digest_tensor(torch.tensor(0.0)),
        digest_tensor(torch.tensor(-0.0)),
        digest_tensor(torch.tensor(False)),
        digest_tensor(torch.tensor(0, dtype=torch.uint8)),
    ]
    assert len(set(digests)) == len(digests)
    assert all(is_key(digest) for digest in digests)


@given(st.permutations(range(4)), st.booleans())
def test_tensor_digest_does_not_see_the_memory_layout(order, requires_grad):
    values = torch.arange(120.0).reshape(2, 3, 4, 5).requires_grad_(requires_grad)
    inverse = [order.index(axis) for axis in range(4)]
    same_values_other_strides = values.permute(order).contiguous().permute(inverse)
    assert digest_tensor(same_values_other_strides) == digest_tensor(values)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_tensor_digest_does_not_see_the_device():
    values = torch.rand(3, 5)
    assert digest_tensor(values.cuda()) == digest_tensor(values)


@given(st.binary(min_size=1, max_size=64), st.data())
def test_tensor_digest_changes_with_any_bit(data, draw):
    changed = bytearray(data)
    changed[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    digests = [digest_tensor(torch.tensor(list(content), dtype=torch.uint8)) for content in (data, changed)]
    assert len(set(digests)) == 2


def test_combined_digests_depend_on_order_and_number():
    combinations = [combination for count in range(4) for combination in itertools.product(("a", "b"), repeat=count)]
    assert len({combine_digests(combination) for combination in combinations}) == len(combinations)
