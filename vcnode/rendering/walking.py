"""A clip's frames in order, coloured, from any frame on: what a straight run gives, without the work before it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from torch import Tensor

from vcnode.media import FrameSource, VideoFrame, VideoInfo
from vcnode.network import Model
from vcnode.rendering.checkpoints import Checkpoint, Checkpoints
from vcnode.rendering.source_luma import luma_of
from vcnode.sequence import ColoredFrame, Settings, Shot, StateStore
from vcnode.sequence.chain import digest_tensor, next_key
from vcnode.sequence.frame import gray_frame, lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shots import shot_at
from vcnode.sequence.walk import Link, color_links, read_up_to


@dataclass(frozen=True, eq=False)
class Walker:
    """Colours a source's frames one after the other.

    Attributes:
        source: The clip.
        info: Its facts, as they are to be understood.
        shots: Checked and in order.
        model: On its device.
        settings: How the clip is coloured.
        store: States that are shared with other runs, or None.
        checkpoints: States of an earlier try of this render.
    """

    source: FrameSource
    info: VideoInfo
    shots: tuple[Shot, ...]
    model: Model
    settings: Settings
    store: StateStore | None
    checkpoints: Checkpoints

    def frames(self, start: int, passing: Callable[[int], None]) -> Iterator[tuple[VideoFrame, ColoredFrame]]:
        """Yield the frames from `start` on, each as it came and as it is coloured.

        Args:
            start: The first frame wanted.
            passing: Called with the number of each frame before `start` that had to be coloured again; may raise.

        Raises:
            InputError: A frame or a reference cannot be used.
            MediaError: The source cannot be read further; all frames before are yielded first.
        """
        shot = shot_at(self.shots, start)
        checkpoint = None if shot is None else self.checkpoints.nearest(shot.first, start)
        begin = checkpoint.number if checkpoint else shot.first if shot else start
        waiting = self.source.frames(begin)
        for frame in waiting:
            shot = shot_at(self.shots, frame.index)
            if shot is None:
                if frame.index >= start:
                    yield frame, gray_frame(frame.index, self._lightness(frame))
                continue
            yield from self._shot(shot, chain([frame], waiting), frame.index, start, checkpoint, passing)
            checkpoint = None

    def _shot(
        self,
        shot: Shot,
        waiting: Iterator[VideoFrame],
        begin: int,
        start: int,
        checkpoint: Checkpoint | None,
        passing: Callable[[int], None],
    ) -> Iterator[tuple[VideoFrame, ColoredFrame]]:
        """Colour `begin`.. to the shot's end, leaving the frames behind it in `waiting`; yield from `start` on."""
        first_frame = next(waiting)
        waiting = chain([first_frame], waiting)
        opening = first_frame if begin == shot.first else self.source.frame(shot.first)
        digest = model_digest(self.model)
        engine = ShotEngine(self.model, digest, shot.references, shot.first, self._lightness(opening), self.settings)
        key, state = (checkpoint.key, checkpoint.state) if checkpoint else (engine.start_key, None)
        window = self.settings.look_ahead
        while shot.last is None or begin <= shot.last:
            count = window - (begin - shot.first) % window
            if shot.last is not None:
                count = min(count, shot.last - begin + 1)
            frames, failure = read_up_to(waiting, count)
            begin += len(frames)
            lights = [self._lightness(frame) for frame in frames]
            links = []
            for frame, lightness in zip(frames, lights, strict=True):
                working = engine.working(lightness, frame.index)
                key = next_key(key, digest_tensor(working))
                links.append(Link(frame.index, working, key))
            colored = color_links(engine, links, state, self.store)
            for frame, lightness, link, result in zip(frames, lights, links, colored, strict=True):
                state = result.state
                self.checkpoints.keep(frame.index + 1, link.key, state)
                if frame.index < start:
                    passing(frame.index)
                else:
                    yield frame, engine.finish(result, lightness, frame.index)
            if failure is not None:
                raise failure
            if len(frames) < count:
                return

    def _lightness(self, frame: VideoFrame) -> Tensor:
        return lightness_of(luma_of(frame, self.info)[0], frame.index)
