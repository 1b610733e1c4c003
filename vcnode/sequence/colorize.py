"""Streaming: frames in, coloured frames out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, cast

import torch
from torch import Tensor

from vcnode.errors import Cancelled, InputError
from vcnode.network import Model, State
from vcnode.sequence.backward import Backward
from vcnode.sequence.clip_state import ClipState, ShotState
from vcnode.sequence.cuts import check_threshold, is_cut, thumbnail
from vcnode.sequence.frame import ColoredFrame, FrameLike, FrameList, check_clip, gray_frame, lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.loading import choose_device
from vcnode.sequence.reference import Reference
from vcnode.sequence.settings import Settings
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.shot_references import ShotReferences
from vcnode.sequence.shots import Shot, check_shots, checked_references, shot_at, whole_clip
from vcnode.sequence.state_memory import MemoryStateCache
from vcnode.sequence.state_store import StateStore
from vcnode.sequence.walk import Link, stream
from vcnode.sequence.whole_number import whole_number

type Progress = Callable[[int], None]

_END: Any = object()  # None may be a frame that a reader failed to read


def colorize(
    frames: Iterable[FrameLike],
    references: Iterable[Reference] = (),
    *,
    model: Model,
    shots: Iterable[Shot] | None = None,
    settings: Settings | None = None,
    cache: StateStore | None = None,
    state: ClipState | None = None,
    first: int | None = None,
    cut_threshold: float | None = None,
    clip: FrameList | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_backward: Progress | None = None,
) -> Iterator[ColoredFrame]:
    """Colour a clip, or a piece of one, frame by frame, in constant memory.

    Args:
        frames: Luma or RGB; see `vcnode.sequence.frame.lightness_of`.
        references: For the whole clip as one shot; or give `shots`. Their frames may lie beyond `frames`, which may be
            a piece; but not beyond the clip where colours run backward, since that is at hand then.
        model: See `vcnode.load`.
        shots: Shots with references of their own; frames outside stay gray.
        settings: Choices; defaults suit most footage.
        cache: Where states are kept, so that a second run or a seek need not compute them again.
        state: That of the last frame of an earlier run: pieces that are coloured one after the other like this have
            the pixels of one unbroken run.
        first: Number in the clip of the first of `frames`: 0, or where the state says. Shots and references count
            from the start of the clip.
        cut_threshold: Start a shot's colours anew where the picture differs by more from the one before, 0..1 (0.4
            suits most footage); None: only where `shots` say. See `vcnode.sequence.cuts`.
        clip: The whole clip, any frame of it at any time, for colours that run backward (`Settings.direction`). Not
            needed where `frames` is a list or an array of the whole clip.
        device: Where finished frames and their states lie. Finishing runs there too: the model's device spares a GPU
            the way to the CPU and back.
        progress: Called with the number of frames done, after each.
        cancelled: Asked before each frame; True ends the run. Frames finished before are not lost.
        on_backward: Called with the number of each frame that is about to be coloured backward, for frames before it.

    Yields:
        Every frame, in order.

    Raises:
        InputError: No or both of references and shots, a frame or reference that cannot be used, or a state that does
            not fit; colours are to run backward, and frames are not at hand, cuts still to be found, or shots or
            references beyond the clip.
        MediaError: A reference that cannot be read.
        DeviceError: `device` is not there.
        Cancelled: `cancelled` said so.
    """
    check_clip(frames)
    references = checked_references(references)
    if not references and shots is None:
        raise InputError("No reference is given: give either references or shots, since colours come from one of them.")
    if references and shots is not None:
        raise InputError("Give either references or shots: colours come from one of them.")
    plan = whole_clip(references) if shots is None else check_shots(shots)
    if cut_threshold is not None:
        check_threshold(cut_threshold)
    if first is not None and (first := whole_number(first, "The first frame's number")) < 0:
        raise InputError(f"The first frame's number is {first}: frames count from 0.")
    if state is not None and first not in (None, state.number):
        raise InputError(
            f"The state is for frame {state.number}, but the first frame given is {first}: give frame "
            f"{state.number}, or start without a state."
        )
    before = state or ClipState(first or 0)
    settings = (settings or Settings()).on(model)
    if settings.direction == "forward":
        clip = None
    else:
        clip = _whole(frames, clip, before.number)
        check_clip(clip, any_order=True)
        check_shots(plan, len(clip))
        if cut_threshold is not None:
            raise InputError(
                "Colours that run backward need to know where shots end: find the cuts first (vcnode.find_cuts) and "
                "give shots."
            )
    numbered = _Numbered(frames, before, cut_threshold, choose_device(device))
    piece = _Piece(numbered, plan, model, settings, cache, clip, cancelled, on_backward)
    return _watched(piece.colored(before.shot), before.number, progress, cancelled)


def _whole(frames: Iterable[FrameLike], clip: FrameList | None, first: int) -> FrameList:
    """The clip whose frames can be had in any order."""
    if clip is not None:
        return clip
    if first == 0 and hasattr(frames, "__len__") and hasattr(frames, "__getitem__"):
        return cast(FrameList, frames)
    raise InputError(
        "Colours that run backward come from later frames: give the whole clip as a list or an array, or as clip=."
    )


class _Piece:
    """A piece of a clip under way."""

    def __init__(
        self,
        frames: "_Numbered",
        plan: tuple[Shot, ...],
        model: Model,
        settings: Settings,
        cache: StateStore | None,
        clip: FrameList | None,
        cancelled: Callable[[], bool] | None,
        on_backward: Progress | None,
    ) -> None:
        self.frames, self.plan, self.model, self.settings, self.cache = frames, plan, model, settings, cache
        self.clip, self.cancelled, self.on_backward = clip, cancelled, on_backward
        self.digest = model_digest(model)
        self.read: ShotReferences | None = None

    def colored(self, going_on: ShotState | None) -> Iterator[ColoredFrame]:
        """Yield every frame; the first may go on in the midst of a shot."""
        while (following := self.frames.peek()) is not None:
            number, lightness, cut = following
            shot = shot_at(self.plan, number)
            if shot is None:
                self.frames.take()
                left = ClipState(number + 1, None, self.frames.thumbnails.pop(number, None))
                yield replace(gray_frame(number, lightness), state=left)
            else:
                within = going_on is not None and not cut and shot.first <= going_on.first
                yield from self._shot(shot, number, lightness, going_on if within else None)
            going_on = None

    def _shot(self, shot: Shot, number: int, lightness: Tensor, going_on: ShotState | None) -> Iterator[ColoredFrame]:
        begin, bars = (number, None) if going_on is None else (going_on.first, going_on.bars)
        if self.clip is not None and going_on is not None:
            lightness, bars = self._lightness(begin), None  # all keyframes are wanted: also one without a number
        references = self._references(shot)
        engine = ShotEngine(
            self.model, self.digest, references, begin, lightness, self.settings, bars, self.frames.device
        )
        if going_on is not None:
            going_on.check(engine, number)
        before = None if going_on is None else (number, going_on.key_on(engine), going_on.state)
        for link, full, frame, state in self._walked(engine, shot, before):
            looks = self.frames.thumbnails.pop(link.number, None)
            left = ClipState(link.number + 1, ShotState.of(engine, link.key, state), looks)
            yield replace(engine.finish(frame, full, link.number), state=left)

    def _walked(
        self, engine: ShotEngine, shot: Shot, before: tuple[int, str, State] | None
    ) -> Iterator[tuple[Link, Tensor, WorkingFrame, State]]:
        """Colour in the direction wanted: each frame with its L, its result and the state to go on from."""
        frames, direction = self.frames.until(shot.last), self.settings.direction
        if self.clip is None:
            for link, full, forward in stream(engine, frames, self.cache, before):
                yield link, full, forward, forward.state
            return
        last = len(self.clip) - 1 if shot.last is None else min(shot.last, len(self.clip) - 1)
        store = MemoryStateCache() if self.cache is None else self.cache
        backward = Backward(engine, last, self._lightness, store, self._before_backward)
        if direction == "both":
            for link, full, forward in stream(engine, frames, self.cache, before):
                yield link, full, backward.blend(link.number, forward), forward.state
            return
        for number, full in frames:
            frame = backward.at(number).to(engine.results)
            yield Link(number, frame.state.lightness, backward.key(number)), full, frame, frame.state

    def _lightness(self, number: int) -> Tensor:
        assert self.clip is not None
        return lightness_of(self.clip[number], number, self.frames.device)

    def _before_backward(self, number: int) -> None:
        """Before frame `number` is coloured backward: a run that others wait for."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Stopped while frame {number} was coloured backward, as asked; finished frames are kept.")
        if self.on_backward is not None:
            self.on_backward(number)

    def _references(self, shot: Shot) -> ShotReferences:
        """Read and encode references once for as long as shots share them."""
        if self.read is None or self.read.given != shot.references:
            self.read = ShotReferences(self.model, shot.references, self.settings)
        return self.read


class _Numbered:
    """Frames with their numbers and L, one looked at in advance; notes where a cut is.

    Attributes:
        thumbnails: Of the frames taken, by number, where cuts are looked for; whoever yields a frame removes its own.
    """

    def __init__(
        self, frames: Iterable[FrameLike], before: ClipState, threshold: float | None, device: torch.device
    ) -> None:
        self.device = device
        self._frames, self._number, self._threshold = iter(frames), before.number, threshold
        self._next: tuple[int, Tensor, bool] | None = None
        self._seen: Tensor | None = before.thumbnail
        self.thumbnails: dict[int, Tensor] = {}

    def peek(self) -> tuple[int, Tensor, bool] | None:
        """The next frame: its number, L, and whether it begins a shot by its looks; None after the last."""
        if self._next is None:
            frame = next(self._frames, _END)
            if frame is _END:
                return None
            lightness, cut = lightness_of(frame, self._number, self.device), False
            if self._threshold is not None:
                now = thumbnail(lightness)
                cut, self._seen = is_cut(self._seen, now, self._threshold), now
                self.thumbnails[self._number] = now
            self._next = (self._number, lightness, cut)
            self._number += 1
        return self._next

    def take(self) -> None:
        """Go past the frame that `peek` showed."""
        self._next = None

    def until(self, last: int | None) -> Iterator[tuple[int, Tensor]]:
        """Take frames up to a shot's last, or to a cut; the first of them may be one."""
        begun = False
        while (following := self.peek()) is not None:
            number, lightness, cut = following
            if (last is not None and number > last) or (cut and begun):
                return
            begun = True
            self.take()
            yield number, lightness


def _watched(
    frames: Iterator[ColoredFrame], first: int, progress: Progress | None, cancelled: Callable[[], bool] | None
) -> Iterator[ColoredFrame]:
    for done in count():
        if cancelled is not None and cancelled():
            raise Cancelled(f"Stopped before frame {first + done}, as asked; the frames before it are finished.")
        frame = next(frames, None)
        if frame is None:
            return
        yield frame
        if progress is not None:
            progress(done + 1)
