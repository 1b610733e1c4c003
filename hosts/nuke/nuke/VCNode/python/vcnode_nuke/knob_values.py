"""The node's knobs as settings."""

from __future__ import annotations

import os
from typing import Any

import nuke
from vcnode_client.patterns import FramePattern, full_path
from vcnode_client.settings import QUALITIES, ReferenceSettings, Settings, WorkerSettings
from vcnode_nuke.color_space import conversion_of, encoding_of, file_encoding_of


def settings_of(node: Any) -> Settings:
    """Everything the artist chose."""
    references, shots_file = tuple(_references(node)), _file(node["shots_file"])
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
        precision="float16" if node["half_precision"].value() else None,
        encoding=encoding_of(node),
        file_encoding=file_encoding_of(node),
        conversion=conversion_of(node),
        depth=node["bit_depth"].value(),
        confidence=bool(node["confidence_out"].value()),
        overscan=max(0, int(node["overscan"].value())),
        keep_input=bool(node["keep_input"].value()),
        folder=cache_folder(node),
        worker=WorkerSettings(
            start=node["worker_mode"].value() == "start",
            python=_evaluated(node["python"]),
            address=node["worker_address"].value(),
            token=_token(node),
        ),
    )


def cache_folder(node: Any) -> str:
    """Where versions go; "" while the script has no name and no folder is chosen."""
    folder, name = script_place()
    chosen = _file(node["cache_dir"])
    return chosen or (f"{folder}/vcnode/{name}/{node.fullName()}" if folder else "")


def script_place() -> tuple[str, str]:
    """Folder and name, without ending, of the saved script; "" and "" while it has none."""
    folder, name = os.path.split(full_path(nuke.root()["name"].value() or "", ""))
    return folder, os.path.splitext(name)[0]


def _references(node: Any) -> list[ReferenceSettings]:
    found = []
    for number in range(1, 5):
        name = f"ref{number}"
        file = _file(node[name + "_file"])
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


def _file(knob: Any) -> str:
    """A file knob's path; one that is not absolute counts from the saved script's folder."""
    return full_path(_evaluated(knob), script_place()[0])


def _evaluated(knob: Any) -> str:
    """What a file knob says, with variables and expressions replaced.

    A place for the frame number stays as it was typed: Nuke would fill it with the frame that the viewer is at.
    """
    typed = knob.value() or ""
    return typed if FramePattern(typed).numbered else knob.evaluate() or ""
