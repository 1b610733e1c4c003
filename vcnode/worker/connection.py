"""One client: its messages read and answered."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from vcnode import __version__
from vcnode.errors import VcnodeError
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.job_queue import Job, JobQueue
from vcnode.worker.machine import describe_machine
from vcnode.worker.plan import inspect_job, plan_job
from vcnode.worker.protocol import MAX_LINE, PROTOCOL, Message, ProtocolError, decode_message, encode_message

_LONGEST_ID = 200

_log = logging.getLogger("vcnode")


class Connection:
    """Talks with one client until it leaves.

    Args:
        jobs: Where its jobs go.
        lines: What it sends, as `read_lines` yields it; ends when it has gone.
        write: Sends it bytes; raises `OSError` when it has gone.
        gone: Called once it turns out that nobody listens any more.
    """

    messages: Mapping[str, tuple[str, ...]] = {
        "hello": ("protocol", "token"),
        "check": (),
        "inspect": ("id", "job"),
        "job": ("id", "job"),
        "cancel": ("id",),
        "quit": (),
    }

    def __init__(
        self,
        jobs: JobQueue,
        lines: Iterator[bytes | None],
        write: Callable[[bytes], None],
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self.jobs, self._lines, self._write, self._gone = jobs, lines, write, gone
        self._lock = threading.Lock()
        self._is_open = True

    def send(self, message: Message) -> None:
        """Send a message; a client that has gone takes none, and its jobs end."""
        data = encode_message(message)
        with self._lock:
            if not self._is_open:
                return
            try:
                self._write(data)
                return
            except OSError:  # a broken pipe, a closed connection, or nobody reading for long
                self._is_open = False
        self.jobs.leave(self)
        self._gone()

    def serve(self) -> None:
        """Answer messages until the client quits or is gone; then its jobs end."""
        try:
            for line in self._lines:
                if line is None:
                    self.complain(f"A line is longer than {MAX_LINE} bytes: send shorter messages.")
                elif line.strip() and not self._answer(line):
                    break
        except OSError:
            pass  # gone
        self.jobs.leave(self)

    def complain(self, sentence: str, identifier: object = None) -> None:
        """Say what is wrong with a message."""
        self.send({"type": "error", **({"id": identifier} if isinstance(identifier, str) else {}), "problem": sentence})

    def _answer(self, line: bytes) -> bool:
        """Answer one message; False where it was the last."""
        try:
            message = decode_message(line)
        except ProtocolError as error:
            self.complain(str(error))
            return True
        kind, identifier = message.get("type"), message.get("id")
        allowed = self.messages.get(kind) if isinstance(kind, str) else None
        if allowed is None:
            self.complain(f"There is no message {str(kind)[:100]!r}: send {', '.join(self.messages)}.", identifier)
            return True
        unknown = sorted(set(message) - {"type", *allowed})
        if unknown:
            self.complain(f"The message {kind!r} has no field {unknown[0][:100]!r}: leave it out.", identifier)
            return True
        try:
            return self.handle(str(kind), message)
        except VcnodeError as error:
            self.complain(sentence_of(error), identifier)
        except Exception as error:
            _log.exception("A message could not be answered")
            said = f"An unforeseen failure ({type(error).__name__}: {error}): see the worker's log."
            self.complain(said, identifier)
        return True

    def handle(self, kind: str, message: Message) -> bool:
        """Answer a message that is worded right; False where it was the last.

        Raises:
            VcnodeError: It cannot be done.
        """
        if kind == "hello":
            if message.get("protocol") != PROTOCOL:
                self.complain(wrong_version(message.get("protocol")))
        elif kind == "check":
            self.send(describe_machine())
        elif kind == "inspect":
            self._inspect(_identifier(message), message.get("job"))
        elif kind == "job":
            self._take_job(_identifier(message), message.get("job"))
        elif kind == "cancel":
            identifier = _identifier(message)
            if not self.jobs.cancel(self, identifier):
                self.complain(f"No job {identifier!r} is under way: it has ended, or never began.", identifier)
        return kind != "quit"

    def _inspect(self, identifier: str, value: object) -> None:
        seen = inspect_job(value)
        self.send(
            {
                "type": "inspected",
                "id": identifier,
                "problems": _shown(seen.problems),
                "shots": seen.shots,
                "files": [str(file) for file in seen.files],
            }
        )

    def _take_job(self, identifier: str, value: object) -> None:
        plan = plan_job(value)
        if isinstance(plan, list):
            self._reject(identifier, plan)
            return

        def accept(before: int) -> None:
            self.send(
                {
                    "type": "accepted",
                    "id": identifier,
                    "frames": len(plan.source.wanted),
                    "to_do": plan.to_do,
                    "model": plan.model,
                    "device": plan.device,
                    "working_size": plan.working_size,
                    "jobs_before": before,
                }
            )

        refusal = self.jobs.submit(Job(identifier, self, plan), accept)
        if refusal is not None:
            self._reject(identifier, [refusal])

    def _reject(self, identifier: str, problems: list[Problem]) -> None:
        self.send({"type": "rejected", "id": identifier, "problems": _shown(problems)})


def worker_hello() -> Message:
    """What a worker says first."""
    return {"type": "hello", "protocol": PROTOCOL, "version": __version__, "pid": os.getpid()}


def wrong_version(version: object) -> str:
    """Say that a client speaks another version of the protocol."""
    return (
        f"This worker speaks version {PROTOCOL} of the protocol and the client {str(version)[:20]!r}: "
        "install the same vcnode for both."
    )


def _shown(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"field": problem.field, "problem": problem.problem} for problem in problems[:1000]]


def _identifier(message: Message) -> str:
    identifier = message.get("id")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
        raise ProtocolError(f"The field 'id' must be a text of 1 to {_LONGEST_ID} characters.")
    return identifier
