"""Frame numbers as artists write them: "1001-1120", "1001,1005-1010", "1001-1020x5"."""

from __future__ import annotations

import re
from typing import Iterable

from vcnode_client.problems import ClientError

_PART = re.compile(r"\s*(-?\d+)(?:\s*-\s*(-?\d+)(?:\s*x\s*([1-9]\d*))?)?\s*$")


def parse(text: str) -> list[int]:
    """Read frame numbers, in ascending order and each once.

    Raises:
        ClientError: The text is no list of frames.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.match(part)
        if not match:
            raise ClientError(f"'{text}' is no list of frames: write it like 1001-1120 or 1001,1005-1010.")
        first = int(match.group(1))
        last = int(match.group(2)) if match.group(2) else first
        step = int(match.group(3) or 1)
        if last < first:
            raise ClientError(f"'{text}' is no list of frames: '{part.strip()}' ends before it begins.")
        found.update(range(first, last + 1, step))
    return sorted(found)


def parse_range(text: str) -> tuple[int, int]:
    """Read one unbroken range.

    Raises:
        ClientError: The text is no list of frames, or the list has gaps.
    """
    frames = parse(text)
    if len(frames) != frames[-1] - frames[0] + 1:
        raise ClientError(f"'{text}' has gaps: colours run on from frame to frame, so give one unbroken range.")
    return frames[0], frames[-1]


def in_words(frames: Iterable[int]) -> str:
    """Write frame numbers as short as possible: "1001-1004, 1007"."""
    parts: list[tuple[int, int]] = []
    for frame in sorted(set(frames)):
        if parts and frame == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], frame)
        else:
            parts.append((frame, frame))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
