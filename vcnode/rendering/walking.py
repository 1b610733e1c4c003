"""A clip's frames in order, coloured, from any frame on: what a straight run gives, without the work before it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile

import torch

from vcnode.media import FrameSource, VideoFrame, VideoInfo
from vcnode.network import Model
from vcnode.rendering.any_frame import AnyFrame
from vcnode.rendering.checkpoints import Checkpoints
from vcnode.rendering.overlap import read_ahead
from vcnode.rendering.source_luma import luma_of
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import ClipState, ColoredFrame, Settings, Shot, StateStore, colorize
from vcnode.sequence.frame import Lightness, lightness_of
from vcnode.sequence.shots import shot_at


@dataclass(frozen=True, eq=False)
class Walker:
    """Colours a source's frames one after the other.

    Attributes:
        source: The clip.
        info: Its facts, as they are to be understood.
        stretch: Those of its frames that are wanted; a shot that is under way at the first starts afresh there.
        state: What was known before the first, from another render, so that its shot goes on instead; or None.
        shots: Checked and in order.
        model: On its device.
        settings: How the clip is coloured.
        store: States that are shared with other runs, or None.
        checkpoints: States of an earlier try of this render.
        ahead: Frames that a thread of its own reads in advance; 0 for none.
    """

    source: FrameSource
    info: VideoInfo
    stretch: Stretch
    state: ClipState | None
    shots: tuple[Shot, ...]
    model: Model
    settings: Settings
    store: StateStore | None
    checkpoints: Checkpoints
    ahead: int = 0

    def frames(
        self, start: int, passing: Callable[[int], None], back: Callable[[int], None]
    ) -> Generator[tuple[VideoFrame, ColoredFrame]]:
        """Yield the frames from `start` on, each as it came and as it is coloured.

        Args:
            start: The first frame wanted, not before the stretch.
            passing: Called with the number of each frame before `start` that had to be coloured again; may raise.
            back: Called with the number of each frame before it is coloured backward; may raise.

        Raises:
            InputError: A frame, a reference or the state cannot be used.
            MediaError: The source cannot be read further; all frames before are yielded first.
        """
        before = self._state_before(start)
        waiting: deque[VideoFrame] = deque()
        backward = self.settings.direction != "forward"
        device = next(self.model.parameters()).device
        with closing(read_ahead(self._with_lightness(before.number, device), self.ahead)) as frames:
            for colored in colorize(
                self._queued(frames, waiting),
                shots=self.shots,
                model=self.model,
                settings=self.settings,
                cache=self.store,
                state=before,
                clip=AnyFrame(self.source, self.info) if backward else None,
                on_backward=back,
                device=device,
            ):
                frame = waiting.popleft()
                if colored.state is not None:
                    self.checkpoints.keep(colored.state)
                if colored.number < start:
                    passing(colored.number)
                else:
                    yield frame, colored

    def _state_before(self, start: int) -> ClipState:
        """The latest place from which the run to `start` is what it would be from the stretch's first frame."""
        origin = self.state or ClipState(self.stretch.first)
        shot = shot_at(self.shots, start)
        begin = start if shot is None else shot.first
        if begin > origin.number:
            origin = ClipState(begin)  # a shot needs nothing from the one before it
        return self.checkpoints.nearest(origin.number, start) or origin

    def _with_lightness(self, begin: int, device: torch.device) -> Iterator[tuple[VideoFrame, Lightness]]:
        """Read the stretch's frames from `begin` on, with their L on the device."""
        for frame in takewhile(lambda frame: frame.index in self.stretch, self.source.frames(begin)):
            yield frame, Lightness(lightness_of(luma_of(frame, self.info)[0], frame.index, device))

    @staticmethod
    def _queued(frames: Iterable[tuple[VideoFrame, Lightness]], waiting: deque[VideoFrame]) -> Iterator[Lightness]:
        """Pass L on; the frames it belongs to queue up in `waiting`."""
        for frame, lightness in frames:
            waiting.append(frame)
            yield lightness
