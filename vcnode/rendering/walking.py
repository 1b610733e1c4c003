"""A clip's frames in order, coloured, from any frame on: what a straight run gives, without the work before it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile

from torch import Tensor

from vcnode.media import FrameSource, VideoFrame, VideoInfo
from vcnode.network import Model
from vcnode.rendering.any_frame import AnyFrame
from vcnode.rendering.checkpoints import Checkpoints
from vcnode.rendering.overlap import read_ahead
from vcnode.rendering.source_luma import luma_of
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import ClipState, ColoredFrame, Settings, Shot, StateStore, colorize
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
        with closing(read_ahead(self._with_luma(before.number), self.ahead)) as frames:
            for colored in colorize(
                self._lumas(frames, waiting),
                shots=self.shots,
                model=self.model,
                settings=self.settings,
                cache=self.store,
                state=before,
                clip=AnyFrame(self.source, self.info) if backward else None,
                on_backward=back,
                device=next(self.model.parameters()).device,
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

    def _with_luma(self, begin: int) -> Iterator[tuple[VideoFrame, Tensor]]:
        """Read the stretch's frames from `begin` on, with their Y' `(1, H, W)`."""
        for frame in takewhile(lambda frame: frame.index in self.stretch, self.source.frames(begin)):
            yield frame, luma_of(frame, self.info)[0]

    @staticmethod
    def _lumas(frames: Iterable[tuple[VideoFrame, Tensor]], waiting: deque[VideoFrame]) -> Iterator[Tensor]:
        """Pass the lumas on; the frames they belong to queue up in `waiting`."""
        for frame, luma in frames:
            waiting.append(frame)
            yield luma
