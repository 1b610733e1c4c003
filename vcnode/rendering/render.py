"""From a file to a coloured file."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from vcnode.errors import Cancelled, VcnodeError
from vcnode.media import FrameSink, FrameSource, FrameTime, ImageSequenceReader, VideoFrame, VideoInfo, open_source
from vcnode.network import Model
from vcnode.rendering.checkpoints import Checkpoints
from vcnode.rendering.confidence import ConfidenceLog, confidence_picture, mean_confidence, weak_frames
from vcnode.rendering.cut_search import search_cuts, span_of_search
from vcnode.rendering.exr_job import exr_output, fit_to_source, with_exr
from vcnode.rendering.fingerprint import fingerprint
from vcnode.rendering.job import CutSearch, RenderedFrame, RenderJob, RenderResult, RenderStart
from vcnode.rendering.output_format import Output, check_targets, encoder_settings, open_confidence, open_output
from vcnode.rendering.overlap import WriteBehind
from vcnode.rendering.shot_plan import all_references, plan_shots, shots_in
from vcnode.rendering.source_luma import understood
from vcnode.rendering.stretch import Stretch, plan_stretch
from vcnode.rendering.walking import Walker
from vcnode.sequence import ClipState, ColoredFrame, Shot, StateCache, load
from vcnode.sequence.identity import model_digest
from vcnode.sequence.memory import is_out_of_memory, out_of_memory

_IN_FLIGHT = 2  # frames that are read ahead, and that wait to be written, on GPUs
_RENDER_VERSION = "9"  # raise it when the same job begins to yield other pixels

_log = logging.getLogger("vcnode")


def render(
    job: RenderJob,
    *,
    on_search: Callable[[CutSearch], None] | None = None,
    on_start: Callable[[RenderStart], None] | None = None,
    on_frame: Callable[[RenderedFrame], None] | None = None,
    on_backward: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RenderResult:
    """Colour a film or an image sequence, or a stretch of one.

    Whatever ends it early, finished frames stay: a note on the exception says where they can be watched, and the same
    job goes on from there.

    Args:
        job: What to do.
        on_search: Called after each frame looked at, where cuts are to be found.
        on_start: Called once, when everything is checked and work begins.
        on_frame: Called after each frame that was written.
        on_backward: Called with the number of each frame that is about to be coloured backward, where the job's
            settings say so; frames before it wait for that.
        cancelled: Asked before each frame; True ends the render.

    Raises:
        InputError: Something in the job cannot be used.
        MediaError: A file cannot be read or written.
        ModelError: The model is not there or damaged.
        DeviceError: The device is not there, or memory ran out.
        CacheError: The cache folder cannot be used.
        Cancelled: `cancelled` said so.
    """
    with open_source(job.source, frame_rate=job.frame_rate, layer=job.layer) as source:
        job = fit_to_source(job, source)
        info = understood(source, job.encoding)
        check_targets(job, source)
        encoder_settings(job, info)
        shots = plan_shots(job, source)
        stretch = plan_stretch(job, source)
        if info.interlaced:
            _log.warning("%s is interlaced: deinterlace it first, or moving edges get wrong colours.", job.source)
        if info.has_alpha:
            _log.warning("%s has alpha, which the result lacks: add it again afterwards.", job.source)
        model = job.model if isinstance(job.model, Model) else load(job.model, job.device)
        if job.cut_threshold is not None:
            span = span_of_search(stretch, job.references, job.settings.direction)
            job = replace(job, cuts=search_cuts(source, info, span, job.cut_threshold, on_search, cancelled))
            shots = plan_shots(replace(job, cut_threshold=None), source)
        run = _Run(job, source, info, stretch, shots, model, on_start, on_frame, on_backward, cancelled)
        return run.whole()


@dataclass(eq=False)
class _Run:
    """One render under way."""

    job: RenderJob
    source: FrameSource
    info: VideoInfo
    stretch: Stretch
    shots: tuple[Shot, ...]
    model: Model
    on_start: Callable[[RenderStart], None] | None
    on_frame: Callable[[RenderedFrame], None] | None
    on_backward: Callable[[int], None] | None
    cancelled: Callable[[], bool] | None
    state: ClipState | None = None  # behind the latest frame

    def __post_init__(self) -> None:
        self.settings = self.job.settings.on(self.model)
        self.device = next(self.model.parameters()).device
        in_flight = 0 if self.device.type == "cpu" else _IN_FLIGHT  # a CPU is busy with the network already
        self.overlap = in_flight if self.job.overlap is None else self.job.overlap
        self.working_size = self.job.settings.working_size or self.model.config.working_size

    def whole(self) -> RenderResult:
        """Open the targets, colour every frame, finish the targets; or stop and keep what is there."""
        began = time.monotonic()
        job = self.job
        store = StateCache(job.cache) if isinstance(job.cache, Path | str) else job.cache
        identity = fingerprint(
            self.source,
            self.shots,
            model_digest(self.model),
            self.settings,
            self.device,
            _RENDER_VERSION,
            job.frames,
            job.state,
        )
        identity = with_exr(identity, job)
        exr = exr_output(job, self.source, self.model.config.name)
        output = open_output(job, self.info, self.stretch, identity, exr)
        outputs = [output]
        try:
            confidence = open_confidence(job, self.info, self.stretch, identity)
            outputs += [confidence] if confidence else []
            log = ConfidenceLog(output.sink.folder, identity)
            checkpoints = Checkpoints(output.sink.folder, identity, self.stretch.first, job.segment_frames)
            walker = Walker(
                self.source,
                self.info,
                self.stretch,
                job.state,
                self.shots,
                self.model,
                self.settings,
                store,
                checkpoints,
                self.overlap,
            )
            total, rendered = self._colour(walker, output, confidence, log)
            path, *others = _finish([each.sink for each in outputs])
        except BaseException as error:
            error = self._explained(error)
            self._keep([each.sink for each in outputs], error)
            raise error
        seconds = time.monotonic() - began
        mean = sum(log.values.values()) / len(log.values) if log.values else None
        return RenderResult(
            output=path,
            confidence_output=others[0] if others else None,
            frames=total,
            rendered=rendered,
            seconds=seconds,
            confidence=mean,
            weak_frames=weak_frames(log.values),
            state=self.state,
        )

    def _colour(self, walker: Walker, output: Output, confidence: Output | None, log: ConfidenceLog) -> tuple[int, int]:
        """Write every missing frame; return how many the target has and how many were written now."""
        sinks = [output.sink] + ([confidence.sink] if confidence else [])
        first = self._first_missing(sinks)
        if self.on_start:
            self.on_start(self._start(output, first))
        end, rendered = first, 0
        self._stop_if_asked(first)
        with WriteBehind(self.overlap) as behind, closing(self._walk(walker, first)) as frames:
            for frame, colored in frames:
                end, self.state = frame.index + 1, colored.state
                place = self.stretch.place(frame.time)
                if all(sink.is_done(place) for sink in sinks):
                    continue
                behind.submit(
                    partial(_write, frame, colored, place, output, confidence, log), partial(self._tell, colored, log)
                )
                rendered += 1
                self._stop_if_asked(end)
        if self.stretch.last is not None and end <= self.stretch.last:
            _log.warning("%s ends with frame %d, before frame %d.", self.job.source, end - 1, self.stretch.last)
        if self.state is None and end > self.stretch.first:  # all was finished before: only the state is wanting
            for _, colored in self._walk(walker, end - 1):
                self.state = colored.state
        return end - self.stretch.first, rendered

    def _tell(self, colored: ColoredFrame, log: ConfidenceLog) -> None:
        if self.on_frame:
            self.on_frame(RenderedFrame(colored, log.values.get(colored.number)))

    def _first_missing(self, sinks: list[FrameSink]) -> int:
        """The first frame of the clip that a target still lacks."""
        numbers = self.source.numbers if isinstance(self.source, ImageSequenceReader) else None
        for index in count(self.stretch.first):
            if index not in self.stretch or (numbers is not None and index == len(numbers)):
                return index
            time = FrameTime(index, 0, 0, self.info.time_base, index if numbers is None else numbers[index])
            if not all(sink.is_done(self.stretch.place(time)) for sink in sinks):
                return index
        raise AssertionError("counting never ends")

    def _start(self, output: Output, first: int) -> RenderStart:
        shots = shots_in(self.stretch, self.shots)
        return RenderStart(
            info=self.info,
            model=self.model.config.name,
            device=str(self.device),
            working_size=self.working_size,
            look_ahead=self.settings.window,
            precision=self.settings.precision or "float32",
            references=len(all_references(shots)),
            shots=len(shots),
            output_format=output.description,
            begin=self.stretch.first,
            first=first,
            total=self.stretch.count(self.source.info.frame_count),
            cuts=self.job.cuts,
        )

    def _walk(self, walker: Walker, start: int) -> Generator[tuple[VideoFrame, ColoredFrame]]:
        return walker.frames(start, self._stop_if_asked, self._look_back)

    def _look_back(self, number: int) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Stopped while frame {number} was coloured backward, as asked.")
        if self.on_backward:
            self.on_backward(number)

    def _stop_if_asked(self, number: int) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Stopped before frame {number}, as asked.")

    def _explained(self, error: BaseException) -> BaseException:
        """The same error, or a sentence in its place where it means that memory ran out."""
        if not is_out_of_memory(error):
            return error
        size = min(self.working_size, self.info.height, self.info.width)
        explained = out_of_memory(error, size, self.device)
        explained.__cause__ = error
        return explained

    def _keep(self, sinks: list[FrameSink], error: BaseException) -> None:
        """Save what is finished, and say on the error where it is."""
        kept = []
        for sink in sinks:
            with suppress(VcnodeError):  # the first error is the one to be told
                kept.append(sink.abort(watchable=self.job.watchable))
        if kept and kept[0] is not None:
            goes_on = "; the same command goes on from there." if self.job.resume else "."
            error.add_note(f"The frames finished so far are in {kept[0]}{goes_on}")


def _finish(sinks: list[FrameSink]) -> list[Path]:
    """Complete all targets or none, so that the same job can end what a full disk or a crash kept it from."""
    for sink in sinks:
        sink.prepare()
    for sink in sinks:
        sink.place()
    return [sink.finish() for sink in sinks]


def _write(
    frame: VideoFrame,
    colored: ColoredFrame,
    place: FrameTime,
    output: Output,
    confidence: Output | None,
    log: ConfidenceLog,
) -> None:
    """Paint and write what the targets lack of a frame; whatever waits for a GPU happens here."""
    mean = mean_confidence(colored)
    if mean is not None:
        log.add(frame.index, mean)
    if not output.sink.is_done(place):
        output.sink.write(output.codes(frame, colored), place)
    if confidence and not confidence.sink.is_done(place):
        confidence.sink.write(confidence.painter.paint_gray(confidence_picture(colored)), place)
