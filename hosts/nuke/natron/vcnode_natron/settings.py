"""What the artist chose on a node, from its controls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from vcnode_client.settings import QUALITIES, ReferenceSettings, Settings, WorkerSettings
from vcnode_natron.controls import AUTO, OCIO, REFERENCES
from vcnode_natron.graph import chosen
from vcnode_natron.ocio import encoding_of
from vcnode_natron.paths import expanded, path_of, project_folder


def read_settings(app: Any, group: Any) -> Settings:
    """All controls of a node that count for a run."""

    def value(name: str) -> Any:
        return group.getParam(name).getValue()

    references, shots_file = tuple(_references(app, group)), path_of(app, group, "shots_file")
    meant = encoding(app, group)
    return Settings(
        first=value("range_first"),
        last=value("range_last"),
        references=() if shots_file else references,
        shots_file=shots_file,
        ignored=tuple(each.number for each in references) if shots_file else (),
        direction=choice(group, "direction"),
        model=value("model").strip() or "lite",
        working_size=QUALITIES[choice(group, "quality")],
        device=value("device").strip() or "auto",
        precision="float16" if value("half_precision") else None,
        encoding=meant,
        file_encoding=meant,
        conversion=f"{value('ocio_in')} > {value('ocio_out')}" if choice(group, "encoding") == OCIO else "",
        depth=choice(group, "bit_depth"),
        confidence=value("confidence_out"),
        overscan=value("overscan"),
        keep_input=value("keep_input"),
        folder=folder(app, group),
        worker=WorkerSettings(
            start=choice(group, "worker_mode") == "start",
            python=expanded(app, value("python")),
            address=value("worker_address"),
            token=value("worker_token") or os.environ.get("VCNODE_WORKER_TOKEN", ""),
        ),
    )


def choice(group: Any, name: str) -> str:
    """The chosen option's name."""
    return chosen(group.getParam(name))


def encoding(app: Any, group: Any) -> str:
    """What the rendered numbers mean, "" where nobody knows."""
    meant = choice(group, "encoding")
    if meant not in (AUTO, OCIO):
        return meant
    config = expanded(app, str(group.getNode("ToWorker").getParam("ocioConfigFile").getValue()))
    if meant == OCIO:
        return encoding_of(config, group.getParam("ocio_out").getValue().strip())
    if not config:
        return "linear-srgb"  # the working space of a Natron without any configuration
    return encoding_of(config, "scene_linear")


def folder(app: Any, group: Any) -> str:
    """Where versions go, "" while the project was never saved and no folder is chosen."""
    given, path = path_of(app, group, "cache_dir"), project_folder(app)
    if given or not path:
        return given
    name = os.path.splitext(str(app.getProjectParam("projectName").getValue()))[0]
    return "/".join((path, "vcnode", name, str(group.getScriptName())))


def _references(app: Any, group: Any) -> Iterator[ReferenceSettings]:
    for number in REFERENCES:
        name = f"ref{number}"
        file = path_of(app, group, name + "_file")
        if group.getParam(name + "_use").getValue() and (file or group.getInput(number)):
            yield ReferenceSettings(
                number=number,
                frame=group.getParam(name + "_frame").getValue(),
                keyframe=group.getParam(name + "_keyframe").getValue(),
                weight=group.getParam(name + "_weight").getValue(),
                file=file,
            )
