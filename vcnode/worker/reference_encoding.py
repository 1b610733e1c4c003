"""A reference as the engine takes it, whatever its file's encoding."""

from dataclasses import replace
from pathlib import Path

from vcnode.media.exr_frames import is_exr
from vcnode.media.exr_header import Box, read_exr_header
from vcnode.rendering.reference_picture import mask_picture, reference_picture
from vcnode.sequence import Reference
from vcnode.worker.source_check import Windows


def understood(reference: Reference, encoding: str | None, windows: Windows | None) -> Reference:
    """The reference with its files read as they are meant; one in sRGB stays a file.

    Args:
        reference: As named, with files.
        encoding: Of its picture; None: as the kind of file says.
        windows: Of the clip, whose part of an EXR picture of the same format is taken; None where it has none.

    Raises:
        InputError: The encoding is not known.
        MediaError: A file cannot be read.
    """
    image, mask = reference.image, reference.mask
    if isinstance(image, Path) and (is_exr(image) or encoding not in (None, "srgb")):
        box = _box(image, windows)
        reference = replace(reference, image=reference_picture(image, encoding, box=box))
        if isinstance(mask, Path) and is_exr(mask):
            reference = replace(reference, mask=mask_picture(mask, box=box))
    return reference


def _box(image: Path, windows: Windows | None) -> Box | None:
    """The part of a picture that the clip's frames cover, where both have the same format."""
    if windows is None or not is_exr(image):
        return None
    return windows.covered if read_exr_header(image)[0].display_window == windows.display else None
