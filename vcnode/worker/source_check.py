"""The frames that a job is to colour: which there are, and whether a run through them can succeed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import PIL.Image

from vcnode.errors import MediaError, VcnodeError
from vcnode.media import ImageSequenceReader, open_source
from vcnode.media.exr_frames import is_exr
from vcnode.media.exr_header import read_exr_header
from vcnode.media.sequence_pattern import gaps, is_pattern, parse_pattern, spelt_out
from vcnode.rendering.reference_encoding import Windows
from vcnode.rendering.stretch import exact_frame_count
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.request import JobRequest

_NAMED = 10  # stretches of missing frames at most


@dataclass(frozen=True)
class SourceFrames:
    """The frames of a job; some may be missing where that is noted.

    Attributes:
        numbers: The numbers of all files of the sequence, so that frame n of the clip is the file `numbers[n]`.
        first: Number of the first frame wanted.
        last: Number of the last one.
        files: All files of the sequence, or the video.
        windows: Of EXR files.
    """

    numbers: Sequence[int]
    first: int
    last: int
    files: tuple[Path, ...]
    windows: Windows | None = None

    @property
    def wanted(self) -> Sequence[int]:
        """The numbers of the frames wanted, none of which is missing."""
        return range(self.first, self.last + 1)

    @property
    def stretch(self) -> tuple[int, int] | None:
        """Numbers of the first and last frame wanted; None: all frames are."""
        whole = (self.first, self.last) == (self.numbers[0], self.numbers[-1])
        return None if whole else (self.first, self.last)

    def index(self, number: int) -> int | None:
        """The frame of the clip that has this number; None where it is missing, which is a problem noted."""
        return self.numbers.index(number) if number in self.numbers else None


def check_source(request: JobRequest, problems: list[Problem]) -> SourceFrames | None:
    """Find the frames; None after noting why they cannot be used."""
    try:
        return _pictures(request, problems) if is_pattern(request.source) else _video(request, problems)
    except VcnodeError as error:
        problems.append(Problem("frames.pattern", sentence_of(error)))
        return None


def assumed(request: JobRequest) -> SourceFrames:
    """The frames that the job says there are, to look at the rest of it where the true ones cannot be found."""
    first = request.first or 0
    last = request.last if request.last is not None else first + 10**9
    return SourceFrames(range(first, last + 1), first, last, ())


def _video(request: JobRequest, problems: list[Problem]) -> SourceFrames | None:
    with open_source(request.source) as source:
        if isinstance(source, ImageSequenceReader):  # frames would not have the numbers of its files
            said = f"{request.source} is a folder: name the pictures in it, as in {source.pattern}."
            problems.append(Problem("frames.pattern", said))
            return None
        count = exact_frame_count(source)
    if not count:
        problems.append(Problem("frames.pattern", f"{request.source} has no frames that can be counted: convert it."))
        return None
    return _range(request, range(count), (request.source,), problems)


def _pictures(request: JobRequest, problems: list[Problem]) -> SourceFrames | None:
    pattern = parse_pattern(request.source)
    numbers = pattern.numbers()
    if not numbers:
        problems.append(Problem("frames.pattern", f"No file is called like {pattern}: check the path."))
        return None
    source = _range(request, numbers, (), problems)
    if source is None:
        return None
    missing = gaps(numbers, source.first, source.last)
    if missing:
        more = f" and {len(missing) - _NAMED} more stretches" if len(missing) > _NAMED else ""
        frames, are = ("Frames", "are") if sum(gap.stop - gap.start for gap in missing) > 1 else ("Frame", "is")
        said = f"{frames} {spelt_out(missing[:_NAMED])}{more} of {pattern} {are} missing: render them first."
        problems.append(Problem("frames", said))
    before = len(problems)
    _check_sizes([pattern.path(number) for number in numbers if source.first <= number <= source.last], problems)
    windows = None
    if len(problems) == before:
        with open_source(request.source) as opened:  # as the renderer will
            windows = Windows.of(opened)
    return replace(source, files=tuple(pattern.path(number) for number in numbers), windows=windows)


def _range(
    request: JobRequest, numbers: Sequence[int], files: tuple[Path, ...], problems: list[Problem]
) -> SourceFrames | None:
    first = numbers[0] if request.first is None else request.first
    last = numbers[-1] if request.last is None else request.last
    for name, number in (("first", first), ("last", last)):
        if not numbers[0] <= number <= numbers[-1]:
            sentence = f"{number} was given, but {request.source} has the frames {numbers[0]} to {numbers[-1]}."
            problems.append(Problem(f"frames.{name}", sentence))
            return None
    return SourceFrames(numbers, first, last, files) if first <= last else None


def _check_sizes(files: Sequence[Path], problems: list[Problem]) -> None:
    """Note pictures that cannot be opened, or differ from the first in size; only their headers are read."""
    sizes: dict[tuple[int, int], list[str]] = {}
    for file in files:
        try:
            sizes.setdefault(picture_size(file), []).append(file.name)
        except MediaError as error:
            problems.append(Problem("frames", sentence_of(error)))
    if len(sizes) > 1:
        (size, _), *others = sizes.items()
        wrong, names = others[0]
        problems.append(
            Problem(
                "frames",
                f"{names[0]} is {wrong[0]}x{wrong[1]} pixels and the first frame {size[0]}x{size[1]}: all frames of a "
                "job must have one size.",
            )
        )


def picture_size(file: Path) -> tuple[int, int]:
    """Width and height by a picture's header; of EXR those of its format, as data windows may differ.

    Raises:
        MediaError: It cannot be read.
    """
    if is_exr(file):
        display = read_exr_header(file)[0].display_window
        return display.width, display.height
    try:
        with PIL.Image.open(file) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or no picture"
        raise MediaError(f"{file} cannot be read ({reason}): render it again.") from error
