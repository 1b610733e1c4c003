"""Photos in class folders, and one photo as the training sees it."""

import os
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from vcnode.errors import InputError, MediaError
from vcnode.media.color_profile import to_srgb

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_THUMBNAIL_SIDE = 96  # pixels


def find_photos(folder: Path | str) -> tuple[str, ...]:
    """List the photos of a folder laid out as `class/photo.jpg` (or png, webp).

    Returns:
        Their names, `class/photo.jpg` on every system, in order.

    Raises:
        InputError: The folder cannot be read or has no photos.
    """
    names = []
    try:
        with os.scandir(folder) as classes:
            for each in classes:
                if each.is_dir() and not each.name.startswith("."):
                    names += [f"{each.name}/{name}" for name in os.listdir(each.path) if _is_photo(name)]
    except OSError as error:
        raise InputError(f"The photo folder {folder} cannot be read ({error.strerror}); check its path.") from error
    if not names:
        raise InputError(
            f"{folder} has no photos; give a folder laid out as class/photo.jpg (or {', '.join(PHOTO_SUFFIXES[1:])})."
        )
    return tuple(sorted(names))


def class_of(name: str) -> str:
    """The class folder that a photo lies in."""
    return name.partition("/")[0]


def open_photo(path: Path, side: int) -> tuple[PIL.Image.Image, int]:
    """Decode a photo, upright and in sRGB; large JPEGs are decoded smaller, which is many times faster.

    Args:
        path: The file.
        side: Pixels that the short side of the result has at least, where the file has them.

    Returns:
        An RGB picture, and the short side of the file in pixels.

    Raises:
        MediaError: It cannot be read.
    """
    try:
        with PIL.Image.open(path) as image:
            short = min(image.size)
            scale = max(1.0, short / side)
            image.draft("RGB", (int(image.width / scale), int(image.height / scale)))
            profile = image.info.get("icc_profile")
            upright = PIL.ImageOps.exif_transpose(image)
            if profile and upright.mode in ("L", "RGB", "CMYK"):
                upright = to_srgb(upright, profile)
            return upright.convert("RGB"), short
    # Pillow's plugins raise whatever damaged bytes lead them to.
    except Exception as error:
        raise MediaError(f"cannot read {path}: it is missing, damaged or not a picture ({error})") from error


def cover_crop(
    image: PIL.Image.Image, height: int, width: int, place: tuple[float, float] = (0.5, 0.5)
) -> NDArray[np.uint8]:
    """Scale a picture until it covers the size, its aspect kept, and cut out what is asked for.

    The authors crop alike for videos, but squeeze tall photos non-uniformly (their `CenterPad` and transforms); that
    is not copied, because objects keep their shape in films.

    Args:
        image: RGB.
        height: Of the result, pixels.
        width: Of the result, pixels.
        place: Where the cut lies, from left to right and from top to bottom, 0..1.

    Returns:
        Codes `(height, width, 3)`.
    """
    scale = _covering(image, height, width)
    # Rounding must not lead out of the picture.
    left = max(0.0, place[0] * (image.width - scale * width))
    top = max(0.0, place[1] * (image.height - scale * height))
    box = (left, top, min(left + scale * width, image.width), min(top + scale * height, image.height))
    cut = image.resize((width, height), PIL.Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    return np.asarray(cut)


def cover(image: PIL.Image.Image, height: int, width: int) -> NDArray[np.uint8]:
    """Scale a whole picture until it covers the size, its aspect kept: codes `(h, w, 3)`, h or w as given."""
    scale = _covering(image, height, width)
    size = (max(width, round(image.width / scale)), max(height, round(image.height / scale)))
    return np.asarray(image.resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=2.0))


def thumbnail(image: PIL.Image.Image) -> NDArray[np.uint8]:
    """The whole picture, small, for measuring."""
    scale = min(1.0, _THUMBNAIL_SIDE / min(image.size))
    size = (round(image.width * scale), round(image.height * scale))
    return np.asarray(image.resize(size, PIL.Image.Resampling.BOX))


def _covering(image: PIL.Image.Image, height: int, width: int) -> float:
    return min(image.height / height, image.width / width)


def _is_photo(name: str) -> bool:
    return name.lower().endswith(PHOTO_SUFFIXES) and not name.startswith(".")
