"""Colours that run backward in images: every frame must be at hand, and where scenes end must be known before."""

from torch import Tensor

from vcnode.errors import InputError
from vcnode.sequence import Shot, find_cuts

from .images import check_images, frames_of
from .progress import Progress
from .references import ReferencePlan


def clip_at_hand(images: Tensor, piece: bool) -> list[Tensor]:
    """The frames of a clip, any of them at any time.

    Args:
        images: IMAGE of the clip.
        piece: Whether the clip has more frames, which are not at hand.

    Raises:
        InputError: It has.
    """
    if piece:
        raise InputError(
            "Colors run backward from later frames, but these images are a piece of a clip (there is a state, a "
            "start_frame or a meta batch): give the whole clip as one batch, or use Colorize Video."
        )
    return list(frames_of(check_images(images, "The clip's frames")))


def known_shots(
    plan: ReferencePlan, scene_cut: float | None, clip: list[Tensor], progress: Progress
) -> tuple[Shot, ...]:
    """The shots of a clip, after a search for its cuts; those of a list are taken as they are.

    Args:
        plan: The references, and where scenes are known to begin.
        scene_cut: A scene begins where the picture changes by more, 0..1; None: nowhere else.
        clip: All frames.
        progress: Told of each frame looked at; may stop the work.

    Raises:
        InputError: There is no reference, or a frame cannot be used.
    """
    shots = plan.shots
    if scene_cut is None or plan.listed is not None:
        return shots
    return plan.adding((), find_cuts(progress.watching(clip, len(clip)), scene_cut)).shots
