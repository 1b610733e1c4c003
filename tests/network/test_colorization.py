import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.network.colorization import DevcColorNet

NARROW = (4, 6, 8, 10)


def inputs(height, width, batch=1):
    generator = torch.Generator().manual_seed(0)

    def draw(channels, low, high):
        return low + (high - low) * torch.rand(batch, channels, height, width, generator=generator)

    return [draw(1, 0, 100), draw(2, -80, 80), draw(1, -1, 1), draw(1, 0, 100), draw(2, -80, 80)]


def test_keys_are_those_of_the_authors_file(color_net):
    state = color_net.state_dict()
    assert len(state) == 65
    assert sum(value.numel() for value in state.values()) == 32_802_370
    assert state["conv1_1.2.weight"].shape == (64, 32, 3, 3)
    assert state["conv3_3norm_ss.weight"].shape == (256, 1, 1, 1)
    assert state["conv8_1.1.weight"].shape == (256, 512, 3, 3)


@settings(max_examples=15)
@given(rows=st.integers(2, 7), columns=st.integers(2, 7))
def test_every_multiple_of_8_is_coloured_at_its_size(rows, columns):
    with torch.no_grad():
        ab = DevcColorNet(NARROW)(*inputs(8 * rows, 8 * columns, batch=2))
    assert ab.shape == (2, 2, 8 * rows, 8 * columns)
    assert ab.abs().max() <= 128


def test_batches_are_coloured_one_by_one():
    network = DevcColorNet(NARROW).double()  # some random weights magnify how float32 rounds
    batch = [part.double() for part in inputs(32, 32, batch=3)]
    with torch.no_grad():
        together = network(*batch)
        alone = network(*(part[1:2] for part in batch))
    torch.testing.assert_close(together[1:2], alone)


def test_gradients_reach_every_input_and_weight():
    network = DevcColorNet(NARROW)
    parts = [part.requires_grad_() for part in inputs(32, 32)]
    network(*parts).square().sum().backward()
    for name, tensor in [*network.named_parameters(), *enumerate(parts)]:
        assert tensor.grad is not None, name
        assert tensor.grad.isfinite().all(), name


@pytest.mark.parametrize(("height", "width"), [(20, 32), (32, 36), (8, 32)])
def test_sizes_that_cannot_be_coloured_are_explained(height, width):
    with pytest.raises(InputError, match=f"{width}x{height}"):
        DevcColorNet(NARROW)(*inputs(height, width))
