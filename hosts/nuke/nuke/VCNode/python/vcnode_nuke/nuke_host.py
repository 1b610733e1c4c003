"""One VCNode in Nuke, as the controller sees it."""

from __future__ import annotations

import json
from typing import Any, Callable

import nuke
from vcnode_client.host import Clip, Finished, Host, Render, Result
from vcnode_client.panel_words import label
from vcnode_client.problems import Problem, in_words
from vcnode_client.settings import Settings
from vcnode_nuke.background import Background
from vcnode_nuke.knob_values import settings_of
from vcnode_nuke.rendering import write_frames
from vcnode_nuke.upstream import upstream_text


class NukeHost(Host):
    """A VCNode.

    Args:
        node: The Group.
    """

    def __init__(self, node: Any) -> None:
        self.node = node
        self.program = f"Nuke {nuke.NUKE_VERSION_STRING}"
        self.gui = bool(nuke.GUI)
        self.several_views = len(nuke.views()) > 1
        self._background = Background(node.name())

    def node_name(self) -> str:
        """See `Host.node_name`."""
        return str(self.node.fullName())

    def settings(self) -> Settings:
        """See `Host.settings`."""
        return settings_of(self.node)

    def views(self) -> list[str]:
        """See `Host.views`."""
        return list(nuke.views()) if self.node["views"].value() == "all" else [nuke.thisView()]

    def clip(self) -> Clip | None:
        """See `Host.clip`."""
        source = self.node.input(0)
        if source is None:
            return None
        size = source.format()
        return Clip(int(source.firstFrame()), int(source.lastFrame()), int(size.width()), int(size.height()))

    def problems(self) -> list[Problem]:
        """See `Host.problems`."""
        found = []
        ignored = self.settings().ignored
        for number, name in enumerate(("Source", "Ref1", "Ref2", "Ref3", "Ref4")):
            each = None if number in ignored else self.node.input(number)
            if each is not None and each.hasError():
                found.append(Problem(f"{name} is in error: look at the node {each.fullName()}.", name))
        return found

    def upstream(self) -> str:
        """See `Host.upstream`."""
        inputs = [0] + [each.number for each in self.settings().references if not each.file]
        return upstream_text(self.node, inputs, self.views())

    def load_state(self) -> dict[str, Any]:
        """See `Host.load_state`."""
        try:
            state = json.loads(self.node["vcn_state"].value() or "{}")
        except ValueError:
            return {}
        return state if isinstance(state, dict) else {}

    def save_state(self, state: dict[str, Any]) -> None:
        """See `Host.save_state`."""
        self.node["vcn_state"].setValue(json.dumps(state, sort_keys=True))
        self.node["version"].setValue(int(state.get("version") or 0))

    def render_source(self, render: Render, finished: Finished) -> None:
        """See `Host.render_source`."""
        write_frames(self.node, "PlateToRender", render, "rgb")
        finished(None)

    def render_reference(self, number: int, render: Render, finished: Finished) -> None:
        """See `Host.render_reference`."""
        self.node.node("RefSwitch")["which"].setValue(number - 1)
        write_frames(self.node, "RefToRender", render, "rgba")
        finished(None)

    def attach(self, result: Result) -> None:
        """See `Host.attach`."""
        read = self.node.node("Result")
        read["file"].fromUserText(f"{result.pattern} {result.first}-{result.last}")
        for name, value in (("first", result.first), ("last", result.last), ("origfirst", result.first)):
            read[name].setValue(value)
        read["origlast"].setValue(result.last)
        read["origset"].setValue(True)
        read["raw"].setValue(True)
        read["reload"].execute()
        for letter, weight in zip("rgb", result.luminance):
            self.node["luminance_" + letter].setValue(weight)
        self.node["result_first"].setValue(result.first)
        self.node["result_last"].setValue(result.last)
        self.node["result_confidence"].setValue(result.confidence)
        self.node["result_there"].setValue(True)

    def in_background(self, work: Callable[[], Any], finished: Callable[[Any, BaseException | None], None]) -> None:
        """See `Host.in_background`."""
        self._background.run(work, finished)

    def progress(self, fraction: float, message: str) -> None:
        """See `Host.progress`."""
        self._background.progress(fraction, message)

    def is_cancelled(self) -> bool:
        """See `Host.is_cancelled`."""
        return self._background.is_cancelled()

    def show(self, state: str, message: str) -> None:
        """See `Host.show`."""
        self._set("status", f"{state}: {message}")
        self._set("label_text", label(self.load_state(), state))
        if not self.gui:
            nuke.tprint(f"{self.node_name()}: {state}: {message}")

    def report(self, problems: list[Problem]) -> None:
        """See `Host.report`."""
        if self.gui:
            nuke.message(f"{self.node_name()}: {in_words(problems)}")

    def _set(self, name: str, value: str) -> None:
        """Set a knob, unless it says that already: setting one counts as a change of the script."""
        if self.node[name].value() != value:
            self.node[name].setValue(value)
