"""The node's knobs as settings."""

from __future__ import annotations

import os
from typing import Any

import nuke
from vcnode_client.patterns import forward_slashes
from vcnode_client.settings import QUALITIES, ReferenceSettings, Settings, WorkerSettings
from vcnode_nuke.color_space import encoding_of


def settings_of(node: Any) -> Settings:
    """Everything the artist chose."""
    references, shots_file = tuple(_references(node)), _shots_file(node)
    return Settings(
        first=int(node["range_first"].value()),
        last=int(node["range_last"].value()),
        references=() if shots_file else references,
        shots_file=shots_file,
        ignored=tuple(each.number for each in references) if shots_file else (),
        direction=node["direction"].value(),
        model=node["model"].value().strip() or "lite",
        working_size=QUALITIES[node["quality"].value()],
        device=node["device"].value().strip() or "auto",
        precision="float16" if node["half_precision"].value() else "float32",
        encoding=encoding_of(node),
        depth=node["bit_depth"].value(),
        confidence=bool(node["confidence_out"].value()),
        overscan=max(0, int(node["overscan"].value())),
        keep_input=bool(node["keep_input"].value()),
        folder=cache_folder(node),
        worker=WorkerSettings(
            start=node["worker_mode"].value() == "start",
            python=_path(node["python"]),
            address=node["worker_address"].value(),
            token=_token(node),
        ),
    )


def cache_folder(node: Any) -> str:
    """Where versions go; "" while the script has no name and no folder is chosen."""
    folder, name = script_place()
    chosen = _path(node["cache_dir"])
    if chosen:
        return _beside_script(chosen.rstrip("/"))
    return f"{folder}/vcnode/{name}/{node.fullName()}" if folder else ""


def script_place() -> tuple[str, str]:
    """Folder and name, without ending, of the saved script; "" and "" while it has none."""
    path = forward_slashes(nuke.root()["name"].value() or "")
    if not path:
        return "", ""
    folder, name = os.path.split(path)
    return folder, os.path.splitext(name)[0]


def _beside_script(path: str) -> str:
    """The path; one that is not absolute counts from the saved script's folder."""
    folder = script_place()[0]
    return path if os.path.isabs(path) or not folder else f"{folder}/{path}"


def _shots_file(node: Any) -> str:
    path = _path(node["shots_file"])
    return _beside_script(path) if path else ""


def _references(node: Any) -> list[ReferenceSettings]:
    found = []
    for number in range(1, 5):
        name = f"ref{number}"
        file = _path(node[name + "_file"])
        if node[name + "_use"].value() and (file or node.input(number) is not None):
            found.append(
                ReferenceSettings(
                    number=number,
                    frame=int(node[name + "_frame"].value()),
                    keyframe=bool(node[name + "_keyframe"].value()),
                    weight=float(node[name + "_weight"].value()),
                    file=file,
                )
            )
    return found


def _token(node: Any) -> str:
    knob = node.knob("worker_token")  # it is not saved, so it may be gone in a script that was opened again
    return (knob.value() if knob is not None else "") or os.environ.get("VCNODE_WORKER_TOKEN", "")


def _path(knob: Any) -> str:
    """A file knob's path, with variables and expressions replaced."""
    return forward_slashes(knob.evaluate() or "").strip()
