"""Reference images."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vcnode.color import rgb_to_lab
from vcnode.errors import InputError
from vcnode.media import read_image

type ImageLike = Path | str | NDArray[Any] | Tensor

_FAINTEST_COLOR = 0.5  # ab units: a picture that never leaves gray by more has nothing to give


@dataclass(frozen=True, eq=False)
class Reference:
    """An image whose colours are wanted, and how to use it.

    Attributes:
        image: A file, or RGB: an array `(H, W, 3)` or a tensor `(3, H, W)`; 0..1 for floats, full scale for integers.
        frame: The frame of the clip that it shows, counted from 0 (a keyframe); None: no particular frame.
        weight: Influence relative to the shot's other references, above 0.
        mask: White where the reference may be used and black where not; None: everywhere. A file, or `(H, W)`.

    Raises:
        InputError: `frame` is negative or `weight` is not a positive number.
    """

    image: ImageLike
    frame: int | None = None
    weight: float = 1.0
    mask: ImageLike | None = None

    def __post_init__(self) -> None:
        for name in ("image", "mask"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, Path(getattr(self, name)))
        if self.frame is not None and self.frame < 0:
            raise InputError(f"Reference {self} is for frame {self.frame}: frames count from 0.")
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise InputError(f"Reference {self} has the weight {self.weight}: give a number above 0.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __str__(self) -> str:
        return str(self.image) if isinstance(self.image, Path) else "(picture in memory)"

    @property
    def path(self) -> Path:
        """The image's file.

        Raises:
            InputError: The image is in memory.
        """
        if isinstance(self.image, Path):
            return self.image
        raise InputError("A reference in memory has no file: save the image and name its file instead.")

    def lab(self) -> Tensor:
        """Read the image as Lab `(1, 3, H, W)`, L 0..100.

        Raises:
            InputError: It has no colour, or is not an image.
            MediaError: The file cannot be read.
        """
        rgb = torch.from_numpy(read_image(self.image).rgb) if isinstance(self.image, Path) else floats(self.image)
        if rgb.ndim != 3 or 3 not in (rgb.shape[0], rgb.shape[-1]):
            raise InputError(f"Reference {self} has the shape {tuple(rgb.shape)}: give RGB, (H, W, 3) or (3, H, W).")
        if isinstance(self.image, Path | np.ndarray) and rgb.shape[-1] == 3:
            rgb = rgb.permute(2, 0, 1)
        if not bool(torch.isfinite(rgb).all()):
            raise InputError(f"Reference {self} has pixels that are not numbers (NaN or infinite): repair the image.")
        lab = rgb_to_lab(rgb[None].clamp(0, 1))
        if float(lab[:, 1:].abs().max()) < _FAINTEST_COLOR:
            raise InputError(f"Reference {self} is gray: give an image in colour, since colours come from it.")
        return lab

    def mask_for(self, height: int, width: int) -> Tensor | None:
        """Read the mask `(1, 1, height, width)`, 0..1, or None where there is none.

        Raises:
            InputError: Its size differs from the image's.
            MediaError: The file cannot be read.
        """
        if self.mask is None:
            return None
        mask = torch.from_numpy(read_image(self.mask).rgb) if isinstance(self.mask, Path) else floats(self.mask)
        if mask.ndim == 3:
            mask = mask.mean(dim=-1 if mask.shape[-1] in (1, 3) else 0)
        if mask.shape != (height, width):
            raise InputError(
                f"The mask of reference {self} is {mask.shape[-1]}x{mask.shape[-2]} pixels, "
                f"the image {width}x{height}: give a mask of the image's size."
            )
        return mask[None, None]

    def _identity(self) -> tuple[object, ...]:
        """Files are the same by path, pictures in memory by being the same object."""
        image, mask = (each if each is None or isinstance(each, Path) else id(each) for each in (self.image, self.mask))
        return image, self.frame, self.weight, mask


def floats(values: os.PathLike[str] | str | NDArray[Any] | Tensor) -> Tensor:
    """Array or tensor to float32; integers are divided by their type's greatest value."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    array = np.asarray(values)
    if np.issubdtype(array.dtype, np.integer):
        return torch.from_numpy(array.astype(np.float32) / np.iinfo(array.dtype).max)
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"Pixels of the type {array.dtype} cannot be used: give floats in 0..1 or unsigned integers.")
    return torch.from_numpy(array.astype(np.float32))
