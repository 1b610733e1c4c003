"""The result of a run, and its file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from vcnode.evaluation.clips import LeftOut
from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.summary import summarize
from vcnode.report_file import write_report

_DIGITS = 6  # significant ones in files

type Status = Literal["running", "interrupted", "complete"]


@dataclass(frozen=True)
class Evaluation:
    """What came of a run, or of the part of it that is done.

    Attributes:
        status: "running" while clips are still to come, "interrupted" where the run was stopped before its end.
        about: Versions, model, device, settings and options.
        clips: Scores of the finished clips.
        left_out: Clips that could not be scored, and why.
        fid: Of all frames scored against the truth, or None.
        unavailable: Metrics that could not be had, and why.
    """

    status: Status
    about: Mapping[str, Any]
    clips: tuple[ClipScore, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    fid: float | None = None
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of the run; `vcnode.evaluation.summary` explains each."""
        return {**summarize(self.clips), "fid": self.fid, "unavailable": dict(self.unavailable), **self.about}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pictures as plain values: `status`, `summary`, one row a clip and protocol, `left_out`."""
        rows = [
            {name: value for name, value in vars(clip).items() if name != "stills"}
            | {"ab_psnr": {method: scores.get("ab_psnr") for method, scores in clip.scores.items()}}
            for clip in self.clips
        ]
        plain = {
            "status": self.status,
            "summary": self.summary,
            "clips": rows,
            "left_out": [asdict(each) for each in self.left_out],
        }
        rounded: dict[str, Any] = _rounded(plain)
        return rounded


def write_json(evaluation: Evaluation, path: Path) -> None:
    """Write the figures, so that the file is whole at any time.

    Raises:
        MediaError: It cannot be written.
    """
    write_report(path, json.dumps(evaluation.to_dict(), indent=1, allow_nan=False) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
