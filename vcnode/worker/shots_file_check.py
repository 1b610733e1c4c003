"""A job's shots file, looked at before work begins: its wording, every picture in it, and where its frames lie."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from vcnode.errors import InputError, VcnodeError
from vcnode.media.exr_frames import is_exr
from vcnode.rendering.reference_encoding import understood
from vcnode.sequence import Reference, Shot, load_shots
from vcnode.sequence.shots import check_shots
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.request import ShotsFile
from vcnode.worker.source_check import SourceFrames


def check_shots_file(
    file: ShotsFile, encoding: str | None, source: SourceFrames, problems: list[Problem]
) -> tuple[Shot, ...]:
    """Read a shots file; notes everything in it that cannot be used.

    Args:
        file: The file, and which frame it counts as 0.
        encoding: Of EXR pictures that it names, where the file's request does not tell.
        source: The frames of the job.
        problems: Where problems are noted.

    Returns:
        Its shots, their numbers counted from 0 in the clip. Where the file says which frame it counts as 0, shots and
        references reach as far as there are frames.
    """
    before = len(problems)
    try:
        shots = load_shots(file.path)
    except VcnodeError as error:
        noted = dict.fromkeys([sentence_of(error), *_missing_pictures(file.path)])
        problems += [Problem("shots", sentence) for sentence in noted]
        return ()
    pictures = {
        each: _checked(each, file.encoding or encoding, source, problems)
        for each in dict.fromkeys(_without_frame(each) for shot in shots for each in shot.references)
    }
    if len(problems) > before:
        return ()
    if file.first is not None:
        try:
            shots = _among_frames(shots, file, file.first, source)
        except InputError as error:
            problems.append(Problem("shots", sentence_of(error)))
            return ()
    return tuple(
        replace(
            shot,
            references=tuple(replace(pictures[_without_frame(each)], frame=each.frame) for each in shot.references),
        )
        for shot in shots
    )


def pictures_in(path: Path) -> list[Path]:
    """The images and masks that a shots file names, each once.

    Raises:
        InputError: It cannot be read.
    """
    named = dict.fromkeys(reference for shot in load_shots(path) for reference in shot.references)
    files = (file for reference in named for file in (reference.image, reference.mask) if isinstance(file, Path))
    return list(dict.fromkeys(files))


def _without_frame(reference: Reference) -> Reference:
    return replace(reference, frame=None)


def _checked(reference: Reference, encoding: str | None, source: SourceFrames, problems: list[Problem]) -> Reference:
    """The reference with its files read as they are meant; a gray or damaged one, or a wrong mask, is a problem."""
    try:
        meant = understood(reference, encoding if is_exr(reference.path) else None, source.windows)
        meant.lab_and_mask()
    except VcnodeError as error:
        problem = Problem("shots", sentence_of(error))
        problems += [] if problem in problems else [problem]  # the same picture may stand there with another weight
        return reference
    return meant


def _among_frames(shots: tuple[Shot, ...], file: ShotsFile, zero: int, source: SourceFrames) -> tuple[Shot, ...]:
    """The shots in the clip's own counting, as far as there are frames.

    Raises:
        InputError: A shot or a reference lies beyond the clip, or no frame of the job is in a shot.
    """
    if file.last is not None:
        _check_length(shots, file, file.last - zero + 1)
    found = [placed for shot in shots if (placed := _placed(shot, zero, source)) is not None]
    first, last = source.index(source.first), source.index(source.last)
    if first is None or last is None:  # a missing frame, which is a problem noted
        return ()
    if not any(shot.first <= last and (shot.last or shot.first) >= first for shot in found):
        raise InputError(
            f"No shot of {file.path} has any of the frames {source.first} to {source.last}, which it counts as "
            f"{source.first - zero} to {source.last - zero}: correct the range or the file."
        )
    return tuple(found)


def _check_length(shots: tuple[Shot, ...], file: ShotsFile, length: int) -> None:
    try:
        check_shots(shots, length)
    except InputError as error:
        raise InputError(f"{file.path}: {error}") from error


def _placed(shot: Shot, zero: int, source: SourceFrames) -> Shot | None:
    numbers = source.numbers
    first = bisect_left(numbers, zero + shot.first)
    last = len(numbers) - 1 if shot.last is None else bisect_right(numbers, zero + shot.last) - 1
    if last < first:
        return None

    def frame_of(reference: Reference) -> int | None:
        """Its frame; None where that is not among the job's, so that the picture counts as any other."""
        if reference.frame is None:
            return None
        place = bisect_left(numbers, zero + reference.frame, first, last + 1)
        return place if place <= last and numbers[place] == zero + reference.frame else None

    return Shot(first, last, tuple(replace(each, frame=frame_of(each)) for each in shot.references))


def _missing_pictures(path: Path) -> Iterator[str]:
    """A sentence for each picture that a shots file names and that is not there, worded as `load_shots` does."""
    try:
        root = yaml.compose(path.read_bytes(), Loader=yaml.SafeLoader)
    except (OSError, RecursionError, yaml.YAMLError):
        return
    for shot in _items(_field(root, "shots")):
        for reference in _items(_field(shot, "references")):
            named = (reference, _field(reference, "image"), _field(reference, "mask"))
            for node in named:
                if isinstance(node, yaml.ScalarNode) and node.value and node.tag != "tag:yaml.org,2002:null":
                    picture = path.absolute().parent / str(node.value)
                    if not picture.is_file():
                        yield f"{path}, line {node.start_mark.line + 1}: there is no file {picture}."


def _field(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if isinstance(key, yaml.ScalarNode) and key.value == name), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
