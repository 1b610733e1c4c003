"""Jobs of all clients, run one after the other, so that one model on one GPU serves everybody."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vcnode.worker.fields import Problem
from vcnode.worker.plan import Plan
from vcnode.worker.protocol import Message
from vcnode.worker.running import run_plan
from vcnode.worker.warm_model import WarmModel

_TICK = 1.0  # seconds; waiting without end could not be interrupted on Windows

_log = logging.getLogger("vcnode")


class Client(Protocol):
    """Who hands in jobs and hears of them."""

    def send(self, message: Message) -> None:
        """Take a message; never raises, a client that has gone takes nothing."""


@dataclass(eq=False)
class Job:
    """A job under its client's name for it."""

    identifier: str
    client: Client
    plan: Plan
    is_cancelled: bool = False
    is_running: bool = False


class JobQueue:
    """Takes jobs from the clients' threads and runs them on the thread that calls `run`."""

    def __init__(self) -> None:
        self._models = WarmModel()
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._jobs: list[Job] = []  # running and waiting
        self._lock = threading.Lock()
        self._is_stopping = False

    def submit(self, job: Job, accept: Callable[[int], None]) -> Problem | None:
        """Take a job.

        Args:
            job: What to do.
            accept: Called before the job can begin, with the number of jobs before it.

        Returns:
            Why it cannot be taken; None where it was.
        """
        files = set(job.plan.target.files)
        with self._lock:
            if any(each.identifier == job.identifier and each.client is job.client for each in self._jobs):
                return Problem("id", f"A job {job.identifier!r} is under way: give each job an id of its own.")
            if any(not files.isdisjoint(each.plan.target.files) for each in self._jobs):
                said = f"Another job is writing {job.plan.request.output}: wait for it, or give another name."
                return Problem("output.pattern", said)
            self._jobs.append(job)
            before = len(self._jobs) - 1
        accept(before)
        self._waiting.put(job)
        return None

    def cancel(self, client: Client, identifier: str) -> bool:
        """End a client's job before its next frame; False where it has no such job."""
        with self._lock:
            found = next((each for each in self._jobs if each.client is client and each.identifier == identifier), None)
            if found is None:
                return False
            found.is_cancelled = True
            if found.is_running:
                return True
            self._jobs.remove(found)
        self._tell_cancelled(found)
        return True

    def leave(self, client: Client) -> None:
        """End all jobs of a client that quits or has gone."""
        with self._lock:
            theirs = [job for job in self._jobs if job.client is client]
            for job in theirs:
                job.is_cancelled = True
            waiting = [job for job in theirs if not job.is_running]
            self._jobs = [job for job in self._jobs if job not in waiting]
        for job in waiting:
            self._tell_cancelled(job)

    def has_jobs(self, *, except_of: Client | None = None) -> bool:
        """Whether anybody else has a job, running or waiting, that was not cancelled."""
        with self._lock:
            return any(job.client is not except_of and not job.is_cancelled for job in self._jobs)

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called: nothing more is taken on."""
        return self._is_stopping

    def stop(self) -> None:
        """End the running job before its next frame, then `run`. May be called by a signal handler."""
        self._is_stopping = True
        self._waiting.put(None)

    def run(self, tick: Callable[[], None] = lambda: None) -> None:
        """Run jobs until `stop`.

        Args:
            tick: Called about once a second while there is nothing to do.
        """
        while not self._is_stopping:
            try:
                job = self._waiting.get(timeout=_TICK)
            except queue.Empty:
                tick()
                continue
            if job is not None and self._begin(job):
                self._run(job)
        with self._lock:
            waiting, self._jobs = self._jobs, []
        for job in waiting:
            self._tell_cancelled(job)

    def _begin(self, job: Job) -> bool:
        with self._lock:
            job.is_running = not job.is_cancelled and not self._is_stopping
            return job.is_running

    def _run(self, job: Job) -> None:
        def send(message: Message) -> None:
            job.client.send({"type": message["type"], "id": job.identifier, **message})

        ending = run_plan(job.plan, self._models, send, lambda: job.is_cancelled or self._is_stopping)
        with self._lock:
            self._jobs.remove(job)
        send(ending)

    def _tell_cancelled(self, job: Job) -> None:
        job.client.send({"type": "cancelled", "id": job.identifier, "kept": job.plan.target.kept})
