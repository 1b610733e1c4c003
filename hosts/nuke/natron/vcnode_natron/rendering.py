"""Writing frames for the worker, with the one Write inside the group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import NatronEngine

from vcnode_client.host import Render
from vcnode_natron.graph import RENDER_REFERENCE, RENDER_SOURCE

_WRITE = "ForWorker"

#: Who waits for the end of which files' rendering; told whether it was aborted, perhaps on another thread.
_waiting: dict[str, Callable[[bool], None]] = {}


def prepare_source(group: Any, render: Render) -> None:
    """Make the Write ready for the Source."""
    group.getNode("RenderSwitch").getParam("which").set(RENDER_SOURCE)
    _frame(group, render.overscan)
    _prepare(group, render, "RGB")


def prepare_reference(group: Any, number: int, render: Render) -> None:
    """Make the Write ready for the reference on input `number`, whose alpha masks it as that of a file does."""
    group.getNode("RenderSwitch").getParam("which").set(RENDER_REFERENCE)
    group.getNode("RefSwitch").getParam("which").set(number - 1)
    _prepare(group, render, "RGBA")


def render(app: Any, group: Any, wanted: Render, ended: Callable[[bool], None]) -> None:
    """Render what was prepared. Natron neither returns nor raises what came of it: files tell.

    Args:
        app: The project.
        group: The node.
        wanted: What was prepared.
        ended: Told whether it was aborted. Without a user, before this returns; with one, later and on any thread.
    """
    write = group.getNode(_WRITE)
    write.getParam("disableNode").set(False)
    if NatronEngine.natron.isBackground():
        app.render(write, wanted.first, wanted.last)
        ended(False)
        return
    path = str(write.getParam("filename").getValue())
    _waiting[path] = ended
    write.getParam("afterRender").set("VCNode.after_render")
    app.render(write, wanted.first, wanted.last)


def after_render(aborted: bool, write: Any) -> None:
    """Natron's word that a Write has ended."""
    ended = _waiting.pop(str(write.getParam("filename").getValue()), None)
    if ended is not None:
        ended(aborted)


def put_away(group: Any) -> None:
    """Switch the Write off, as it is except while we render: Natron would render it with all others."""
    write = group.getNode(_WRITE)
    write.getParam("afterRender").set("")
    write.getParam("filename").set("")
    write.getParam("disableNode").set(True)


def _frame(group: Any, overscan: int) -> None:
    """The same rectangle on every frame, whatever the bounding box does: the format and so many pixels around it."""
    crop, size = group.getNode("PlateToRender"), group.getInput(0).getOutputFormat()
    crop.getParam("disableNode").set(overscan == 0)
    crop.getParam("extent").set("size")
    crop.getParam("bottomLeft").set(size.x1 - overscan, size.y1 - overscan)
    crop.getParam("size").set(size.width() + 2 * overscan, size.height() + 2 * overscan)


def _prepare(group: Any, render: Render, channels: str) -> None:
    """Full size, zip compressed, numbers as they are."""
    write = group.getNode(_WRITE)
    # From a name to none and back, so that the encoder, which has all parameters below, is made anew: one that was
    # loaded with its Write switched off stays silent for ever.
    for name in ("anew.exr", "", render.pattern):
        write.getParam("filename").set(name)
    values = {
        "ocioOutputSpace": write.getParam("ocioInputSpace").getValue(),
        "formatType": "input",
        "clipToRoD": render.overscan > 0,
        "overwrite": True,
        "bitDepth": "16f" if render.depth == "half" else "32f",
        "compression": "zip",
        "outputComponents": channels,
        "processAllPlanes": False,
        "NatronOfxParamProcessA": channels == "RGBA",
    }
    for name, value in values.items():
        write.getParam(name).set(value)


def in_own_process() -> bool:
    """Whether Natron is set to render in a process of its own, which never tells us its end."""
    if NatronEngine.natron.isBackground():
        return False
    setting = NatronEngine.natron.getSettings().getParam("renderNewProcess")
    return setting is not None and bool(setting.getValue())
