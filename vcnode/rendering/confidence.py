"""How sure the matching was, frame by frame: what a user needs to know where to add a reference."""

import json
import logging
import statistics
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from vcnode.sequence import ColoredFrame

_WEAK_SHARE = 0.85  # of the clip's median: cosines of features depend on model and footage, their drop does not
_WEAK = 0.5  # below, references fit badly whatever the rest of the clip is like
_MOST = 20  # frames named at most

_log = logging.getLogger("vcnode")


def mean_confidence(frame: ColoredFrame) -> float | None:
    """Mean confidence 0..1 over the coloured picture, without bars; None where nothing is coloured."""
    matched = frame.reference >= 0
    both = torch.stack((matched.sum(), (frame.confidence.clamp(0, 1) * matched).sum()))
    count, total = both.tolist()  # together, since each wait for a GPU costs
    return total / count if count else None


def confidence_picture(frame: ColoredFrame) -> Tensor:
    """Confidence `(1, 1, H, W)`, 0..1, to be shown as gray."""
    return frame.confidence.clamp(0, 1)


def weak_frames(confidences: Mapping[int, float]) -> tuple[int, ...]:
    """Name the frames where a reference is missed most: the worst of each stretch of weak frames, in order.

    Args:
        confidences: Mean confidence of each coloured frame.
    """
    if not confidences:
        return ()
    limit = max(_WEAK, _WEAK_SHARE * statistics.median(confidences.values()))
    weak = [number for number in sorted(confidences) if confidences[number] < limit]
    stretches = groupby(enumerate(weak), key=lambda place: place[1] - place[0])  # consecutive numbers
    worst = [min((number for _, number in group), key=confidences.__getitem__) for _, group in stretches]
    return tuple(sorted(sorted(worst, key=confidences.__getitem__)[:_MOST]))


class ConfidenceLog:
    """The confidences of an unfinished render, one line a frame, so that a resumed one can sum them up as well.

    Args:
        folder: The working folder of the target.
        fingerprint: Of the render; a log of another is dropped.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.path = folder / "confidence.log"
        self.values: dict[int, float] = {}
        self._read(fingerprint)
        self._write_line(fingerprint, "a" if self.values else "w")

    def add(self, number: int, value: float) -> None:
        """Note a frame."""
        self.values[number] = value
        self._write_line([number, round(value, 6)])

    def _read(self, fingerprint: str) -> None:
        try:
            first, *lines = self.path.read_text("utf-8").splitlines()
            if json.loads(first) == fingerprint:
                pairs = [pair for pair in map(json.loads, lines) if isinstance(pair, list)]
                self.values = {int(number): float(value) for number, value in pairs}
        except (OSError, ValueError, TypeError):  # absent, or cut off by a crash: a summary is not worth an error
            return

    def _write_line(self, value: object, mode: str = "a") -> None:
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(json.dumps(value) + "\n")
        except OSError as error:
            _log.debug("%s cannot be written (%s)", self.path, error.strerror)
