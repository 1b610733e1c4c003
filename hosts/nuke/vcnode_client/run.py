"""One press of Colorize: the steps, and who waits for whom.

Some steps take place in the host and end when it says so, some away from its main thread. The steps are a generator
that yields such operations; each is called with what is to be told its outcome.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Generator, Optional, Sequence

from vcnode_client import job
from vcnode_client.colouring import Coloured, colour
from vcnode_client.frames import in_words
from vcnode_client.host import Clip, Finished, Host, Render, Result
from vcnode_client.inspecting import inspect
from vcnode_client.panel_words import shots_in_words
from vcnode_client.patterns import FramePattern
from vcnode_client.problems import Cancelled, ClientError
from vcnode_client.results import note_of, output_pattern, result_of, state_of
from vcnode_client.settings import Settings, WorkerSettings
from vcnode_client.versions import Version, claim
from vcnode_client.worker import Worker, reach

Outcome = Callable[[Any, Optional[BaseException]], None]
Operation = Callable[[Outcome], None]
Steps = Generator[Operation, Any, None]

#: Gives the fingerprint, once it is known which pictures the shots file names.
Digest = Callable[[Sequence[str]], str]


class Run:
    """A run of one node.

    Args:
        host: The node.
        settings: What the artist chose.
        clip: The source.
        digest: See `vcnode_client.fingerprint`.
        ended: Told the outcome: None, or what went wrong.
    """

    def __init__(
        self,
        host: Host,
        settings: Settings,
        clip: Clip,
        digest: Digest,
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self._host, self._settings, self._clip = host, settings, clip
        self._digest, self._ended = digest, ended
        self._views = host.views()
        self._cancelled = threading.Event()
        self._steps = self._all_steps()

    def start(self) -> None:
        """Begin."""
        self._go_on(None, None)

    def cancel(self) -> None:
        """Ask it to stop; it ends with `Cancelled`."""
        self._cancelled.set()

    def _go_on(self, value: Any, error: BaseException | None) -> None:
        try:
            operation = self._steps.send(value) if error is None else self._steps.throw(error)
        except StopIteration:
            self._ended(None)
        except (Exception, KeyboardInterrupt) as failure:
            self._ended(failure)
        else:
            operation(self._go_on)

    def _all_steps(self) -> Steps:
        start = "starting the worker" if self._settings.worker.start else "asking the worker"
        words = shots_in_words(self._settings, self._clip)
        self._host.show("checking", "; ".join(filter(None, (start, words))))
        version = claim(self._settings.folder, self._digest(()))
        try:
            choice = replace(self._settings.worker, log=f"{version.folder}/worker.log")
            worker, pictures = yield self._aside(lambda: self._reach(choice))
            try:
                fingerprint = self._digest(pictures)
                rendered = yield from self._render_inputs(version)
                jobs = [self._job(version, view, rendered[view]) for view in self._views]
                self._host.show("colouring", "waiting for the worker")
                coloured = yield self._aside(lambda: self._colour(worker, jobs))
            finally:
                worker.close()
            result = result_of(self._settings, self._host.several_views, version)
            note = note_of(self._host, fingerprint, version, worker.hello, jobs, coloured, result, pictures)
            self._publish(version, result, note)
        finally:
            version.leave()

    def _reach(self, choice: WorkerSettings) -> tuple[Worker, list[str]]:
        """Runs in the background: a worker, which has looked at the job, and the pictures that a shots file names."""
        worker = reach(choice, self._is_cancelled)
        try:
            pictures, problems = inspect(worker, self._settings, self._clip, self._is_cancelled)
            if problems:
                raise ClientError(*problems)
        except BaseException:
            worker.close()
            raise
        return worker, pictures

    def _render_inputs(self, version: Version) -> Generator[Operation, Any, dict[str, dict[int, str]]]:
        """Have everything written that the worker reads; gives the references' files by view and number."""
        chosen, there = self._settings, version.inputs_there
        if not there:
            version.discard("input", "references")
        rendered: dict[str, dict[int, str]] = {}
        for view in self._views:
            pattern = f"{version.subfolder('input', view)}/source.%04d.exr"
            if not there:
                self._host.show("rendering", "rendering the source")
                render = Render(pattern, chosen.first, chosen.last, view, chosen.depth, chosen.overscan)
                yield self._checked(render, self._host.render_source)
            rendered[view] = {}
            for each in chosen.references:
                if each.file:
                    continue
                path = f"{version.subfolder('references', view)}/ref{each.number}.exr"
                rendered[view][each.number] = path
                if not there:
                    self._host.show("rendering", f"rendering reference {each.number}")
                    render = Render(path, each.frame, each.frame, view, chosen.depth)
                    yield self._checked(render, partial(self._host.render_reference, each.number))
        version.set_inputs_there()
        return rendered

    def _checked(self, render: Render, by_host: Callable[[Render, Finished], None]) -> Operation:
        """A render by the host that has succeeded when its files are there: some hosts do not say when they fail."""

        def operation(outcome: Outcome) -> None:
            told: list[bool] = []

            def finished(error: BaseException | None) -> None:
                told.append(True)
                outcome(None, error or self._missing(render))

            try:
                by_host(render, finished)
            except (Exception, KeyboardInterrupt) as error:
                if told:  # not the host's render failed, but what came after it
                    raise
                finished(error)

        return operation

    def _missing(self, render: Render) -> BaseException | None:
        if self._cancelled.is_set():
            return Cancelled()
        missing = FramePattern(render.pattern).missing(render.first, render.last)
        if not missing:
            return None
        return ClientError(
            f"{self._host.program} did not write frame {in_words(missing)} of {render.pattern}: "
            "look for an error on a node upstream."
        )

    def _job(self, version: Version, view: str, references: dict[int, str]) -> dict[str, Any]:
        return job.build(
            self._settings,
            self._clip,
            clip=self._host.node_name(),
            frames=f"{version.folder}/input/{view}/source.%04d.exr",
            references=references,
            output=output_pattern(version.folder, self._host.several_views).for_view(view).text,
            cache=None,
        )

    def _aside(self, work: Callable[[], Any]) -> Operation:
        return lambda outcome: self._host.in_background(work, outcome)

    def _is_cancelled(self) -> bool:
        return self._cancelled.is_set() or self._host.is_cancelled()

    def _colour(self, worker: Worker, jobs: list[dict[str, Any]]) -> list[Coloured]:
        """Runs in the background: all views, one after the other, then the worker's end."""
        done: list[Coloured] = []
        with worker:
            for number, (view, each) in enumerate(zip(self._views, jobs)):
                output = FramePattern(each["output"]["pattern"])
                os.makedirs(os.path.dirname(output.text), exist_ok=True)

                def progress(fraction: float, message: str, number: int = number, view: str = view) -> None:
                    said = message if len(jobs) == 1 else f"{view}: {message}"
                    self._host.progress((number + fraction) / len(jobs), said)

                done.append(colour(worker, f"view{number}", each, progress, self._is_cancelled))
                missing = output.missing(self._settings.first, self._settings.last)
                if missing:
                    raise ClientError(f"The worker said it was done, but frame {in_words(missing)} is not there.")
        return done

    def _publish(self, version: Version, result: Result, note: dict[str, Any]) -> None:
        version.publish(note, drop=() if self._settings.keep_input else ("input",))
        self._host.attach(result)
        self._host.save_state(state_of(note, result, self._settings.folder))
