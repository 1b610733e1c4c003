"""Paths as Natron's controls hold them."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import unescape

from vcnode_client.patterns import forward_slashes, full_path

_VARIABLE = re.compile(r"<Name>(.*?)</Name><Value>(.*?)</Value>", re.DOTALL)


def project_folder(app: Any) -> str:
    """The saved project's folder, "" before that."""
    return forward_slashes(str(app.getProjectParam("projectPath").getValue())).rstrip("/")


def path_of(app: Any, group: Any, control: str) -> str:
    """The path in a control, "" for none; a relative one counts from the saved project's folder."""
    return full_path(expanded(app, str(group.getParam(control).getValue())), project_folder(app))


def expanded(app: Any, path: str) -> str:
    """The path with Natron's own variables filled in, such as [Project] and [OCIO]."""
    pairs = _VARIABLE.findall(str(app.getProjectParam("projectPaths").getValue()))
    values = {unescape(name): unescape(value) for name, value in pairs}
    values.setdefault("Project", project_folder(app))
    return re.sub(r"\[([^\]/]+)\]", lambda match: values.get(match.group(1), match.group(0)), path)
