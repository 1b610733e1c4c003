"""Reference images."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vcnode.color import rgb_to_lab
from vcnode.errors import InputError
from vcnode.media import Image, read_image, read_mask
from vcnode.sequence.whole_number import whole_number

type ImageLike = Path | str | NDArray[Any] | Tensor

LEAST_WHITE = 0.5  # of a mask, above which a place may be matched

_FAINTEST_COLOR = 0.5  # ab units: a picture that never leaves gray by more has nothing to give
_BRIGHTEST = 16.0  # encoded highlights may exceed 1; a float image with more than this counts in codes of 8 bit or so


@dataclass(frozen=True, eq=False)
class Reference:
    """An image whose colours are wanted, and how to use it.

    Attributes:
        image: A file, or RGB: an array `(H, W, 3)` or a tensor `(3, H, W)`; 0..1 for floats, full scale for integers.
        frame: The frame of the clip that it shows, counted from 0 (a keyframe: its own colours begin the run there,
            unless it has a mask, transparent parts or another aspect ratio); None: no particular frame.
        weight: Influence relative to the shot's other references, above 0.
        mask: White where the reference may be used and black where not; None: where the image's file is
            opaque. A file, or `(H, W)`.

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
        if self.frame is not None:
            object.__setattr__(self, "frame", whole_number(self.frame, f"The frame of reference {self}"))
            if self.frame < 0:
                raise InputError(f"Reference {self} is for frame {self.frame}: frames count from 0.")
        try:
            weight = float(self.weight)
        except (TypeError, ValueError):
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise InputError(f"Reference {self} has the weight {self.weight}: give a number above 0.")
        object.__setattr__(self, "weight", weight)

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
        return self._lab_in(self._file())

    def mask_for(self, height: int, width: int) -> Tensor | None:
        """Read the mask, or else the alpha of the image's file, `(1, 1, height, width)`, 0..1; None where all counts.

        Raises:
            InputError: Its size differs from the image's, or nothing in it is white.
            MediaError: The file cannot be read.
        """
        return self._mask_in(self._file() if self.mask is None else None, height, width)

    def lab_and_mask(self) -> tuple[Tensor, Tensor | None]:
        """Read all there is, the image's file once, so that it is known to be usable: see `lab` and `mask_for`.

        Returns:
            Lab `(1, 3, H, W)`, L 0..100, and the mask `(1, 1, H, W)`, 0..1; None where all counts.

        Raises:
            InputError: The image has no colour or is none, or the mask does not fit or leaves nothing.
            MediaError: A file cannot be read.
        """
        file = self._file()
        lab = self._lab_in(file)
        return lab, self._mask_in(file, lab.shape[2], lab.shape[3])

    def _file(self) -> Image | None:
        return read_image(self.image) if isinstance(self.image, Path) else None

    def _lab_in(self, file: Image | None) -> Tensor:
        pixels = cast(NDArray[Any] | Tensor, self.image) if file is None else file.rgb.clip(0, 1)
        rgb = floats(pixels, f"Reference {self}")  # float files may exceed 1: highlights are clipped, as everywhere
        shape = tuple(rgb.shape)
        if rgb.ndim == 3 and shape[-1] == 3 and not isinstance(self.image, Tensor):
            rgb = rgb.permute(2, 0, 1)
        if rgb.ndim != 3 or rgb.shape[0] != 3 or rgb.numel() == 0:
            raise InputError(
                f"Reference {self} has the shape {shape}: give an RGB array (H, W, 3) or an RGB tensor (3, H, W)."
            )
        lab = rgb_to_lab(rgb[None].clamp(0, 1))
        if float(lab[:, 1:].abs().max()) < _FAINTEST_COLOR:
            raise InputError(f"Reference {self} is gray: give an image in colour, since colours come from it.")
        return lab

    def _mask_in(self, file: Image | None, height: int, width: int) -> Tensor | None:
        if self.mask is None:
            alpha = None if file is None else file.alpha
            painted = alpha is not None and alpha.min() < 1 and alpha.max() > 0  # a channel left black is no mask
            return self._not_empty(torch.from_numpy(alpha)) if painted else None
        values = read_mask(self.mask) if isinstance(self.mask, Path | str) else self.mask
        mask = floats(values, f"The mask of reference {self}")
        if mask.ndim == 3:
            mask = mask.mean(dim=-1 if mask.shape[-1] in (1, 3) else 0)
        if mask.ndim != 2:
            raise InputError(f"The mask of reference {self} has the shape {tuple(mask.shape)}: give a picture (H, W).")
        if mask.shape != (height, width):
            raise InputError(
                f"The mask of reference {self} is {mask.shape[-1]}x{mask.shape[-2]} pixels, "
                f"the image {width}x{height}: give a mask of the image's size."
            )
        return self._not_empty(mask)

    def _not_empty(self, mask: Tensor) -> Tensor:
        """Refuse a mask `(H, W)` of which no working size leaves anything: better now than when its shot begins."""
        if not bool((mask > LEAST_WHITE).any()):
            raise InputError(
                f"The mask of reference {self} leaves nothing to match: make its white area (or what is opaque) larger."
            )
        return mask[None, None]

    def _identity(self) -> tuple[object, ...]:
        """Files are the same by path, pictures in memory by being the same object."""
        image, mask = (each if each is None or isinstance(each, Path) else id(each) for each in (self.image, self.mask))
        return image, self.frame, self.weight, mask


def floats(values: NDArray[Any] | Tensor, what: str) -> Tensor:
    """Copy an array or tensor as float32; unsigned integers are divided by their type's greatest value.

    Args:
        values: Of any shape.
        what: They are, for messages.

    Raises:
        InputError: Another type, values that are not numbers, or floats that cannot be meant as 0..1.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.is_floating_point() else values).numpy()
    array = np.asarray(values)
    if np.issubdtype(array.dtype, np.unsignedinteger):
        return torch.from_numpy(np.asarray(array / np.iinfo(array.dtype).max, np.float32))
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"{what} has pixels of the type {array.dtype}: give floats in 0..1 or unsigned integers.")
    if not np.isfinite(array).all():
        raise InputError(f"{what} has pixels that are not numbers (NaN or infinite): repair it.")
    if np.abs(array).max(initial=0.0) > _BRIGHTEST:
        raise InputError(
            f"{what} has float pixels of up to {np.abs(array).max():g}: give floats in 0..1, or unsigned integers."
        )
    return torch.from_numpy(array.astype(np.float32))
