"""Someone who looks on while a run goes on: shows how far it is, keeps what is finished, and may stop it."""

from dataclasses import dataclass

from vcnode.evaluation.clips import LeftOut
from vcnode.evaluation.evaluation import Evaluation
from vcnode.evaluation.options import Protocol


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        clip: At work.
        protocol: Likewise.
        clip_number: Counted from 1.
        clips: How many there are, each once for every protocol.
        frame: Frames done of this clip.
        frames: How many it has.
        done: Frames done of the whole run.
        total: How many the run has.
    """

    clip: str
    protocol: Protocol
    clip_number: int
    clips: int
    frame: int
    frames: int
    done: int
    total: int


class Watch:
    """Someone who looks on; this one does nothing."""

    def left_out(self, left_out: LeftOut) -> None:
        """A clip cannot be scored."""

    def progress(self, progress: Progress) -> None:
        """A frame begins."""

    def finished(self, evaluation: Evaluation) -> None:
        """A clip is done, or the run was stopped: what there is so far."""

    def cancelled(self) -> bool:
        """Asked before every frame; True ends the run."""
        return False
