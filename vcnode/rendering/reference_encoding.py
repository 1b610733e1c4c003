"""A reference as the engine takes it, whatever its file's encoding."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vcnode.color import find_bars, rgb_to_lab
from vcnode.media import FrameSource, ImageSequenceReader, read_image
from vcnode.media.exr_frames import is_exr
from vcnode.media.exr_header import Box, read_exr_header
from vcnode.rendering.reference_picture import mask_picture, opaque_part, placed, reference_picture
from vcnode.sequence import Reference
from vcnode.sequence.reference import LEAST_WHITE


@dataclass(frozen=True)
class Windows:
    """Of an OpenEXR sequence.

    Attributes:
        display: The format of its frames.
        covered: What they cover: the union of their data windows.
        varies: Whether not all cover the same: black around them is then no bar.
    """

    display: Box
    covered: Box
    varies: bool = False

    @classmethod
    def of(cls, source: FrameSource) -> "Windows | None":
        """Those of a clip; None where it is not of EXR files."""
        exr = source.exr if isinstance(source, ImageSequenceReader) else None
        return None if exr is None else cls(exr.first.display_window, exr.box, exr.varies)

    @property
    def alike(self) -> bool:
        """Whether frames cover their format and no more."""
        return self.covered == self.display


def understood(reference: Reference, encoding: str | None, windows: Windows | None) -> Reference:
    """The reference with its files read as they are meant; one in sRGB that needs nothing stays a file.

    Where the clip's frames cover more or less than their format, so does a picture of that format: its edges go on
    where it has no pixels. Black there would be taken for bars, and the rest for the whole frame.

    Args:
        reference: As named, with files.
        encoding: Of its picture; None: as the kind of file says.
        windows: Of the clip; None where it has none.

    Raises:
        InputError: The encoding is not known, or a mask cannot be used.
        MediaError: A file cannot be read.
    """
    image = reference.image
    if not isinstance(image, Path):
        return reference
    if is_exr(image):
        return _exr(reference, image, encoding, windows)
    srgb = encoding in (None, "srgb")
    if srgb and (windows is None or windows.alike):
        return reference
    picture = read_image(image).rgb if srgb else reference_picture(image, encoding)
    mask = _mask(reference, picture, has_bars=windows is None or not windows.varies)
    if windows is not None and _size(picture) == _size_of(windows.display):
        shown = None if mask is None else placed(mask[0, 0].numpy(), windows.display, windows.covered, "constant")
        return replace(reference, image=placed(picture, windows.display, windows.covered, "edge"), mask=shown)
    return replace(reference, image=picture, mask=None if mask is None else mask[0, 0])


def _exr(reference: Reference, image: Path, encoding: str | None, windows: Windows | None) -> Reference:
    first, mask = read_exr_header(image)[0], reference.mask
    if windows is None or first.display_window != windows.display:
        shown = mask_picture(mask) if isinstance(mask, Path) and is_exr(mask) else mask
        shown = opaque_part(image) if mask is None else shown
        return replace(reference, image=reference_picture(image, encoding), mask=shown)
    known = windows.display.union(first.data_window)  # what a file leaves out of its format is black
    picture = placed(reference_picture(image, encoding, box=known), known, windows.covered, "edge")
    if mask is None:
        part = opaque_part(image, known)
        mask = None if part is None else placed(part, known, windows.covered, "constant")
    elif isinstance(mask, Path) and is_exr(mask):
        mask = mask_picture(mask, box=windows.covered)
    elif isinstance(mask, Path) and _size(values := mask_picture(mask)) == _size_of(windows.display):
        mask = placed(values, windows.display, windows.covered, "constant")
    return replace(reference, image=picture, mask=mask)


def _mask(reference: Reference, picture: NDArray[np.float32], *, has_bars: bool) -> Tensor | None:
    """Where a picture may be matched; None also where its file hides black bars alone, which leaves it a keyframe."""
    mask = reference.mask_for(*picture.shape[:2])
    if mask is None or reference.mask is not None or not has_bars:
        return mask
    bars = find_bars(rgb_to_lab(torch.from_numpy(picture).permute(2, 0, 1)[None].clamp(0, 1))[:, :1])
    return None if bool((bars.crop(mask) > LEAST_WHITE).all()) else mask


def _size(values: NDArray[np.float32]) -> tuple[int, ...]:
    return values.shape[:2]


def _size_of(box: Box) -> tuple[int, int]:
    return box.height, box.width
