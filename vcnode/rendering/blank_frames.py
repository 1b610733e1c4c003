"""Frames that show nothing, as leaders and the beginnings of fades: there is nothing in them to be coloured."""

from collections.abc import Sequence

from torch import Tensor

from vcnode.sequence.cuts import thumbnail

_PLAIN = 0.02  # of white to black: leaders with their dirt vary by less, footage by more
_FAINT = 0.25  # of the best contrast, as the beginnings of fades are
_SHOWN = 0.5  # of the best contrast, where a fade has shown enough


def contrast(frame: Tensor) -> float:
    """How much a frame shows: the standard deviation of its brightness, grain left out, 0..0.5.

    Args:
        frame: Luma `(1, H, W)` or RGB `(3, H, W)`, 0..1.
    """
    return float(thumbnail(frame.mean(dim=0)[None, None]).std())


def is_blank(contrast: float) -> bool:
    """Whether a frame of this contrast shows nothing."""
    return not contrast >= _PLAIN


def first_that_shows(contrasts: Sequence[float]) -> int:
    """Find the first frame that shows something; where all begins as a fade does, the first that shows enough.

    Args:
        contrasts: Of consecutive frames, at least one.

    Returns:
        Its place; 0 where all are blank.
    """
    best = max(contrasts)
    if is_blank(best) or contrasts[0] >= max(_PLAIN, _FAINT * best):
        return 0
    return next(place for place, each in enumerate(contrasts) if each >= _SHOWN * best)
