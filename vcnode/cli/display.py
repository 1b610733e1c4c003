"""A render's progress and result: for people on stderr, for programs as JSON lines on stdout."""

import json
import time
from typing import Any

from vcnode.cli.messages import progress_bar, say
from vcnode.counted import counted
from vcnode.rendering import CutSearch, RenderedFrame, RenderResult, RenderStart

_SECONDS_BETWEEN_LINES = 0.5


class Terminal:
    """A line at the start, a bar, a summary; on stdout nothing but the path of the result.

    Args:
        quiet: Only the path.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._searched = quiet, False
        self._bar: Any = None

    def search(self, search: CutSearch) -> None:
        """Move the bar of the search for cuts."""
        self._searched = True
        if self._bar is None and not self._quiet:
            self._bar = progress_bar(search.total, " frames", desc="looking for cuts")
        if self._bar is not None:
            self._bar.update()

    def start(self, start: RenderStart) -> None:
        """Say what is going to be done."""
        self.close()
        if self._quiet:
            return
        if self._searched:
            say(f"cuts found at {', '.join(map(str, start.cuts))}" if start.cuts else "no cuts found")
        references = counted(start.references, "reference")
        shots = f" in {start.shots} shots" if start.shots > 1 else ""
        resumed = f", resuming at frame {start.first}" if start.first > start.begin else ""
        say(
            f"model {start.model} on {start.device} in {start.precision}, working size {start.working_size}, "
            f"{counted(start.look_ahead, 'frame')} at once, {references}{shots}, "
            f"{start.info.width}x{start.info.height} to {start.output_format}{resumed}"
        )
        self._bar = progress_bar(start.total, " frames", initial=start.first - start.begin)

    def frame(self, frame: RenderedFrame) -> None:
        """Move the bar."""
        if self._bar is not None:
            if self._bar.desc:
                self._bar.set_description()
            self._bar.update()

    def backward(self, number: int) -> None:
        """Say where the way back is, which the frames before it wait for."""
        if self._bar is not None:
            self._bar.set_description(f"backward, frame {number}")

    def result(self, result: RenderResult) -> None:
        """Say what came of it."""
        self.close()
        if not self._quiet:
            say(summary(result))
        print(result.output, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class JsonLines:
    """One object a line on stdout: `search`, `progress` and `backward` at most twice a second, `start`, `result`."""

    def __init__(self) -> None:
        self._begin = self._first = 0
        self._total: int | None = None
        self._began = self._last = time.monotonic()

    def search(self, search: CutSearch) -> None:
        """Say how far the search for cuts is, unless that was said a moment ago."""
        if self._is_time():
            self._write(event="search", done=search.done, frames=search.total)

    def start(self, start: RenderStart) -> None:
        """Say what is going to be done."""
        self._begin, self._first, self._total = start.begin, start.first, start.total
        self._began = time.monotonic()
        self._write(
            event="start",
            model=start.model,
            device=start.device,
            working_size=start.working_size,
            look_ahead=start.look_ahead,
            precision=start.precision,
            references=start.references,
            shots=start.shots,
            width=start.info.width,
            height=start.info.height,
            format=start.output_format,
            begin=start.begin,
            first=start.first,
            frames=start.total,
            cuts=list(start.cuts),
        )

    def frame(self, frame: RenderedFrame) -> None:
        """Say how far it is, unless that was said a moment ago."""
        if not self._is_time():
            return
        done = frame.colored.number + 1 - self._begin
        fps = (done + self._begin - self._first) / max(self._last - self._began, 1e-9)
        left = None if self._total is None else round(max(0, self._total - done) / fps, 1)
        confidence = None if frame.confidence is None else round(frame.confidence, 4)
        self._write(
            event="progress",
            done=done,
            frames=self._total,
            fps=round(fps, 2),
            seconds_left=left,
            confidence=confidence,
        )

    def backward(self, number: int) -> None:
        """Say where the way back is, unless that was said a moment ago."""
        if self._is_time():
            self._write(event="backward", frame=number)

    def result(self, result: RenderResult) -> None:
        """Say what came of it."""
        self._write(
            event="result",
            output=str(result.output),
            confidence_output=None if result.confidence_output is None else str(result.confidence_output),
            frames=result.frames,
            rendered=result.rendered,
            seconds=round(result.seconds, 3),
            fps=round(result.fps, 2),
            confidence=None if result.confidence is None else round(result.confidence, 4),
            add_a_reference_at=list(result.weak_frames),
        )

    def close(self) -> None:
        """Nothing stays open; present so that both displays close alike."""

    def _is_time(self) -> bool:
        """Whether the last line was some time ago."""
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES:
            return False
        self._last = now
        return True

    def _write(self, **fields: object) -> None:
        print(json.dumps(fields), flush=True)


def summary(result: RenderResult) -> str:
    """Say in one line what came of a render."""
    kept = result.frames - result.rendered
    parts = [f"{counted(result.rendered, 'frame')} in {result.seconds:.1f} s ({result.fps:.1f} a second)"]
    if kept:
        parts.append(f"{kept} more from before")
    if result.confidence is not None:
        parts.append(f"mean confidence {result.confidence:.2f}")
    if result.weak_frames:
        frames = ", ".join(map(str, result.weak_frames))
        parts.append(f"a reference would help most at frame {frames}")
    if result.confidence_output is not None:
        parts.append(f"confidence in {result.confidence_output}")
    return "; ".join(parts)
