"""Names of numbered pictures as hosts write them: `%04d` or `####` for the frame, `%V` or `%v` for the view."""

from __future__ import annotations

import os
import re
from typing import Callable

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

    @property
    def with_percent(self) -> str:
        """The same pattern with `%04d`."""
        return self._filled(lambda digits: f"%0{digits}d")

    def for_view(self, view: str) -> FramePattern:
        """The pattern of one view: `%V` is its name, `%v` its first letter."""
        return FramePattern(_VIEW.sub(lambda place: view if place.group() == "%V" else view[:1], self.text))

    def path(self, frame: int) -> str:
        """The file of a frame."""
        return self._filled(lambda digits: f"{frame:0{digits}d}")

    def missing(self, first: int, last: int, since: float | None = None) -> list[int]:
        """Frames without a file, or with an empty one.

        Args:
            first: First frame.
            last: Last frame.
            since: Time in seconds since the epoch; files from before count as missing.
        """
        return [frame for frame in range(first, last + 1) if not _is_there(self.path(frame), since)]

    def stamps(self, first: int, last: int) -> list[Stamp]:
        """The stamps of the frames' files; one for all frames where the name has no place."""
        frames = range(first, last + 1) if self.numbered else [first]
        return [stamp(self.path(frame)) for frame in frames]

    def __str__(self) -> str:
        return self.text

    def _filled(self, number: Callable[[int], str]) -> str:
        """The name with something in each place, given its digits."""

        def fill(place: re.Match[str]) -> str:
            return number(len(place.group(2)) if place.group(2) else int(place.group(1) or 1))

        return _FRAME.sub(fill, self.text)


def _is_there(path: str, since: float | None) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return found.st_size > 0 and (since is None or found.st_mtime >= since)
