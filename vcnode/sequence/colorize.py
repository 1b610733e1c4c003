"""Streaming: frames in, coloured frames out."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain as join
from itertools import count, islice

from torch import Tensor

from vcnode.errors import Cancelled, InputError
from vcnode.network import Model
from vcnode.sequence.frame import ColoredFrame, FrameLike, gray_frame, lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.reference import Reference
from vcnode.sequence.settings import Settings
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shots import Shot, check_shots, whole_clip
from vcnode.sequence.state_store import StateStore
from vcnode.sequence.walk import stream

type Progress = Callable[[int], None]


def colorize(
    frames: Iterable[FrameLike],
    references: Iterable[Reference] = (),
    *,
    model: Model,
    shots: Iterable[Shot] | None = None,
    settings: Settings | None = None,
    cache: StateStore | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[ColoredFrame]:
    """Colour a clip, frame by frame, in constant memory.

    Args:
        frames: Luma or RGB; see `vcnode.sequence.frame.lightness_of`.
        references: For the whole clip as one shot; or give `shots`.
        model: See `vcnode.load`.
        shots: Shots with references of their own; frames outside stay gray.
        settings: Choices; defaults suit most footage.
        cache: Where states are kept, so that a second run or a seek need not compute them again.
        progress: Called with the number of frames done, after each.
        cancelled: Asked before each frame; True ends the run. Frames finished before are not lost.

    Yields:
        Every frame, in order.

    Raises:
        InputError: No or both of references and shots, a frame or reference that cannot be used.
        MediaError: A reference that cannot be read.
        Cancelled: `cancelled` said so.
    """
    references = tuple(references)
    if bool(references) == (shots is not None):
        raise InputError("Give either references or shots: colours come from one of them.")
    plan = whole_clip(references) if shots is None else check_shots(shots)
    return _watched(_colorize(frames, plan, model, settings or Settings(), cache), progress, cancelled)


def _colorize(
    frames: Iterable[FrameLike],
    shots: tuple[Shot, ...],
    model: Model,
    settings: Settings,
    cache: StateStore | None,
) -> Iterator[ColoredFrame]:
    digest = model_digest(model)
    waiting = ((number, lightness_of(frame, number)) for number, frame in enumerate(frames))
    remaining = list(shots)
    for number, lightness in waiting:
        while remaining and remaining[0].last is not None and remaining[0].last < number:
            remaining.pop(0)
        if not remaining or number not in remaining[0]:
            yield gray_frame(number, lightness)
            continue
        shot = remaining.pop(0)
        engine = ShotEngine(model, digest, shot.references, number, lightness, settings)
        of_shot = _frames_of(shot, (number, lightness), waiting)
        for position, full, frame in stream(engine, of_shot, cache):
            yield engine.finish(frame, full, position)


def _frames_of(
    shot: Shot, first: tuple[int, Tensor], following: Iterator[tuple[int, Tensor]]
) -> Iterator[tuple[int, Tensor]]:
    """The shot's frames, leaving the next shot's in `following`."""
    if shot.last is None:
        return join([first], following)
    return join([first], islice(following, shot.last - first[0]))


def _watched(
    frames: Iterator[ColoredFrame], progress: Progress | None, cancelled: Callable[[], bool] | None
) -> Iterator[ColoredFrame]:
    for done in count():
        if cancelled is not None and cancelled():
            raise Cancelled(f"Stopped before frame {done}, as asked; the frames before it are finished.")
        frame = next(frames, None)
        if frame is None:
            return
        yield frame
        if progress is not None:
            progress(done + 1)
