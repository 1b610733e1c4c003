"""The references of a job, looked at before work begins, so that a gray one does not come to light after hours."""

from dataclasses import replace

from vcnode.errors import VcnodeError
from vcnode.rendering.reference_encoding import understood
from vcnode.sequence import Reference, Shot
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.request import JobRequest, ReferenceRequest, ShotRequest
from vcnode.worker.shots_file_check import check_shots_file
from vcnode.worker.source_check import SourceFrames


def check_references(request: JobRequest, source: SourceFrames, problems: list[Problem]) -> tuple[Shot, ...]:
    """Turn references into shots, their numbers counted from 0 in the clip; notes what cannot be used."""
    if isinstance(request.shots, tuple):
        _check_order(request.shots, source, problems)
        shots = [_shot(shot, source, problems) for shot in request.shots]
        return tuple(shot for shot in shots if shot is not None)
    if request.shots is not None:
        return check_shots_file(request.shots, request.encoding, source, problems)
    references = _references(request.references, source.first, source.last, source, problems)
    return (Shot(0, None, references),) if references else ()


def _shot(shot: ShotRequest, source: SourceFrames, problems: list[Problem]) -> Shot | None:
    before = len(problems)
    references = _references(shot.references, shot.first, shot.last, source, problems)
    first, last = source.index(shot.first), source.index(shot.last)
    if len(problems) > before or not references or first is None or last is None or last < first:
        return None
    return Shot(first, last, references)


def _check_order(shots: tuple[ShotRequest, ...], source: SourceFrames, problems: list[Problem]) -> None:
    if not shots:
        problems.append(Problem("shots", "The list of shots is empty: give one or more."))
    behind = source.first
    for shot in shots:
        said = f"The shot {shot.first} to {shot.last}"
        if shot.last < shot.first:
            problems.append(Problem(shot.place, f"{said} ends before it begins: exchange the numbers."))
        elif shot.first < source.first or shot.last > source.last:
            problems.append(Problem(shot.place, f"{said} reaches beyond {source.first} to {source.last}: shorten it."))
        elif shot.first < behind:
            problems.append(Problem(shot.place, f"{said} begins before the one listed before it ends: reorder them."))
        behind = max(behind, shot.last + 1)


def _references(
    requests: tuple[ReferenceRequest, ...], first: int, last: int, source: SourceFrames, problems: list[Problem]
) -> tuple[Reference, ...]:
    checked = (_reference(request, first, last, source, problems) for request in requests)
    return tuple(reference for reference in checked if reference is not None)


def _reference(
    request: ReferenceRequest, first: int, last: int, source: SourceFrames, problems: list[Problem]
) -> Reference | None:
    before = len(problems)
    if request.frame is not None and not first <= request.frame <= last:
        problems.append(
            Problem(
                f"{request.place}.frame",
                f"Frame {request.frame} is not among {first} to {last}: give one of these, or null for no frame.",
            )
        )
    for name, file in (("file", request.file), ("mask", request.mask)):
        if file is not None and not file.is_file():
            problems.append(Problem(f"{request.place}.{name}", f"There is no file {file}: check the path."))
    if len(problems) > before:
        return None
    try:
        named = Reference(request.file, weight=request.weight, mask=request.mask)
        reference = understood(named, request.encoding, source.windows)
        reference.lab_and_mask()
    except VcnodeError as error:
        problems.append(Problem(f"{request.place}.file", sentence_of(error)))
        return None
    return reference if request.frame is None else replace(reference, frame=source.index(request.frame))
