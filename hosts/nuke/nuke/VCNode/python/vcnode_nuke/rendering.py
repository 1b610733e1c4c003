"""Writing frames for the worker: a Write that lives as long as its render, full size, and no trace of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

import nuke
from vcnode_client.host import Render
from vcnode_client.patterns import forward_slashes
from vcnode_client.problems import Cancelled, ClientError

_DEPTHS = {"half": "16 bit half", "float": "32 bit float"}


def write_frames(group: Any, inner: str, render: Render, channels: str) -> None:
    """Write what an inner node gives.

    Args:
        group: The node.
        inner: Name of the node inside it.
        render: What is to be written.
        channels: "rgb" or "rgba".

    Raises:
        Cancelled: The artist stopped it.
        ClientError: Nuke could not render.
    """
    with _full_size(), _no_undo():
        with group:
            write = nuke.nodes.Write(inputs=[group.node(inner)])
        try:
            write["file"].setValue(forward_slashes(render.pattern))
            write["file_type"].setValue("exr")
            write["channels"].setValue(channels)
            write["datatype"].setValue(_DEPTHS[render.depth])
            write["compression"].setValue("Zip (1 scanline)")
            write["raw"].setValue(True)
            _execute(write, render)
        finally:
            nuke.delete(write)


def _execute(write: Any, render: Render) -> None:
    try:
        nuke.execute(write, render.first, render.last, 1, views=[render.view])
    except Exception as error:
        if isinstance(error, nuke.CancelledError) or "cancel" in str(error).lower():
            raise Cancelled() from None
        raise ClientError(f"Nuke could not render {render.pattern}: {error}") from error


@contextmanager
def _full_size() -> Iterator[None]:
    """Without proxies: a Write writes at the size that is shown."""
    proxy = nuke.root()["proxy"]
    before = proxy.value()
    proxy.setValue(False)
    try:
        yield
    finally:
        proxy.setValue(before)


@contextmanager
def _no_undo() -> Iterator[None]:
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()
