"""What happens when an artist presses a button or changes a control."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable
from typing import Any

import NatronEngine

from vcnode_client import cache_buttons
from vcnode_client.problems import Cancelled, ClientError
from vcnode_natron import dialogs, result
from vcnode_natron.controls import AUTO, REFERENCES
from vcnode_natron.natron_host import NatronHost
from vcnode_natron.nodes import controller_of
from vcnode_natron.printing import say
from vcnode_natron.settings import choice, encoding, folder
from vcnode_natron.source import source_range


def param_changed(param: Any, group: Any, app: Any, by_user: bool) -> None:
    """Follow a control. Problems are shown, or printed without a user: Natron swallows what callbacks raise."""
    name = str(param.getScriptName())
    action = _ACTIONS.get(name)
    if action is None or (param.getTypeName() != "Button" and not by_user):
        return
    try:
        action(app, group)
    except (ClientError, Cancelled) as error:
        _tell(group, str(error))
    except Exception:
        _tell(group, f"Something unexpected happened:\n{traceback.format_exc()}")


def look_for_changes(app: Any, group: Any) -> None:
    """Say on the node whether its result is there and still fits."""
    controller = controller_of(app, group)
    if not controller.running:
        controller.refresh()


def _tell(group: Any, text: str) -> None:
    if NatronEngine.natron.isBackground():
        say(f"{group.getScriptName()}: {text}")
    else:
        dialogs.problem(str(group.getScriptName()), text)


def _run(app: Any, group: Any) -> None:
    controller_of(app, group).colorize()


def _cancel(app: Any, group: Any) -> None:
    controller = controller_of(app, group)
    if controller.running and isinstance(controller.host, NatronHost):
        controller.host.stop()
        controller.cancel()


def _range_reset(app: Any, group: Any) -> None:
    first, last = source_range(group)
    if first is None or last is None:
        raise ClientError("The Source has no range of its own: type the frames to colour.")
    group.getParam("range_first").set(first)
    group.getParam("range_last").set(last)


def _here(number: int) -> Callable[[Any, Any], None]:
    def take_frame(app: Any, group: Any) -> None:
        group.getParam(f"ref{number}_frame").set(app.timelineGetTime())

    return take_frame


def _version(app: Any, group: Any) -> None:
    wanted = group.getParam("version").getValue()
    controller = controller_of(app, group)
    if wanted and not controller.running and wanted != controller.host.load_state().get("version"):
        controller.show_version(wanted)


def _version_latest(app: Any, group: Any) -> None:
    controller_of(app, group).show_version()


def _reload(app: Any, group: Any) -> None:
    result.reload(group)
    controller_of(app, group).refresh()


def _encoding(app: Any, group: Any) -> None:
    found = encoding(app, group)
    if choice(group, "encoding") != AUTO:
        group.getParam("encoding_found").set("")
    else:
        group.getParam("encoding_found").set(f"auto is {found}" if found else "auto is unknown here: choose one")


def _open_folder(app: Any, group: Any) -> None:
    path = folder(app, group)
    cache_buttons.check_there(path)
    services: Any = importlib.import_module("qtpy.QtGui").QDesktopServices
    core: Any = importlib.import_module("qtpy.QtCore")
    services.openUrl(core.QUrl.fromLocalFile(path))


def _clear_cache(app: Any, group: Any) -> None:
    shown = controller_of(app, group).host.load_state().get("version")
    silent = NatronEngine.natron.isBackground()
    cache_buttons.clear(folder(app, group), shown, lambda question: silent or dialogs.confirmed("VCNode", question))


def _check(app: Any, group: Any) -> None:
    controller_of(app, group).check_worker(group.getParam("worker_said").set)


def _show_log(app: Any, group: Any) -> None:
    text = cache_buttons.newest_log(folder(app, group))
    if NatronEngine.natron.isBackground():
        _tell(group, text)
    else:
        dialogs.information(str(group.getScriptName()), text)


_ACTIONS: dict[str, Callable[[Any, Any], None]] = {
    "run": _run,
    "cancel": _cancel,
    "range_reset": _range_reset,
    "version": _version,
    "version_latest": _version_latest,
    "reload": _reload,
    "look": look_for_changes,
    "encoding": _encoding,
    "shots_file": look_for_changes,
    "open_folder": _open_folder,
    "clear_cache": _clear_cache,
    "check": _check,
    "show_log": _show_log,
}
_ACTIONS.update({f"ref{number}_here": _here(number) for number in REFERENCES})
