"""Colouring without a user, inside NatronRenderer; `vcnode_bake.py` starts it and looks at what comes of it."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import Any

from vcnode_client.frames import parse_range
from vcnode_client.patterns import forward_slashes
from vcnode_client.problems import Cancelled, ClientError
from vcnode_natron.natron_host import NatronHost
from vcnode_natron.nodes import controller_of, find_node

#: Environment variable with the name of the file that has the task; the outcome is written beside it.
TASK = "VCNODE_BAKE"


def main(app: Any) -> None:
    """Do the task, write its outcome, and end Natron: its own exit code tells nothing."""
    path = os.environ[TASK]
    with open(path, encoding="utf-8") as file:
        task = json.load(file)
    try:
        outcome: dict[str, Any] = {"result": bake(app, task)}
    except Cancelled as error:
        outcome = {"problem": f"Stopped: {error}.", "cancelled": True}
    except ClientError as error:
        outcome = {"problem": str(error)}
    except Exception:
        outcome = {"problem": traceback.format_exc()}
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(outcome, file)
    os.replace(path + ".part", path + ".outcome")
    sys.stdout.flush()
    os._exit(0)


def bake(app: Any, task: dict[str, Any]) -> str:
    """Open a project, colour one node, save; gives the pattern of the result.

    Args:
        app: Natron's first project.
        task: `project`, `node`, and perhaps `range`, `python`, `cache_dir`, `save_as`.

    Raises:
        ClientError: Something is wrong.
        Cancelled: The process was asked to end.
    """
    project = app.loadProject(task["project"])
    if project is None:
        raise ClientError(f"The project {task['project']} cannot be opened.")
    node = find_node(project, task["node"])
    if task.get("range"):
        first, last = parse_range(task["range"])
        node.getParam("range_first").set(first)
        node.getParam("range_last").set(last)
    for name in ("python", "cache_dir"):
        if task.get(name):
            node.getParam(name).set(forward_slashes(task[name]))
    controller = controller_of(project, node)
    assert isinstance(controller.host, NatronHost)
    _stop_on_signals(controller.host)
    controller.colorize()
    target = forward_slashes(task.get("save_as") or task["project"])
    if not project.saveProjectAs(target):  # saveProject keeps the name that a project has
        raise ClientError(f"The result is there, but the project cannot be saved as {target}.")
    return str(node.getParam("result_file").getValue())


def _stop_on_signals(host: NatronHost) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last is Windows' word for the first
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: host.stop())
