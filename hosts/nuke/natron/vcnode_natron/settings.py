"""What the artist chose on a node, from its controls."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import unescape

from vcnode_client.patterns import forward_slashes
from vcnode_client.settings import QUALITIES, ReferenceSettings, Settings, WorkerSettings
from vcnode_natron.controls import AUTO, OCIO, REFERENCES
from vcnode_natron.graph import chosen
from vcnode_natron.ocio import encoding_of

_VARIABLE = re.compile(r"<Name>(.*?)</Name><Value>(.*?)</Value>", re.DOTALL)


def read_settings(app: Any, group: Any) -> Settings:
    """All controls of a node that count for a run."""

    def value(name: str) -> Any:
        return group.getParam(name).getValue()

    references, shots_file = tuple(_references(group)), _shots_file(app, group)
    return Settings(
        first=value("range_first"),
        last=value("range_last"),
        references=() if shots_file else references,
        shots_file=shots_file,
        ignored=tuple(each.number for each in references) if shots_file else (),
        direction=choice(group, "direction"),
        model=value("model").strip(),
        working_size=QUALITIES[choice(group, "quality")],
        device=value("device").strip(),
        precision="float16" if value("half_precision") else "float32",
        encoding=encoding(app, group),
        depth=choice(group, "bit_depth"),
        confidence=value("confidence_out"),
        overscan=value("overscan"),
        keep_input=value("keep_input"),
        folder=folder(app, group),
        worker=WorkerSettings(
            start=choice(group, "worker_mode") == "start",
            python=value("python"),
            address=value("worker_address"),
            token=value("worker_token") or os.environ.get("VCNODE_WORKER_TOKEN", ""),
        ),
    )


def choice(group: Any, name: str) -> str:
    """The chosen option's name."""
    return chosen(group.getParam(name))


def encoding(app: Any, group: Any) -> str:
    """What the rendered numbers mean, "" where nobody knows."""
    chosen = choice(group, "encoding")
    if chosen not in (AUTO, OCIO):
        return chosen
    config = expanded(app, str(group.getNode("ToWorker").getParam("ocioConfigFile").getValue()))
    if chosen == OCIO:
        return encoding_of(config, group.getParam("ocio_out").getValue().strip())
    if not config:
        return "linear-srgb"  # the working space of a Natron without any configuration
    return encoding_of(config, "scene_linear")


def folder(app: Any, group: Any) -> str:
    """Where versions go, "" while the project was never saved and no folder is chosen."""
    chosen = str(group.getParam("cache_dir").getValue())
    if chosen:
        return _full(app, chosen).rstrip("/")
    path = project_folder(app)
    if not path:
        return ""
    name = os.path.splitext(str(app.getProjectParam("projectName").getValue()))[0]
    return "/".join((path, "vcnode", name, str(group.getScriptName())))


def project_folder(app: Any) -> str:
    """The saved project's folder, "" before that."""
    return forward_slashes(str(app.getProjectParam("projectPath").getValue())).rstrip("/")


def _full(app: Any, path: str) -> str:
    """A path with variables and the home folder filled in."""
    return forward_slashes(os.path.expanduser(expanded(app, path)))


def _shots_file(app: Any, group: Any) -> str:
    """The shots file, "" for none; a relative one counts from the saved project's folder."""
    path = _full(app, str(group.getParam("shots_file").getValue()).strip())
    folder = project_folder(app)
    return path if not path or os.path.isabs(path) or not folder else f"{folder}/{path}"


def _references(group: Any) -> Iterator[ReferenceSettings]:
    for number in REFERENCES:
        name = f"ref{number}"
        file = forward_slashes(str(group.getParam(name + "_file").getValue()))
        if group.getParam(name + "_use").getValue() and (file or group.getInput(number)):
            yield ReferenceSettings(
                number=number,
                frame=group.getParam(name + "_frame").getValue(),
                keyframe=group.getParam(name + "_keyframe").getValue(),
                weight=group.getParam(name + "_weight").getValue(),
                file=file,
            )


def expanded(app: Any, path: str) -> str:
    """The path with Natron's own variables filled in, such as [Project] and [OCIO]."""
    pairs = _VARIABLE.findall(str(app.getProjectParam("projectPaths").getValue()))
    values = {unescape(name): unescape(value) for name, value in pairs}
    values.setdefault("Project", project_folder(app))
    return re.sub(r"\[([^\]/]+)\]", lambda match: values.get(match.group(1), match.group(0)), path)
