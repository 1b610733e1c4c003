"""Where a job's frames go: whether they may, and which of them are there already."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vcnode.errors import MediaError, VcnodeError
from vcnode.media.encoder import CONTAINERS
from vcnode.media.exr_frames import is_exr
from vcnode.media.sequence_pattern import is_pattern, parse_pattern
from vcnode.media.sequence_writer import numbers_written
from vcnode.sequence.state_folder import check_folder
from vcnode.whole_files import remove_file, try_writing
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.receipt import Receipt, read_receipts
from vcnode.worker.request import JobRequest
from vcnode.worker.source_check import SourceFrames, picture_size

_DEPTHS: dict[str, tuple[str | int, ...]] = {
    ".exr": ("half", "float"),
    ".png": (8, 16),
    ".tif": (8, 16),
    ".tiff": (8, 16),
}


@dataclass(frozen=True)
class Target:
    """What is there of a job's result.

    Attributes:
        files: The files of the result, in order.
        kept: Frames that need not be made again.
        resume: Whether an unfinished run of the same job is continued.
        finished: The note of a run that left nothing to do, or None.
    """

    files: tuple[Path, ...]
    kept: int
    resume: bool
    finished: Receipt | None


def check_target(request: JobRequest, problems: list[Problem]) -> None:
    """Note why nothing can be written there, or not of this kind."""
    ending = request.output.suffix.lower()
    if is_pattern(request.output):
        try:
            parse_pattern(request.output)
        except VcnodeError as error:
            problems.append(Problem("output.pattern", sentence_of(error)))
        if ending not in _DEPTHS:
            problems.append(Problem("output.pattern", f"{request.output}: give one of {', '.join(_DEPTHS)}."))
        elif request.depth is not None and request.depth not in _DEPTHS[ending]:
            problems.append(
                Problem("output.depth", f"{ending} takes {' or '.join(map(str, _DEPTHS[ending]))}, or null.")
            )
    elif ending not in CONTAINERS or is_pattern(request.source):
        said = f"{request.output} has no place for the frame's number: give a pattern such as shot.%04d.exr."
        problems.append(Problem("output.pattern", said))
    if request.confidence and ending != ".exr":
        problems.append(Problem("output.confidence", f"{ending} has no layers: give .exr, or false."))
    _check_folder("output.pattern", request.output.parent, problems)
    if request.cache is not None:
        _check_folder("cache", request.cache, problems)
        try:
            if request.cache.is_dir() and any(not each.name.startswith(".") for each in request.cache.iterdir()):
                check_folder(request.cache)
        except (VcnodeError, OSError) as error:
            problems.append(Problem("cache", sentence_of(error)))


def check_apart(target: Iterable[Path], inputs: Iterable[Path], problems: list[Problem]) -> None:
    """Note where a file of the result would replace an input, whatever links lead there."""
    known = {identity for identity in map(_identity, inputs) if identity is not None}
    for file in target:
        if _identity(file) in known:
            said = f"{file} is an input of the job: give the result another name, inputs are never replaced."
            problems.append(Problem("output.pattern", said))
            return


def target_files(request: JobRequest, source: SourceFrames) -> tuple[Path, ...]:
    """The files that the job writes."""
    if not is_pattern(request.output):
        return (request.output,)
    pattern = parse_pattern(request.output)
    return tuple(pattern.path(number) for number in source.wanted)


def find_kept(
    request: JobRequest, source: SourceFrames, files: tuple[Path, ...], digest: str, problems: list[Problem]
) -> Target:
    """See what is there: frames of the same job are kept, of the same clip replaced, of any other a problem."""
    receipts = read_receipts(request.output)
    there = [file for file in files if file.exists()]
    if not request.overwrite and not problems:
        _check_ours(request, source, files, receipts, problems)
    stretch = (digest, source.first, source.last)
    same = next((each for each in receipts if (each.digest, each.first, each.last) == stretch), None)
    if same is None:
        return Target(files, 0, resume=False, finished=None)
    if same.finished and len(there) == len(files):
        return Target(files, len(files), resume=True, finished=same)
    return Target(files, count_kept(request, source), resume=True, finished=None)


def count_kept(request: JobRequest, source: SourceFrames) -> int:
    """Count the frames that a run which is continued need not make again; those of a video only it can tell."""
    if not is_pattern(request.output):
        return 0
    pattern = parse_pattern(request.output)
    there = {number for number in source.wanted if pattern.path(number).exists()}
    # EXR files say themselves what they were made from; of others the unfinished run's own note does.
    return len(there if is_exr(request.output) else there & numbers_written(request.output, source.stretch))


def _check_ours(
    request: JobRequest,
    source: SourceFrames,
    files: tuple[Path, ...],
    receipts: list[Receipt],
    problems: list[Problem],
) -> None:
    """Note a frame that is there without a job of this clip having made it."""
    numbers = source.wanted if is_pattern(request.output) else [source.first]
    for number, file in zip(numbers, files, strict=True):
        owners = {receipt.clip for receipt in receipts if receipt.first <= number <= receipt.last}
        if request.clip not in owners and file.exists():
            owner = f"of the clip {owners.pop()!r}" if owners else "made by other means"
            said = f"{file} exists and is {owner}: give another name, or allow overwriting."
            problems.append(Problem("output.pattern", said))
            return


def drop_damaged(target: Target) -> None:
    """Remove files of an unfinished run that no program could open, so that they are made again.

    Raises:
        MediaError: One cannot be removed.
    """
    for file in target.files if target.resume else ():
        if file.exists() and file.suffix.lower() in _DEPTHS:
            try:
                picture_size(file)
            except MediaError as error:
                if not remove_file(file):
                    raise MediaError(f"{file} is damaged and cannot be removed: close what has it open.") from error


def _check_folder(field: str, folder: Path, problems: list[Problem]) -> None:
    """Try whether something can be written in a folder, or in the nearest above it that there is."""
    there = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
    try:
        try_writing(there)
    except OSError as error:
        said = f"{there} cannot be written ({error.strerror or error}): give a folder that can."
        problems.append(Problem(field, said))


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
