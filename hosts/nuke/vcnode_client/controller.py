"""A node's states, and what its buttons do."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import Any, Callable

from vcnode_client.fingerprint import fingerprint
from vcnode_client.host import Clip, Host
from vcnode_client.inspecting import inspect
from vcnode_client.panel_words import shots_in_words, worker_in_words
from vcnode_client.patterns import FramePattern
from vcnode_client.problems import Cancelled, ClientError, Problem, in_words
from vcnode_client.results import pictures_of, recall, state_of
from vcnode_client.run import Digest, Run
from vcnode_client.settings import Settings
from vcnode_client.validation import problems_of
from vcnode_client.versions import finished, read_note
from vcnode_client.worker import reach

_log = logging.getLogger("vcnode")

#: Where a node can be. The first four follow each other in a run.
STATES = ("idle", "checking", "rendering", "colouring", "done", "stale", "missing", "failed", "cancelled")


class Controller:
    """One node.

    Args:
        host: The node in its program.

    Attributes:
        state: One of `STATES`.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.state = "idle"
        self._run: Run | None = None

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._run is not None

    def colorize(self) -> None:
        """Colour the range: validate, render, have the worker colour it, show the result.

        With a user it returns early and goes on by itself; problems are reported to the user. Without, it returns at
        the end.

        Raises:
            ClientError: Without a user: something is wrong.
            Cancelled: Without a user: it was stopped.
        """
        try:
            if self._run is not None:
                raise ClientError(f"{self.host.node_name()} is being coloured already: cancel it first.")
            settings, clip = self.host.settings(), self.host.clip()
            problems = problems_of(settings, clip) + self.host.problems()
            if problems:
                self._explain(settings, clip, problems)
                return
            assert clip is not None
            digest = self._digest(settings, clip)
        except Exception as error:
            self._fail(error, "failed" if self._run is None else self.state)
            return
        outcome: list[BaseException | None] = []
        self._run = Run(self.host, settings, clip, digest, self._ended(outcome))
        self.state = "checking"
        self._run.start()
        if outcome and outcome[0] is not None and not self.host.gui:
            raise outcome[0]

    def cancel(self) -> None:
        """Stop the run; finished frames are kept for the next."""
        if self._run is not None:
            self._run.cancel()

    def refresh(self) -> str:
        """Look whether the result is there and still shows what the script says; gives the state."""
        if self._run is None:
            self._show(*self._look())
        return self.state

    def show_version(self, version: int | None = None) -> None:
        """Show another finished version; None for the latest.

        Raises:
            ClientError: There is no such version. Only without a user.
        """
        try:
            folder = self.host.settings().folder
            there = finished(folder)
            if not there or (version is not None and version not in there):
                known = ", ".join(str(each) for each in there) or "none"
                wanted = "version" if version is None else f"version {version}"
                raise ClientError(f"There is no {wanted} in {folder or 'the cache folder'}; there is {known}.")
            number = there[-1] if version is None else version
            try:
                result = recall(folder, number)
            except (KeyError, TypeError):
                raise ClientError(f"Version {number} has no readable job.json: colour the range again.") from None
            self.host.attach(result)
            self.host.save_state(state_of(read_note(folder, number), result, folder))
            self.refresh()
        except ClientError as error:
            self._fail(error, self.state)

    def check_worker(self, say: Callable[[str], None]) -> None:
        """Reach the worker and ask what it has; `say` gets the words for the panel, at once and when it has answered.

        Raises:
            ClientError: It cannot be reached. Only without a user.
        """
        say("asking ...")
        choice = self.host.settings().worker
        failed: list[BaseException] = []

        def ask() -> dict[str, Any]:
            with reach(choice, self.host.is_cancelled) as worker:
                return dict(worker.hello, **worker.check(self.host.is_cancelled))

        def answered(answer: dict[str, Any] | None, error: BaseException | None) -> None:
            if answer is not None:
                say(worker_in_words(answer))
            elif error is not None:
                say("no answer")
                failed.append(error)
                self.host.report(_problems(error))

        self.host.in_background(ask, answered)
        if failed and not self.host.gui:
            raise failed[0]

    def _explain(self, settings: Settings, clip: Clip | None, problems: list[Problem]) -> None:
        """Tell what is wrong, with what is wrong in the shots file, if there is one and a worker to read it."""
        if not os.path.isfile(settings.shots_file):
            raise ClientError(*problems)
        told: list[ClientError] = []

        def ask() -> list[Problem]:
            with reach(settings.worker, self.host.is_cancelled) as worker:
                source = clip or Clip(None, None, 0, 0)
                return inspect(worker, settings, source, self.host.is_cancelled)[1]

        def answered(found: list[Problem] | None, error: BaseException | None) -> None:
            of_file = [each for each in found or () if each.field.startswith("shots")]
            told.append(ClientError(*problems, *of_file))  # an error of the worker's is among the problems
            self._tell(told[0], "failed")

        self._show("checking", "asking the worker about the shots file")
        self.host.in_background(ask, answered)
        if told and not self.host.gui:
            raise told[0]

    def _digest(self, settings: Settings, clip: Clip) -> Digest:
        return partial(fingerprint, settings, clip, self.host.views(), self.host.upstream())

    def _ended(self, outcome: list[BaseException | None]) -> Callable[[BaseException | None], None]:
        def ended(error: BaseException | None) -> None:
            self._run = None
            outcome.append(error)
            if error is None:
                self._show(*self._look())
            elif isinstance(error, Cancelled):
                self._show("cancelled", str(error))
            else:
                self._tell(error, "failed")

        return ended

    def _fail(self, error: BaseException, state: str) -> None:
        self._tell(error, state)
        if not self.host.gui:
            raise error

    def _tell(self, error: BaseException, state: str) -> None:
        problems = _problems(error)
        self._show(state, in_words(problems), problems)

    def _show(self, state: str, message: str, problems: list[Problem] | None = None) -> None:
        self.state = state
        try:
            self.host.show(state, message)
            if problems:
                self.host.report(problems)
        except Exception:  # the node was deleted meanwhile: what was made stays on disk
            _log.warning("%s: %s cannot be shown", self.host.program, state, exc_info=True)

    def _look(self) -> tuple[str, str]:
        """The state, and a line about it."""
        settings, clip = self.host.settings(), self.host.clip()
        state, message = self._compared(settings, clip)
        return state, "; ".join(filter(None, (message, shots_in_words(settings, clip))))

    def _compared(self, settings: Settings, clip: Clip | None) -> tuple[str, str]:
        saved = self.host.load_state()
        if not saved.get("version"):
            return "idle", "nothing coloured yet"
        about = f"{saved.get('summary')}, {saved.get('made')}"
        try:
            result = recall(saved["folder"], int(saved["version"]))
        except (KeyError, TypeError, ValueError):
            return "missing", f"{about}: its files are gone; colour the range again"
        pattern = FramePattern(result.pattern)
        if any(pattern.for_view(view).missing(result.first, result.last) for view in self.host.views()):
            return "missing", f"{about}: frames are gone; colour the range again"
        if clip is None or self._digest(settings, clip)(pictures_of(saved)) != saved.get("fingerprint"):
            return "stale", f"{about}: the script has changed since; colour the range again to follow"
        weak = saved.get("weak")
        return "done", f"{about}; a reference would help most at {weak}" if weak else about


def _problems(error: BaseException) -> list[Problem]:
    if isinstance(error, ClientError):
        return error.problems
    if isinstance(error, Cancelled):
        return [Problem(f"Stopped: {error}.")]
    _log.error("unexpected", exc_info=error)
    return [Problem(f"Something unexpected happened: {type(error).__name__}: {error}.")]
