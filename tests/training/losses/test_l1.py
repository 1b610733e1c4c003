import torch

from vcnode.training.losses import l1_loss


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_only_samples_with_a_reference_of_their_scene_count():
    truth, ab = torch.zeros(3, 2, 4, 5), torch.ones(3, 2, 4, 5) * torch.tensor([1.0, 10, 100]).view(3, 1, 1, 1)
    assert l1_loss(ab, truth, torch.tensor([1, 0, 1])) == (1 + 100) / 2
    assert l1_loss(ab, truth, torch.tensor([False, True, False])) == 10


def test_the_authors_divide_by_the_batch_size_as_well():
    truth, ab = torch.zeros(4, 2, 3, 3), torch.full((4, 2, 3, 3), 7.0)
    same_scene = torch.tensor([1.0, 0, 1, 0])
    torch.testing.assert_close(l1_loss(ab, truth, same_scene, divided_twice=True), torch.tensor(2 * 7 / 4 / (2 + 1e-5)))


def test_no_such_sample_costs_nothing():
    ab = torch.ones(2, 2, 3, 3, requires_grad=True)
    for divided_twice in (False, True):
        loss = l1_loss(ab, torch.zeros(2, 2, 3, 3), torch.zeros(2), divided_twice=divided_twice)
        loss.backward()
        assert loss == 0
        assert (ab.grad == 0).all()


def test_gradients():
    ab, truth, same_scene = random(3, 2, 2, 3, seed=1).requires_grad_(), random(3, 2, 2, 3, seed=2), torch.ones(3)
    for divided_twice in (False, True):
        assert torch.autograd.gradcheck(lambda ab, d=divided_twice: l1_loss(ab, truth, same_scene, divided_twice=d), ab)
