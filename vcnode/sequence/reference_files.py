"""References named on a command line or found in a folder."""

import logging
import os
import re
from pathlib import Path

from vcnode.errors import InputError
from vcnode.sequence.reference import Reference

_log = logging.getLogger("vcnode")

_WITH_FRAME = re.compile("(.+)@([0-9]{1,15})", re.DOTALL)
_NUMBERED_IMAGE = re.compile("ref_([0-9]+)[.](?:png|jpg|jpeg)", re.IGNORECASE)


def parse_reference_argument(argument: str) -> Reference:
    """Read `path` or `path@FRAME`, where FRAME is the frame of the clip that the image shows.

    A file whose name is exactly `argument` is meant itself, even where the name ends in @ and digits.

    Raises:
        InputError: There is no such file.
    """
    if os.path.isfile(argument):
        return Reference(Path(argument))
    with_frame = _WITH_FRAME.fullmatch(argument)
    if with_frame and os.path.isfile(with_frame[1]):
        return Reference(Path(with_frame[1]), frame=int(with_frame[2]))
    path = with_frame[1] if with_frame else argument
    problem = "is a folder" if os.path.isdir(path) else "does not exist"
    raise InputError(f"Reference {path!r} {problem}: give an image file, or FILE@FRAME.")


def references_in_folder(folder: str | os.PathLike[str]) -> list[Reference]:
    """List the images `ref_000123.png` (or .jpg, .jpeg) of a folder, each for the frame in its name.

    This is how HAVC, the VapourSynth filter for hybrid automatic colouring, exports and reads references.
    Other files are ignored; one that begins with `ref_` is reported as a warning.

    Returns:
        References in the order of their frames.

    Raises:
        InputError: The folder cannot be read, holds no such image, or two for one frame.
    """
    folder = Path(folder)
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(f"The reference folder {folder} cannot be read ({error.strerror}): check it.") from error
    images: dict[int, Path] = {}
    for path in files:
        numbered = _NUMBERED_IMAGE.fullmatch(path.name)
        if numbered:
            frame = int(numbered[1])
            if frame in images:
                raise InputError(
                    f"{images[frame].name} and {path.name} in {folder} are for the same frame: remove one."
                )
            images[frame] = path
        elif path.name.lower().startswith("ref_"):
            _log.warning("%s is not used: references are named like ref_000123.png (or .jpg, .jpeg).", path)
    if not images:
        raise InputError(
            f"The folder {folder} holds no reference: name them like ref_000123.png (or .jpg, .jpeg) "
            "after the frame that each shows."
        )
    return [Reference(images[frame], frame=frame) for frame in sorted(images)]
