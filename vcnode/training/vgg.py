"""The classifier through which the perceptual and the contextual loss look at pictures.

Two lineages of VGG exist, and their features differ in scale: the authors' (Caffe; colours in steps of 1/255, about
+-127) and torchvision's (colours divided by their standard deviation, about +-2). Features of torchvision's are some 30
times smaller in relu5_2, as far as known: where others replaced one by the other under a mean squared difference, they
raised its weight from 0.001 to 0.1..1, a factor of 100 to 1000. The perceptual loss grows with the square of the scale,
so `LossNetwork` multiplies torchvision's features by 30, and loss weights made for the authors' network keep their
meaning within such a factor. The contextual loss does not depend on the scale.
"""

import math
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from vcnode.errors import ModelError
from vcnode.network.encoders import VGG19Encoder, lab_to_rgb_differentiable
from vcnode.training.losses.precision import at_least_float32
from vcnode.weights import check_state_dict, load_state_dict

IMAGENET_SCALE = 30.0
LAYERS = ("r12", "r22", "r32", "r42", "r52")
_STAGES = {16: (2, 2, 3, 3, 2), 19: (2, 2, 4, 4, 2)}  # convolutions between poolings, up to conv5_2
_TORCHVISION_FILE = "vgg19-dcbb9e9d.pth"
_TORCHVISION_URL = f"https://download.pytorch.org/models/{_TORCHVISION_FILE}"


class TorchvisionVGG(nn.Module):
    """VGG16 or VGG19 up to relu5_2 with torchvision's keys (`features.N.weight`) and preprocessing.

    Args:
        depth: 16 or 19.
        tensors: The weights; whatever else is among them is not used.
        width: Channels of the first stage; 64 in the real networks.
        source: What the weights are from, in words, for the error.

    Raises:
        ModelError: A tensor is missing, has another shape or holds what is no number.
    """

    def __init__(self, depth: int, tensors: Mapping[str, Tensor], *, width: int = 64, source: str = "weights") -> None:
        super().__init__()
        with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
            self.features = _layers(depth, width)
        expected = {key: tuple(value.shape) for key, value in self.state_dict().items()}
        found = {key: tensors[key] for key in expected if key in tensors}
        check_state_dict(found, expected, source)
        self.load_state_dict({key: tensor.float() for key, tensor in found.items()}, assign=True)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1), persistent=False)

    def pyramid(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """Return r12, r22, r32, r42, r52 of RGB `(B, 3, H, W)` in 0..1, as `VGG19Encoder.pyramid` does."""
        x = (rgb - self.mean) / self.std
        taps, layer = [], 0
        for module in self.features:
            x = module(x)
            if isinstance(module, nn.MaxPool2d):
                layer = 0
            elif isinstance(module, nn.ReLU):
                layer += 1
                if layer == 2:
                    taps.append(x)
        return tuple(taps)


class LossNetwork(nn.Module):
    """A frozen VGG that judges Lab pictures. Gradients pass through it to the picture, never to its weights.

    Args:
        extractor: The network; made by the constructors below.
        scale: What its features are multiplied by, so that loss weights mean what they mean for the authors' VGG19.
    """

    def __init__(self, extractor: VGG19Encoder | TorchvisionVGG, scale: float = 1.0) -> None:
        super().__init__()
        self.extractor = extractor.requires_grad_(False)
        self.scale = scale

    def forward(self, lab: Tensor) -> dict[str, Tensor]:
        """Look at pictures, in float32 whatever autocast says.

        Args:
            lab: L 0..100 and ab -128..127, `(B, 3, H, W)`, 16 pixels a side or more.

        Returns:
            The features r12, r22, r32, r42, r52 (the ReLU after convN_2) by name, at strides 1, 2, 4, 8, 16.
        """
        with torch.autocast(lab.device.type, enabled=False):
            taps = self.extractor.pyramid(lab_to_rgb_differentiable(at_least_float32(lab)))
            return {name: tap if self.scale == 1 else tap * self.scale for name, tap in zip(LAYERS, taps, strict=True)}

    @classmethod
    def from_encoder(cls, encoder: VGG19Encoder) -> Self:
        """Use the authors' VGG19, such as the encoder of a `devc` model; the weights are shared with it."""
        return cls(encoder)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Load VGG16 or VGG19, told apart by their keys, with torchvision's keys and preprocessing.

        Args:
            path: A safetensors file (or torchvision's own .pth), in any precision; classifier and other tensors in it
                are not used.

        Raises:
            ModelError: The file is absent, damaged, or holds neither network.
        """
        tensors = load_state_dict(path)
        if "features.16.weight" in tensors:
            depth = 19
        elif "features.17.weight" in tensors:
            depth = 16
        else:
            raise ModelError(
                f"The file {path} holds neither VGG16 nor VGG19: give one with torchvision's keys, features.0.weight "
                "to features.28.weight."
            )
        return cls(TorchvisionVGG(depth, tensors, source=str(path)), IMAGENET_SCALE)

    @classmethod
    def from_torchvision(cls) -> Self:
        """Load torchvision's VGG19 from torch's hub cache; torchvision itself is not needed.

        Raises:
            ModelError: It is not there, or damaged.
        """
        path = Path(torch.hub.get_dir()) / "checkpoints" / _TORCHVISION_FILE
        if not path.is_file():
            raise ModelError(
                f"Torchvision's VGG19 is not at {path}: put {_TORCHVISION_URL} there, or give another VGG as a file."
            )
        return cls.from_file(path)

    @classmethod
    def random(cls, seed: int = 0, *, width: int = 16) -> Self:
        """A narrow VGG16 of random weights, for trying out the machinery; it teaches next to nothing.

        Args:
            seed: Of its weights; the global random state is not touched.
            width: Channels of its first stage.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.device("meta"):
            shapes = {f"features.{key}": value.shape for key, value in _layers(16, width).state_dict().items()}
        tensors = {
            key: torch.zeros(shape) if len(shape) == 1 else _he_normal(shape, generator)
            for key, shape in shapes.items()
        }
        return cls(TorchvisionVGG(16, tensors, width=width))


def _layers(depth: int, width: int) -> nn.Sequential:
    """Layers numbered as torchvision numbers them, without those that follow relu5_2."""
    layers: list[nn.Module] = []
    widths = (3, width, 2 * width, 4 * width, 8 * width, 8 * width)
    for (inputs, outputs), count in zip(pairwise(widths), _STAGES[depth], strict=True):
        if layers:
            layers.append(nn.MaxPool2d(2))
        for number in range(count):
            layers += [nn.Conv2d(outputs if number else inputs, outputs, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


def _he_normal(shape: torch.Size, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
