"""Embedded ICC profiles to sRGB."""

import io
import logging

import PIL.Image
from PIL import ImageCms

_log = logging.getLogger(__name__)


def to_srgb(image: PIL.Image.Image, icc: bytes) -> PIL.Image.Image:
    """Convert an 8-bit picture from its embedded profile to sRGB.

    Args:
        image: Mode "L", "RGB" or "CMYK".
        icc: The profile.

    Returns:
        Mode "RGB"; gray pictures of an sRGB or unusable profile come back unchanged.
    """
    plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return plain
        converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError) as error:
        _log.warning("the embedded colour profile cannot be used and is ignored: %s", error)
        return plain
    return converted if converted is not None else plain
