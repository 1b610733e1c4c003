"""The shots of a job, with every number and every picture in them checked before work begins."""

from vcnode.errors import InputError
from vcnode.media import FrameSource
from vcnode.rendering.job import RenderJob
from vcnode.rendering.stretch import Stretch, exact_frame_count
from vcnode.sequence import Reference, Shot, shots_from_cuts, whole_clip
from vcnode.sequence.cuts import check_threshold
from vcnode.sequence.shots import check_shots


def plan_shots(job: RenderJob, source: FrameSource) -> tuple[Shot, ...]:
    """Make the job's shots, checked against the clip; cuts that are still to be found are not among them.

    Raises:
        InputError: No or both of references and shots, a frame number outside the clip, a reference that is gray, a
            mask that does not fit, a threshold that is none or not needed.
        MediaError: A reference that cannot be read.
    """
    if (job.shots is None) == (not job.references):
        raise InputError("Give either references or a shots file: colours come from one of them.")
    if job.shots is not None and (job.cuts or job.cut_threshold is not None):
        raise InputError("Cuts go with references; a shots file says itself where shots begin.")
    if job.cut_threshold is not None:
        check_threshold(job.cut_threshold)
        if job.cuts:
            raise InputError("Cuts are given and a threshold to look for them, too: leave one of them out.")
    if job.shots is not None:
        shots = check_shots(job.shots)
    elif job.cuts:
        shots = shots_from_cuts(job.cuts, None, job.references)
    else:
        shots = whole_clip(job.references)
    _check_range(job, shots, source)
    for reference in all_references(shots):
        reference.lab_and_mask()  # a gray reference must not come to light after hours, at the start of its shot
    return shots


def shots_in(stretch: Stretch, shots: tuple[Shot, ...]) -> tuple[Shot, ...]:
    """The shots that the stretch has frames of."""
    return tuple(shot for shot in shots if shot.first in stretch or stretch.first in shot)


def all_references(shots: tuple[Shot, ...]) -> tuple[Reference, ...]:
    """The different references of the shots, in order."""
    return tuple(dict.fromkeys(reference for shot in shots for reference in shot.references))


def _check_range(job: RenderJob, shots: tuple[Shot, ...], source: FrameSource) -> None:
    numbered = [(reference.frame, reference) for reference in all_references(shots) if reference.frame is not None]
    last_shot = max(shots[-1].first, shots[-1].last or 0)
    if not numbered and last_shot == 0:
        return
    count = exact_frame_count(source)
    if count is None:
        return  # streams without time stamps: numbers beyond the end then simply never come
    for frame, reference in numbered:
        if frame >= count:
            raise InputError(
                f"Reference {reference} is for frame {frame}, but {job.source} has the frames 0 to {count - 1}: "
                "correct the number."
            )
    check_shots(shots, count)
