"""What is to be coloured on a farm, and the folder that a scheduler takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vcnode.color.encodings import find_encoding
from vcnode.errors import InputError, MediaError
from vcnode.farm.shot_jobs import clip_numbers
from vcnode.farm.template import job_template, path_values
from vcnode.media.encoder import CONTAINERS
from vcnode.media.sequence_pattern import is_pattern
from vcnode.sequence import Direction, load_shots
from vcnode.sequence.shots import check_shots


@dataclass(frozen=True)
class FarmJob:
    """A film and its shots, each of which becomes a task. Paths are as the farm's machines see them.

    Attributes:
        shots: The shots file.
        source: The film: an image sequence or a video.
        target: `shot.####.exr` for the frames of all shots, or a video, of which each shot becomes one.
        model: A registry name, or a weights file.
        device: Where the farm's machines compute.
        encoding: Of EXR files; None: linear light of BT.709's primaries.
        confidence: Whether EXR frames get the layer of the confidence.
        direction: Where colours run from references with a frame.
        python: The interpreter that has vcnode, on the farm's machines.
    """

    shots: Path
    source: Path
    target: Path
    model: str = "lite"
    device: str = "auto"
    encoding: str | None = None
    confidence: bool = False
    direction: Direction = "forward"
    python: str = "python"


def write_farm_job(job: FarmJob, folder: Path) -> Path:
    """Write the job's folder: `template.yaml`, and its paths in `parameters.yaml`.

    Returns:
        The template.

    Raises:
        InputError: The shots file cannot be used or does not fit the film, or the target is neither kind of file.
        MediaError: The film cannot be read, or the folder not be written.
    """
    shots = load_shots(job.shots)
    check_shots(shots, len(clip_numbers(job.source)))
    if job.encoding is not None:
        find_encoding(job.encoding)
    is_video = job.target.suffix.lower() in CONTAINERS and not is_pattern(job.source)
    if not is_pattern(job.target) and not is_video:
        raise InputError(f"The target {job.target} has no place for the frames' numbers: give one like shot.####.exr.")
    template = folder / "template.yaml"
    _write(folder / "parameters.yaml", path_values(job))
    _write(template, job_template(job, len(shots)))
    return template


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # ASCII alone: Open Job Description's command line reads parameters in the system's own encoding.
        path.write_text(yaml.safe_dump(content, sort_keys=False, width=110), encoding="ascii")
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}): give another folder.") from error
