"""Convolutions of spectral norm one (Miyato et al., ICLR 2018), as the paper's discriminator uses them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by its largest singular value, estimated by power iteration.

    One iteration runs in every forward pass; only in training mode is it kept for the next one, so that in
    evaluation the layer is a function of its input. Parameters and buffers carry the authors' keys:
    `module.bias`, `module.weight_bar`, `module.weight_u`, `module.weight_v`.

    Args:
        inputs: Input channels.
        outputs: Output channels.
        kernel: Height and width of the kernel.
        stride: Step in both directions.
        padding: Zeros around the input.
    """

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.module = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        weight = self.module.weight.detach()
        rest = weight[0].numel()
        self.module.register_parameter("weight", None)
        self.module.register_parameter("weight_bar", nn.Parameter(weight))
        self.module.register_buffer("weight_u", F.normalize(torch.randn(outputs), dim=0, eps=1e-12))
        self.module.register_buffer("weight_v", F.normalize(torch.randn(rest), dim=0, eps=1e-12))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `(B, inputs, H, W)` with the normalised weight."""
        conv = self.module
        return F.conv2d(x, self.weight(), conv.bias, conv.stride, conv.padding)

    def weight(self) -> Tensor:
        """Return the weight divided by its estimated norm; gradients flow through the estimate.

        The singular vectors are fresh tensors, so a later forward pass cannot disturb an earlier one's
        gradient.
        """
        weight = self.module.get_parameter("weight_bar")
        matrix = weight.flatten(1)
        u, v = self.module.get_buffer("weight_u"), self.module.get_buffer("weight_v")
        with torch.no_grad():
            new_v = matrix.T @ u
            new_v /= new_v.norm() + 1e-12
            new_u = matrix @ new_v
            new_u /= new_u.norm() + 1e-12
            if self.training:
                u.copy_(new_u)
                v.copy_(new_v)
        return weight / torch.dot(new_u, matrix @ new_v)
