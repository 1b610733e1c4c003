"""A shots file, which only a worker can read: looked at before anything is rendered."""

from __future__ import annotations

import os
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
    """Have a worker look at the shots file and at every picture in it.

    Args:
        worker: Who looks.
        settings: What the artist chose; has a shots file.
        source: The clip that the file is about.
        is_cancelled: Asked a few times a second.

    Returns:
        The pictures that it names, and everything that is wrong with it.

    Raises:
        Cancelled: The artist asked to stop.
        ClientError: The worker is gone or did not understand.
    """
    folder = forward_slashes(os.path.dirname(settings.shots_file))  # frames are not looked at, but need a name
    asked = job.build(settings, source, "inspection", f"{folder}/in.%04d.exr", {}, f"{folder}/out.%04d.exr", None)
    answer = ask(worker, {"type": "inspect", "id": "inspection", "job": asked}, "inspected", is_cancelled)
    own = _plain(settings.shots_file)
    pictures = [str(each) for each in answer.get("files") or () if _plain(str(each)) != own]
    problems = [from_worker(each) for each in answer.get("problems") or ()]
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
