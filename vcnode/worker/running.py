"""One job run: from a plan to frames on disk, with messages on the way."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from vcnode.errors import Cancelled, VcnodeError
from vcnode.media.exr_frames import is_exr
from vcnode.media.sequence_pattern import is_pattern
from vcnode.network import Model
from vcnode.rendering import RenderedFrame, RenderJob, RenderResult, RenderStart, render
from vcnode.worker.fields import sentence_of
from vcnode.worker.plan import Plan
from vcnode.worker.protocol import Message
from vcnode.worker.receipt import Receipt, write_receipt
from vcnode.worker.target_check import count_kept, drop_damaged
from vcnode.worker.warm_model import WarmModel, release_memory

_CHECKPOINT_FRAMES = 10  # a worker that is killed colours at most so many frames of a sequence again
_BITS: dict[str | int | None, int] = {"half": 16, "float": 32, 8: 8, 16: 16}
_RECENT = 20  # frames whose speed is reported

_log = logging.getLogger("vcnode")


def run_plan(plan: Plan, models: WarmModel, send: Callable[[Message], None], cancelled: Callable[[], bool]) -> Message:
    """Run a job.

    Args:
        plan: The job.
        models: Where its model is kept.
        send: Takes messages about its progress.
        cancelled: Asked before each frame; True ends it.

    Returns:
        The message that the job ends with: `done`, `cancelled` or `failed`.
    """
    run = _Run(plan, send)
    try:
        if plan.target.finished is not None:
            return run.done_before(plan.target.finished)
        if cancelled():
            return run.ended("cancelled")
        drop_damaged(plan.target)
        model = models.get(plan.request.model, plan.weights, plan.device)
        result = render(
            render_job(plan, model),
            on_start=run.start,
            on_frame=run.frame,
            on_backward=run.backward,
            cancelled=cancelled,
        )
        return run.done(result)
    except Cancelled:
        return run.ended("cancelled")
    except VcnodeError as error:
        problem = sentence_of(error)
    except Exception as error:
        _log.exception("A job ended by an unforeseen failure")
        problem = f"An unforeseen failure ended the job ({type(error).__name__}: {error}): see the worker's log."
    release_memory()  # of the frames, too, that the error's traceback has held until here
    return run.ended("failed", problem=problem)


def render_job(plan: Plan, model: Model) -> RenderJob:
    """Word a plan for the renderer, whose frames count from 0."""
    request, source = plan.request, plan.source
    first, last = source.index(source.first), source.index(source.last)
    assert first is not None  # or the job would have been rejected
    job = RenderJob(
        source=request.source,
        output=request.output,
        frames=None if source.stretch is None else (first, last),
        model=model,
        settings=request.settings,
        encoding=request.encoding if is_exr(request.source) or is_exr(request.output) else None,
        confidence_layer=request.confidence,
        clip=request.clip,
        depth=_BITS.get(request.depth),
        cache=request.cache,
        resume=plan.target.resume,
        overwrite=True,  # frames of others were looked for when the job was checked
    )
    if is_pattern(request.output):
        job = replace(job, segment_frames=_CHECKPOINT_FRAMES)
    if request.shots is not None:
        return replace(job, shots=plan.shots)
    return replace(job, references=plan.shots[0].references, cut_threshold=request.cut_threshold)


class _Run:
    """A job under way: counts frames and words messages."""

    def __init__(self, plan: Plan, send: Callable[[Message], None]) -> None:
        self.plan, self.send = plan, send
        self.total = len(plan.source.wanted)
        self.done_frames = plan.target.kept
        self.receipt = Receipt(plan.request.clip, plan.source.first, plan.source.last, plan.digest)
        self.times: deque[float] = deque(maxlen=_RECENT + 1)

    def start(self, start: RenderStart) -> None:
        """The target is this job's from now on."""
        write_receipt(self.plan.request.output, self.receipt)
        if is_pattern(self.plan.request.output):  # again, as damaged files have been removed since
            self.done_frames = count_kept(self.plan.request, self.plan.source) if self.plan.target.resume else 0
        else:
            self.done_frames = start.first - start.begin
        self.times.append(time.monotonic())

    def frame(self, frame: RenderedFrame) -> None:
        """A frame was written."""
        self.done_frames += 1
        self.times.append(time.monotonic())
        fps = (len(self.times) - 1) / max(self.times[-1] - self.times[0], 1e-9)
        left = round(max(0, self.total - self.done_frames) / fps, 1)
        self._progress(frame.colored.number, round(fps, 3), left, _rounded(frame.confidence), backward=False)

    def backward(self, index: int) -> None:
        """A frame is about to be coloured backward, for those before it."""
        self._progress(index, 0.0, None, None, backward=True)

    def _progress(
        self, index: int, fps: float, seconds_left: float | None, confidence: float | None, *, backward: bool
    ) -> None:
        self.send(
            {
                "type": "progress",
                "frame": self.plan.source.numbers[index],
                "done": self.done_frames,
                "total": self.total,
                "fps": fps,
                "seconds_left": seconds_left,
                "confidence": confidence,
                "backward": backward,
            }
        )

    def done(self, result: RenderResult) -> Message:
        """All frames are there."""
        weak = tuple(self.plan.source.numbers[index] for index in result.weak_frames)
        receipt = replace(self.receipt, finished=True, confidence=_rounded(result.confidence), weak_frames=weak)
        write_receipt(self.plan.request.output, receipt)
        return self._done(receipt, result.rendered, result.seconds)

    def done_before(self, receipt: Receipt) -> Message:
        """All frames were there."""
        return self._done(receipt, 0, 0.0)

    def _done(self, receipt: Receipt, rendered: int, seconds: float) -> Message:
        return {
            "type": "done",
            "output": str(self.plan.request.output),
            "frames": self.total,
            "rendered": rendered,
            "seconds": round(seconds, 3),
            "fps": round(rendered / seconds, 3) if rendered else 0.0,
            "confidence": receipt.confidence,
            "weak_frames": list(receipt.weak_frames),
        }

    def ended(self, how: str, **fields: object) -> Message:
        """It ended before."""
        return {"type": how, **fields, "kept": self.done_frames}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
