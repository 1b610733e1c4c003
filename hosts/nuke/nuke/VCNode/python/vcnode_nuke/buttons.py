"""Buttons by name, and what a panel tells while the artist works in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

import nuke
from vcnode_client.problems import Cancelled, ClientError
from vcnode_nuke import files, worker_panel
from vcnode_nuke.nodes import controller_of, source_range

REFERENCES = (1, 2, 3, 4)


def press(name: str, node: Any) -> None:
    """Do what a button says; problems are shown, or raised where there is no user."""
    with _problems_told():
        _ACTIONS[name](node)


def knob_changed(node: Any, knob: Any) -> None:
    """Follow the artist: the state when the panel opens or a shots file is given, another version by its number."""
    if knob.name() not in ("showPanel", "shots_file", "version"):
        return
    controller = controller_of(node)
    if controller.running:
        return
    with _problems_told():
        if knob.name() != "version":
            controller.refresh()
            return
        wanted = int(node["version"].value())
        if wanted and wanted != controller.host.load_state().get("version"):
            controller.show_version(wanted)


@contextmanager
def _problems_told() -> Iterator[None]:
    try:
        yield
    except (ClientError, Cancelled) as error:
        if not nuke.GUI:
            raise RuntimeError(str(error)) from error
        nuke.message(str(error))


def _run(node: Any) -> None:
    controller_of(node).colorize()


def _cancel(node: Any) -> None:
    controller_of(node).cancel()


def _range_reset(node: Any) -> None:
    found = source_range(node)
    if found is None:
        raise ClientError("Nothing is connected to Source: connect the black-and-white plate.")
    node["range_first"].setValue(found[0])
    node["range_last"].setValue(found[1])


def _version_latest(node: Any) -> None:
    controller_of(node).show_version()


def _reload(node: Any) -> None:
    node.node("Result")["reload"].execute()
    controller_of(node).refresh()


def _here(number: int) -> Any:
    def take_frame(node: Any) -> None:
        node[f"ref{number}_frame"].setValue(nuke.frame())

    return take_frame


_ACTIONS = {
    "run": _run,
    "cancel": _cancel,
    "range_reset": _range_reset,
    "version_latest": _version_latest,
    "reload": _reload,
    "open_folder": files.open_folder,
    "clear_cache": files.clear_cache,
    "check": worker_panel.check,
    "show_log": worker_panel.show_log,
}
_ACTIONS.update({f"ref{number}_here": _here(number) for number in REFERENCES})
