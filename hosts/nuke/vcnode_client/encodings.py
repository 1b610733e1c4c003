"""What the numbers of a picture mean: the names that the worker knows, and how hosts call them."""

from __future__ import annotations

import re
from typing import Tuple

Weights = Tuple[float, float, float]

#: Encodings of the worker and the weights of linear R, G, B in CIE luminance: the Y row of each space's matrix to XYZ
#: (IEC 61966-2-1, AMPAS S-2014-004, TB-2014-004, ITU-R BT.2020, SMPTE EG 432-1 with D65).
LUMINANCE: dict[str, Weights] = {
    "linear-srgb": (0.2126390059, 0.7151686788, 0.0721923154),
    "acescg": (0.2722287168, 0.6740817658, 0.0536895174),
    "aces2065-1": (0.3439664498, 0.7281660966, -0.0721325464),
    "linear-rec2020": (0.2627002120, 0.6779980715, 0.0593017165),
    "linear-p3-d65": (0.2289745641, 0.6917385218, 0.0792869141),
    "srgb": (0.2126390059, 0.7151686788, 0.0721923154),
}

#: How OCIO configurations and Nuke's own list call them, after `_plain`; the first pattern that fits counts.
_NAMES = (
    (r"aces2065(1)?|aces20651.*|acesaces20651", "aces2065-1"),
    (r"acescg|acesacescg|linap1|linearap1|lin_ap1scene", "acescg"),
    (r"lin(ear)?(scene)?p3d65(scene)?|utilitylinearp3d65|linearp3d65", "linear-p3-d65"),
    (r"lin(ear)?rec2020(scene)?|utilitylinearrec2020|linearrec2020", "linear-rec2020"),
    (
        r"linear|lin(ear)?(srgb|rec709|rec709srgb)(scene)?|utilitylinear(srgb|rec709)|linearbt709|scenelinearrec709srgb",
        "linear-srgb",
    ),
)


def guess(color_space: str) -> str | None:
    """The encoding that a scene-linear colour space of a host most likely is; None where the name says nothing.

    Args:
        color_space: As OCIO configurations write it: "ACES - ACEScg", "Linear Rec.709 (sRGB)", "lin_srgb", "linear".
    """
    plain = re.sub(r"[^a-z0-9]", "", color_space.lower())
    for pattern, encoding in _NAMES:
        if re.match(f"({pattern})$", plain):
            return encoding
    return None


def of_file(path: str, otherwise: str) -> str:
    """The encoding of a picture file: `otherwise` for OpenEXR, sRGB for everything else."""
    return otherwise if is_exr(path) else "srgb"


def is_exr(path: str) -> bool:
    """Whether a file is OpenEXR, by its name."""
    return path.lower().endswith(".exr")
