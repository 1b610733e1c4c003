import torch
from network.golden import fixture

from vcnode.training.losses import sample_along, temporal_loss


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_golden_warp_and_value():
    golden = fixture("misc")
    golden.check("warp.out", sample_along(golden["warp.img"], golden["warp.flow"]), 5e-3, 1e-4)
    loss = temporal_loss(golden["warp.img"], golden["warp.target"], golden["warp.flow"], golden["warp.mask"])
    torch.testing.assert_close(loss, golden["warp.weighted_mse"], rtol=1e-5, atol=0)


def test_whole_pixels_of_motion_move_whole_pixels():
    image = random(1, 2, 5, 7).float()
    flow = torch.tensor([2.0, -1]).view(1, 2, 1, 1).expand(1, 2, 5, 7)
    moved = sample_along(image, flow)
    torch.testing.assert_close(moved[..., 1:, :5], image[..., :4, 2:], rtol=1e-5, atol=1e-5)
    assert (moved[..., 0, :] == 0).all()
    assert (moved[..., 5:] == 0).all()


def test_what_follows_the_flow_costs_nothing_and_hidden_pixels_do_not_count():
    earlier = random(1, 2, 6, 8, seed=1).float()
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0] = 1
    later = earlier.roll(1, dims=3)
    visible = torch.ones(1, 1, 6, 8)
    visible[..., -1] = 0  # moves out of the picture
    assert temporal_loss(later, earlier, flow, visible) < 1e-9
    assert temporal_loss(later, earlier, flow, torch.ones_like(visible)) > 1e-3
    assert temporal_loss(later, earlier, torch.zeros_like(flow), visible) > 1e-1


def test_gradients_into_both_frames():
    moved, fixed = random(2, 2, 4, 5, seed=2).requires_grad_(), random(2, 2, 4, 5, seed=3).requires_grad_()
    flow, visible = random(2, 2, 4, 5, seed=4), (random(2, 1, 4, 5, seed=5) > 0).double()
    assert torch.autograd.gradcheck(lambda moved, fixed: temporal_loss(moved, fixed, flow, visible), (moved, fixed))


def test_a_single_row_can_be_sampled():
    image = random(1, 2, 1, 4).float()
    torch.testing.assert_close(sample_along(image, torch.zeros(1, 2, 1, 4)), image)
