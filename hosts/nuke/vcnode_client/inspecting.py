"""What only a worker can judge, a shots file above all: looked at before anything is rendered."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Callable

from vcnode_client import encodings, job
from vcnode_client.host import Clip
from vcnode_client.patterns import forward_slashes
from vcnode_client.problems import Problem, from_worker
from vcnode_client.settings import Settings
from vcnode_client.worker import Worker, ask


def inspect(
    worker: Worker, settings: Settings, source: Clip, is_cancelled: Callable[[], bool]
) -> tuple[list[str], list[Problem]]:
    """Have a worker look at the job, the shots file and every picture in it included.

    Pictures that are still to be rendered are left out.

    Args:
        worker: Who looks.
        settings: What the artist chose.
        source: The clip that a shots file is about.
        is_cancelled: Asked a few times a second.

    Returns:
        The pictures that the shots file names, and everything that is wrong with the job.

    Raises:
        Cancelled: The artist asked to stop.
        ClientError: The worker is gone or did not understand.
    """
    folder = settings.folder or forward_slashes(os.path.dirname(settings.shots_file))  # frames still need a name
    there = replace(settings, references=tuple(each for each in settings.references if each.file))
    asked = job.build(there, source, "inspection", f"{folder}/in.%04d.exr", {}, f"{folder}/out.%04d.exr", None)
    answer = ask(worker, {"type": "inspect", "id": "inspection", "job": asked}, "inspected", is_cancelled)
    problems = [from_worker(each) for each in answer.get("problems") or ()]
    if there != settings:  # that there are too few is true of what the worker was shown alone
        problems = [each for each in problems if each.field != "references"]
    if not settings.shots_file:
        return [], problems
    own = _plain(settings.shots_file)
    pictures = [str(each) for each in answer.get("files") or () if _plain(str(each)) != own]
    unconverted = [os.path.basename(each) for each in pictures if encodings.is_exr(each)]
    if settings.conversion and unconverted:
        sentence = (
            f"{os.path.basename(settings.shots_file)} names {', '.join(unconverted)}, and ocio converts no EXR files: "
            "save them as PNG, or use Ref1 to Ref4."
        )
        problems.append(Problem(sentence, "shots_file"))
    return pictures, problems


def _plain(path: str) -> str:
    return os.path.normcase(os.path.normpath(path))
