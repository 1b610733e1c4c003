import pytest
import torch

from vcnode.training.checksum import checksum

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.bfloat16), "c": torch.tensor(1)}
WORDS = {"version": "1", "step": "2"}


def test_order_does_not_matter():
    assert checksum(TENSORS, WORDS) == checksum(*(dict(reversed(each.items())) for each in (TENSORS, WORDS)))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("a", torch.arange(6.0).view(3, 2)),
        ("a", torch.arange(6.0).view(2, 3).double()),
        ("b", torch.tensor([1, 1.01], dtype=torch.bfloat16)),
        ("c", torch.tensor(2)),
        ("d", torch.tensor(1)),
    ],
)
def test_any_change_of_a_tensor_does(name, other):
    assert checksum({**TENSORS, name: other}, WORDS) != checksum(TENSORS, WORDS)


def test_words_do_too():
    assert checksum(TENSORS, {**WORDS, "step": "3"}) != checksum(TENSORS, WORDS)
