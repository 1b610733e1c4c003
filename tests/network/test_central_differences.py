import torch

from vcnode.network.central_differences import central_differences


def test_inside_they_are_the_gradient_and_the_border_is_repeated():
    image = torch.rand(2, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    across, down = central_differences(image)
    steep_down, steep_across = torch.gradient(image, dim=(2, 3))
    assert torch.allclose(across[..., 1:-1], steep_across[..., 1:-1])
    assert torch.allclose(down[:, :, 1:-1], steep_down[:, :, 1:-1])
    assert torch.allclose(across[..., 0], (image[..., 1] - image[..., 0]) / 2)
    assert torch.allclose(down[:, :, -1], (image[:, :, -1] - image[:, :, -2]) / 2)
