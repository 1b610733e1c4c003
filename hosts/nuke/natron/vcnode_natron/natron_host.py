"""One VCNode in Natron, as the controller sees it."""

from __future__ import annotations

import json
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import NatronEngine

from vcnode_client.host import Clip, Finished, Host, Render, Result
from vcnode_client.panel_words import label
from vcnode_client.problems import Cancelled, Problem, in_words
from vcnode_client.settings import Settings
from vcnode_natron import background, dialogs, rendering
from vcnode_natron.printing import say
from vcnode_natron.result import attach
from vcnode_natron.settings import read_settings
from vcnode_natron.source import empty_frames, format_of, missing_frames, source_range
from vcnode_natron.upstream import describe

_GROUP_INPUT = "fr.inria.built-in.Input"
_COLUMNS = 64  # of the panel, about


class NatronHost(Host):
    """A VCNode.

    Args:
        app: The project.
        group: The node.
    """

    def __init__(self, app: Any, group: Any) -> None:
        self.app, self.group = app, group
        self.program = f"Natron {NatronEngine.natron.getNatronVersionString()}"
        self.gui = not NatronEngine.natron.isBackground()
        self._progress = (0.0, "")
        self._said = ""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop a run, also where the controller is not asked, such as by a signal."""
        self._stopped.set()

    def node_name(self) -> str:
        """See `Host`."""
        return str(self.group.getScriptName())

    def settings(self) -> Settings:
        """See `Host`."""
        return read_settings(self.app, self.group)

    def views(self) -> list[str]:
        """See `Host`."""
        return [str(self.app.getViewNames()[0])]

    def clip(self) -> Clip | None:
        """See `Host`."""
        if self.group.getInput(0) is None:
            return None
        first, last = source_range(self.group)
        return Clip(first, last, *format_of(self.group.getInput(0)))

    def problems(self) -> list[Problem]:
        """See `Host`."""
        settings, source = self.settings(), self.group.getInput(0)
        if source is None or settings.frame_count == 0:
            return []
        if rendering.in_own_process():
            sentence = "Natron renders in a separate process: switch that off in its preferences, under Threading."
            return [Problem(sentence)]
        if source.getPluginID() == _GROUP_INPUT:
            sentence = "The node is inside a group, where Natron mixes pictures up: move it to the main node graph."
            return [Problem(sentence, "source")]
        lost = missing_frames(self.app, source, settings.first, settings.last)
        if lost:
            return [Problem(f"The Source lacks {lost}: render them again, or choose another range.", "source")]
        looked_at = [("Source", source, settings.first, settings.last)]
        for each in settings.references:
            if not each.file:
                name = f"Ref{each.number}"
                looked_at.append((name, self.group.getInput(each.number), each.frame, each.frame))
        found = []
        for name, effect, first, last in looked_at:
            empty = empty_frames(effect, first, last)
            if empty:
                sentence = f"{name} has no picture at {empty}: look for an error on a node upstream."
                found.append(Problem(sentence, name.lower()))
        return found

    def upstream(self) -> str:
        """See `Host`."""
        numbers = [0] + [each.number for each in self.settings().references if not each.file]
        return describe(self.app, [self.group.getInput(number) for number in numbers])

    def load_state(self) -> dict[str, Any]:
        """See `Host`."""
        try:
            state = json.loads(self.group.getParam("vcn_state").getValue() or "{}")
        except ValueError:
            return {}
        return state if isinstance(state, dict) else {}

    def save_state(self, state: dict[str, Any]) -> None:
        """See `Host`."""
        self.group.getParam("vcn_state").set(json.dumps(state, sort_keys=True))
        self.group.getParam("version").set(int(state.get("version") or 0))

    def render_source(self, render: Render, finished: Finished) -> None:
        """See `Host`."""
        rendering.prepare_source(self.group, render)
        self._render(render, finished)

    def render_reference(self, number: int, render: Render, finished: Finished) -> None:
        """See `Host`."""
        rendering.prepare_reference(self.group, number, render)
        self._render(render, finished)

    def attach(self, result: Result) -> None:
        """See `Host`."""
        attach(self.app, self.group, result)

    def in_background(self, work: Callable[[], Any], finished: Callable[[Any, BaseException | None], None]) -> None:
        """See `Host`."""
        if self.gui:
            background.run(work, finished, meanwhile=self._show_progress)
        else:
            finished(*background.outcome_of(work))

    def progress(self, fraction: float, message: str) -> None:
        """See `Host`."""
        self._progress = (fraction, message)
        if not self.gui:
            self._print(f"{int(100 * fraction)}%, {message}")

    def is_cancelled(self) -> bool:
        """See `Host`."""
        return self._stopped.is_set()

    def show(self, state: str, message: str) -> None:
        """See `Host`."""
        self._progress = (0.0, "")
        self._set("status", _wrapped(f"{state}: {message}"))
        text = label(self.load_state(), state)
        if self.group.getParam("userTextArea").getValue() in ("", self.group.getParam("label_text").getValue()):
            self._set("userTextArea", text)  # the text below the node's name, unless the artist wrote there
        self._set("label_text", text)
        if not self.gui and state not in ("failed", "cancelled"):  # those are raised
            self._print(f"{state}: {message}")

    def report(self, problems: list[Problem]) -> None:
        """See `Host`."""
        if self.gui:
            dialogs.problem(self.node_name(), in_words(problems))

    def _render(self, render: Render, finished: Finished) -> None:
        outcome: list[bool] = []

        def end() -> None:
            rendering.put_away(self.group)
            finished(Cancelled() if outcome[0] else None)

        rendering.render(self.app, self.group, render, outcome.append)
        if outcome:
            end()
        else:
            background.when(lambda: bool(outcome), end, meanwhile=lambda: None)

    def _show_progress(self) -> None:
        fraction, message = self._progress
        if message:
            self._set("status", f"colouring: {int(100 * fraction)}%, {message}")

    def _set(self, control: str, text: str) -> None:
        param = self.group.getParam(control)
        if param.getValue() != text:
            param.set(text)

    def _print(self, text: str) -> None:
        if text != self._said:
            self._said = text
            say(f"{self.node_name()}: {text}")


def _wrapped(text: str) -> str:
    """Short lines: Natron's labels do not wrap."""
    return "\n".join(part for line in text.splitlines() for part in textwrap.wrap(line, _COLUMNS) or [""])
