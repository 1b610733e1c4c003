"""What came of a run, in words."""

from collections.abc import Sequence


def coloring_report(frames: int, first: int, confidence: float | None, weak: Sequence[int]) -> str:
    """Say how many frames were coloured, how well references fitted, and where one is missed.

    Args:
        frames: How many.
        first: Number of the first.
        confidence: Mean over all, 0..1; None where nothing was coloured.
        weak: Frames where references fit badly.
    """
    lines = [f"Frames: {frames} ({first} to {first + frames - 1})" if frames else "Frames: 0"]
    if confidence is None:
        lines.append("Nothing was coloured: no shot holds these frames.")
        return "\n".join(lines)
    lines.append(f"Mean confidence: {confidence:.2f}")
    if weak:
        lines.append(f"A reference would help most at frame: {', '.join(map(str, weak))}")
    return "\n".join(lines)
