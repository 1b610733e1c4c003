import pytest
import torch

from vcnode.errors import InputError
from vcnode.network.discriminator import Discriminator, SelfAttention

pytestmark = pytest.mark.usefixtures("seeded")


def test_keys_are_those_that_the_authors_training_saves():
    state = Discriminator().state_dict()
    assert len(state) == 41
    assert sum(value.numel() for value in state.values()) == 11_283_107
    assert state["last.module.weight_bar"].shape == (1, 1024, 3, 6)
    assert state["attention.query_conv.module.weight_v"].shape == (64,)


def test_a_smaller_last_kernel_judges_smaller_crops():
    score, features = Discriminator(last_kernel=(1, 2))(torch.randn(2, 6, 64, 160))
    assert score.shape == (2, 1)
    assert features.shape == (2, 256, 4, 10)


def test_frames_that_are_too_small_are_explained():
    with pytest.raises(InputError, match="384x192"):
        Discriminator()(torch.zeros(1, 6, 128, 192))


@pytest.mark.parametrize("kernel", [(1, 1), (0, 2)])
def test_a_last_kernel_that_is_too_small_is_explained(kernel):
    with pytest.raises(InputError, match="at least"):
        Discriminator(kernel)


def test_attention_begins_as_nothing_and_mixes_as_the_formula_says():
    attention = SelfAttention(8).eval()
    x = torch.randn(2, 8, 5, 4)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gamma.fill_(0.7)
        query, key, value = (
            conv(x).flatten(2) for conv in (attention.query_conv, attention.key_conv, attention.value_conv)
        )
        mixed = value @ (query.transpose(1, 2) @ key).softmax(dim=2).transpose(1, 2)
        torch.testing.assert_close(attention(x), x + 0.7 * mixed.unflatten(2, (5, 4)), rtol=1e-4, atol=1e-5)
