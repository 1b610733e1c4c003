"""A job that was looked at from all sides and can be run."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from vcnode.errors import VcnodeError
from vcnode.network import ModelConfig
from vcnode.sequence import Shot, choose_device
from vcnode.sequence.identity import rounding
from vcnode.weights import ModelFiles, find
from vcnode.worker.fields import Problem, sentence_of
from vcnode.worker.receipt import job_digest
from vcnode.worker.reference_check import check_references
from vcnode.worker.request import JobRequest, ShotsFile, read_request
from vcnode.worker.shots_file_check import pictures_in
from vcnode.worker.source_check import SourceFrames, assumed, check_source
from vcnode.worker.target_check import Target, check_apart, check_target, find_kept, target_files


@dataclass(frozen=True)
class Plan:
    """What a job comes down to.

    Attributes:
        request: As the client worded it.
        source: Its frames.
        shots: With references, numbers counted from 0 in the clip.
        target: Where the result goes.
        digest: Of all that the result depends on.
        weights: The model's file.
        model: The model's name.
        device: Where it runs.
        working_size: Short side in pixels at which the network works.
    """

    request: JobRequest
    source: SourceFrames
    shots: tuple[Shot, ...]
    target: Target
    digest: str
    weights: Path
    model: str
    device: str
    working_size: int

    @property
    def to_do(self) -> int:
        """Frames that are still to be made."""
        return 0 if self.target.finished is not None else len(self.source.wanted) - self.target.kept


@dataclass(frozen=True)
class Inspection:
    """What can be said of a job whose frames may still be missing.

    Attributes:
        problems: Everything that is wrong with it.
        shots: How many it has among its frames.
        files: Its references, masks and shots file.
    """

    problems: tuple[Problem, ...]
    shots: int
    files: tuple[Path, ...]


def inspect_job(value: object) -> Inspection:
    """Look at a job as `plan_job` does, all but its frames and its target: before they are rendered in vain."""
    problems: list[Problem] = []
    request = read_request(value, problems)
    if request is None:
        return Inspection(tuple(problems), 0, ())
    _model(request, problems)
    _device(request, problems)
    shots = check_references(request, assumed(request), problems)
    return Inspection(tuple(problems), len(shots), () if problems else tuple(_reference_files(request)))


def plan_job(value: object) -> Plan | list[Problem]:
    """Read a job and check all of it against what there is; or list everything that is wrong with it."""
    problems: list[Problem] = []
    request = read_request(value, problems)
    if request is None:
        return problems
    files = _model(request, problems)
    device = _device(request, problems)
    source = check_source(request, problems)
    check_target(request, problems)
    shots = check_references(request, source or assumed(request), problems)
    if problems or source is None or files is None:
        return problems
    targets = target_files(request, source)
    inputs = [*source.files, *_reference_files(request)]
    check_apart(targets, inputs, problems)
    if problems:
        return problems
    try:
        machine = rounding(torch.device(device))  # frames of machines that round differently do not mix
        digest = job_digest(replace(request, device=str(machine)), [*inputs, files.weights])
    except VcnodeError as error:
        return [Problem("frames", sentence_of(error))]
    target = find_kept(request, source, targets, digest, problems)
    if problems:
        return problems
    size = request.settings.working_size or ModelConfig.from_dict(files.configuration).working_size
    return Plan(request, source, shots, target, digest, files.weights, files.name, device, size)


def _model(request: JobRequest, problems: list[Problem]) -> ModelFiles | None:
    try:
        return find(request.model)
    except VcnodeError as error:
        problems.append(Problem("options.model", sentence_of(error)))
        return None


def _device(request: JobRequest, problems: list[Problem]) -> str:
    try:
        return str(choose_device(request.device))
    except VcnodeError as error:
        problems.append(Problem("options.device", sentence_of(error)))
        return request.device


def _reference_files(request: JobRequest) -> list[Path]:
    files = [file for each in request.all_references for file in (each.file, each.mask) if file is not None]
    if isinstance(request.shots, ShotsFile):
        files += [request.shots.path, *pictures_in(request.shots.path)]
    return files
