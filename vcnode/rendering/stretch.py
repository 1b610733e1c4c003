"""Which frames of a clip are rendered, and where they lie in a target that holds nothing else."""

from dataclasses import dataclass, replace
from fractions import Fraction

from vcnode.errors import InputError
from vcnode.media import FrameSource, FrameTime, ImageSequenceReader, VideoReader
from vcnode.rendering.job import RenderJob


@dataclass(frozen=True)
class Stretch:
    """Consecutive frames of a clip.

    Attributes:
        first: The first, counted from 0 in the clip.
        last: The last, included; None: to the clip's end.
        begin: Seconds on the source's clock that are time 0 of the target; None where the target begins as the clip
            does, whose sound may begin before its picture.
        numbers: First and last number of its pictures, the last None as `last`; None where it is the whole clip.
        end_pts: When the frame behind the last begins, in units of the source's time base; None where there is none or
            the source does not tell.
    """

    first: int = 0
    last: int | None = None
    begin: Fraction | None = None
    numbers: tuple[int, int | None] | None = None
    end_pts: int | None = None

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number and (self.last is None or number <= self.last)

    def place(self, time: FrameTime) -> FrameTime:
        """The place of a source's frame in the target: counted from the first, and the last lasts to the next."""
        if time.index == self.last and self.end_pts is not None:
            time = replace(time, duration=self.end_pts - time.pts)
        return replace(time, index=time.index - self.first)

    def count(self, total: int | None) -> int | None:
        """How many frames it has in a clip of `total`; None where that is not known."""
        ends = [end for end in (total, None if self.last is None else self.last + 1) if end is not None]
        return max(0, min(ends) - self.first) if ends else None


def plan_stretch(job: RenderJob, source: FrameSource) -> Stretch:
    """Find the job's frames in the source.

    Raises:
        InputError: There are no such frames, or the job's state is for another frame than the first.
        MediaError: The source cannot be read as far as the first frame.
    """
    first, last = job.frames or (0, None)
    if first < 0 or (last is not None and last < first):
        raise InputError(
            f"The frames {first} to {last} were asked for: give the first and the last one, counted from 0."
        )
    if job.state is not None and job.state.number != first:
        raise InputError(
            f"The state is for frame {job.state.number}, but the first frame to be rendered is {first}: render from "
            f"frame {job.state.number} on, or leave the state out."
        )
    if job.frames is None:
        return Stretch()
    count = exact_frame_count(source)
    if count is not None and max(first, last or 0) >= count:
        asked = f"{first} to {'the end' if last is None else last}"
        raise InputError(
            f"The frames {asked} were asked for, but {job.source} has the frames 0 to {count - 1}: correct the numbers."
        )
    begin = source.frame(first).time if first else None
    numbers, end_pts = job.frames, None
    if isinstance(source, ImageSequenceReader):
        numbers = source.numbers[first], None if last is None else source.numbers[last]
    elif last is not None and isinstance(source, VideoReader) and source.index is not None:
        end_pts = next(iter(source.index.pts[last + 1 : last + 2]), None)
    return Stretch(first, last, None if begin is None else begin.pts * begin.time_base, numbers, end_pts)


def exact_frame_count(source: FrameSource) -> int | None:
    """Count a clip's frames; reads through a video whose container does not say. None where it cannot be known."""
    if source.info.frame_count_exact:
        return source.info.frame_count
    index = source.index if isinstance(source, VideoReader) else None
    return None if index is None else len(index.pts)
