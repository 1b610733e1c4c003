"""Names of numbered pictures as hosts write them: `%04d` or `####` for the frame, `%V` or `%v` for the view."""

from __future__ import annotations

import os
import re

from vcnode_client.file_stamp import Stamp, stamp

_FRAME = re.compile(r"%0?(\d*)d|(#+)")
_VIEW = re.compile(r"%[Vv]")


def forward_slashes(path: str) -> str:
    """The path as hosts want it on every system; Nuke's Writes refuse backslashes."""
    return path.replace("\\", "/")


def full_path(path: str, folder: str) -> str:
    """What an artist typed as a path that every process understands, "" for nothing.

    Args:
        path: May begin at the home folder `~`, and climb up with `..`, which a worker refuses.
        folder: Where a path begins that is not absolute; "" for nowhere.
    """
    path = os.path.expanduser(path.strip())
    return forward_slashes(os.path.normpath(os.path.join(folder, path))) if path else ""


class FramePattern:
    """A name with places for the frame number and, perhaps, the view; hosts fill every place, in folders' names too.

    Args:
        text: "/shots/sh010/plate.%04d.exr", "plate.####.exr", "%V/plate.%04d.exr"; or a plain name for one picture.
    """

    def __init__(self, text: str) -> None:
        self.text = forward_slashes(text)

    @property
    def numbered(self) -> bool:
        """Whether it has a place for the frame number."""
        return _FRAME.search(self.text) is not None

    def for_view(self, view: str) -> FramePattern:
        """The pattern of one view: `%V` is its name, `%v` its first letter."""
        return FramePattern(_VIEW.sub(lambda place: view if place.group() == "%V" else view[:1], self.text))

    def path(self, frame: int) -> str:
        """The file of a frame."""

        def fill(place: re.Match[str]) -> str:
            digits = len(place.group(2)) if place.group(2) else int(place.group(1) or 1)
            return f"{frame:0{digits}d}"

        return _FRAME.sub(fill, self.text)

    def missing(self, first: int, last: int) -> list[int]:
        """Frames without a file, or with an empty one."""
        return [frame for frame in range(first, last + 1) if not _has_content(self.path(frame))]

    def stamps(self, first: int, last: int) -> list[Stamp]:
        """The stamps of the frames' files; one for all frames where the name has no place."""
        frames = range(first, last + 1) if self.numbered else [first]
        return [stamp(self.path(frame)) for frame in frames]


def _has_content(path: str) -> bool:
    found = stamp(path)
    return found is not None and found[0] > 0
