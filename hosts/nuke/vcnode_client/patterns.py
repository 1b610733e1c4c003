"""Names of numbered pictures as hosts write them: `%04d` or `####` for the frame, `%V` or `%v` for the view."""

from __future__ import annotations

import os
import re

from vcnode_client.problems import ClientError

_FRAME = re.compile(r"%0?(\d*)d|(#+)")
_VIEW = re.compile(r"%[Vv]")


def forward_slashes(path: str) -> str:
    """The path as hosts want it on every system; Nuke's Writes refuse backslashes."""
    return path.replace("\\", "/")


class FramePattern:
    """A name with places for the frame number and, perhaps, the view.

    Args:
        text: "/shots/sh010/plate.%04d.exr", "plate.####.exr", "%V/plate.%04d.exr"; or a plain name for one picture.

    Raises:
        ClientError: There is more than one place for the frame number, or one in a folder's name.
    """

    def __init__(self, text: str) -> None:
        self.text = forward_slashes(text)
        places = list(_FRAME.finditer(self.text))
        if len(places) > 1 or (places and "/" in self.text[places[0].end() :]):
            raise ClientError(f"{text} needs its frame number once, in the file's name, as in shot.%04d.exr.")
        self._place = places[0] if places else None

    @property
    def numbered(self) -> bool:
        """Whether it has a place for the frame number."""
        return self._place is not None

    @property
    def with_percent(self) -> str:
        """The same pattern with `%04d`."""
        if self._place is None:
            return self.text
        return self.text[: self._place.start()] + f"%0{self._digits()}d" + self.text[self._place.end() :]

    def for_view(self, view: str) -> FramePattern:
        """The pattern of one view: `%V` is its name, `%v` its first letter."""
        return FramePattern(_VIEW.sub(lambda place: view if place.group() == "%V" else view[:1], self.text))

    def path(self, frame: int) -> str:
        """The file of a frame."""
        if self._place is None:
            return self.text
        return self.text[: self._place.start()] + f"{frame:0{self._digits()}d}" + self.text[self._place.end() :]

    def missing(self, first: int, last: int, since: float | None = None) -> list[int]:
        """Frames without a file, or with an empty one.

        Args:
            first: First frame.
            last: Last frame.
            since: Time in seconds since the epoch; files from before count as missing.
        """
        return [frame for frame in range(first, last + 1) if not _is_there(self.path(frame), since)]

    def __str__(self) -> str:
        return self.text

    def _digits(self) -> int:
        assert self._place is not None
        return len(self._place.group(2)) if self._place.group(2) else int(self._place.group(1) or 1)


def _is_there(path: str, since: float | None) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return found.st_size > 0 and (since is None or found.st_mtime >= since)
