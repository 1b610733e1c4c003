"""The job template, after Open Job Description's "Template Schemas [Version: 2023-09]"."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from vcnode.sequence import Direction

if TYPE_CHECKING:
    from vcnode.farm.farm_job import FarmJob

_SECONDS_TO_START = 600  # loading libraries from a cold network disk takes its time
_SECONDS_TO_END = 120


def job_template(job: "FarmJob", shots: int) -> dict[str, Any]:
    """Describe a job: one step with a task for each shot, in an environment that keeps a worker alive.

    Every choice is a parameter, so that a template can be submitted again with other values; paths have no default.

    Args:
        job: The defaults.
        shots: How many there are.
    """
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": _name(job.shots),
        "description": "Colours a film shot by shot after reference images, with vcnode.",
        "parameterDefinitions": _parameters(job),
        "steps": [
            {
                "name": "Colorize",
                "description": "One task for each shot of the shots file, numbered from 1.",
                "parameterSpace": {
                    "taskParameterDefinitions": [{"name": "Shot", "type": "INT", "range": f"1-{shots}"}]
                },
                **_requirements(job.device),
                "stepEnvironments": [
                    {
                        "name": "Worker",
                        "description": "A vcnode worker, whose model stays loaded from shot to shot.",
                        "variables": {"PYTHONSAFEPATH": "1"},  # nothing is imported from where a task happens to run
                        "script": {
                            "actions": {
                                "onEnter": _action("begin", timeout=_SECONDS_TO_START),
                                "onExit": _action("end", timeout=_SECONDS_TO_END),
                            }
                        },
                    }
                ],
                "script": {"actions": {"onRun": _action("shot", *_SHOT_ARGUMENTS)}},
            }
        ],
    }


_SHOT_ARGUMENTS = (
    "--number={{Task.Param.Shot}}",
    "--shots={{Param.Shots}}",
    "--source-folder={{Param.SourceFolder}}",
    "--source-name={{Param.SourceName}}",
    "--target-folder={{Param.TargetFolder}}",
    "--target-name={{Param.TargetName}}",
    "--model={{Param.Model}}",
    "--device={{Param.Device}}",
    "--encoding={{Param.Encoding}}",
    "--confidence={{Param.Confidence}}",
    "--direction={{Param.Direction}}",
)


def _action(name: str, *arguments: str, timeout: int | None = None) -> dict[str, Any]:
    limit = {} if timeout is None else {"timeout": timeout}
    start = ["-m", "vcnode.farm", name, "{{Session.WorkingDirectory}}"]
    return {"command": "{{Param.Python}}", "args": [*start, *arguments], **limit}


def path_values(job: "FarmJob") -> dict[str, str]:
    """The parameters that have no default: absolute paths, which no template may hold itself."""
    return {
        "Shots": os.path.abspath(job.shots),
        "SourceFolder": os.path.abspath(job.source.parent),
        "TargetFolder": os.path.abspath(job.target.parent),
    }


def _parameters(job: "FarmJob") -> list[dict[str, Any]]:
    """Folders are paths, which schedulers translate between machines; patterns are no paths to them, so names are not.

    Texts are never empty and never switches, as some submitters' forms know neither.
    """
    return [
        _path("Shots", "FILE", "IN", "The shots file; pictures that it names lie beside it."),
        _path("SourceFolder", "DIRECTORY", "IN", "Where the film lies."),
        _text("SourceName", job.source.name, "The film: in.####.exr, or film.mkv."),
        _path("TargetFolder", "DIRECTORY", "OUT", "Where the coloured frames go."),
        _text("TargetName", job.target.name, "The coloured frames: out.####.exr, or out.mkv for out.shot_001.mkv ..."),
        _text("Model", job.model, "A model's name, or its weights file."),
        _text("Device", job.device, "auto, cpu, cuda or cuda:1."),
        _text("Encoding", job.encoding or "default", "Of EXR files: srgb, linear-srgb, acescg ..., or default."),
        {
            **_text("Confidence", "yes" if job.confidence else "no", "Whether EXR frames get the confidence's layer."),
            "allowedValues": ["yes", "no"],
        },
        {
            **_text("Direction", job.direction, "Where colours run from references with a frame."),
            "allowedValues": list(get_args(Direction.__value__)),
        },
        _text("Python", job.python, "The interpreter that has vcnode."),
    ]


def _path(name: str, kind: str, flow: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "description": description}


def _text(name: str, default: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "STRING", "default": default, "description": description}


def _requirements(device: str) -> dict[str, Any]:
    """Only a job that insists on a GPU insists on machines that have one."""
    if not device.startswith("cuda"):
        return {}
    return {"hostRequirements": {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}}


def _name(shots: Path) -> str:
    printable = "".join(letter if letter.isprintable() else "_" for letter in shots.stem)
    return f"vcnode {printable}".replace("{{", "_")[:64]
