"""The whole evaluation: clips in, scores and a summary out."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from vcnode import __version__
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.evaluation.baselines import has_imagenet_encoder, untrained_model
from vcnode.evaluation.clips import Clip, Facts, LeftOut, find_clips, look_through
from vcnode.evaluation.evaluation import Evaluation, Status
from vcnode.evaluation.metrics import Unavailable
from vcnode.evaluation.options import EvaluationOptions, Protocol
from vcnode.evaluation.protocols import Bench, ClipScore, score_first_frame, score_other_scene
from vcnode.evaluation.scores import Networks
from vcnode.evaluation.watch import Progress, Watch
from vcnode.network import Model
from vcnode.sequence.identity import model_digest
from vcnode.training.optical_flow import DisFlow


@dataclass(frozen=True)
class _Task:
    clip: Clip
    facts: Facts
    protocol: Protocol
    donor: Clip | None = None


def evaluate(
    clips: Path | str | Sequence[Clip],
    model: Model,
    options: EvaluationOptions | None = None,
    watch: Watch | None = None,
) -> Evaluation:
    """Score a model on clips whose colours are known, beside baselines that are given the same frames.

    Clips without colour, with less than two frames or that cannot be read are left out and named.

    Args:
        clips: A folder, or what `find_clips` found in it.
        model: See `vcnode.load`.
        options: Choices.
        watch: Is told what happens, and may end the run.

    Raises:
        InputError: No clip can be scored; the message says why of each.
        ModelError: OpenCV is missing, or weights behind a metric do not fit.
        Cancelled: `watch` said so; it was given what is finished.
    """
    options, watch = options or EvaluationOptions(), watch or Watch()
    found = find_clips(clips) if isinstance(clips, Path | str) else list(clips)
    run = _Run(model, options, watch)
    try:
        return run.over(run.plan(found))
    except (Cancelled, KeyboardInterrupt):
        watch.finished(run.so_far("interrupted"))
        raise


class _Run:
    """What grows while a run goes on."""

    def __init__(self, model: Model, options: EvaluationOptions, watch: Watch) -> None:
        DisFlow()  # refuses here where OpenCV is missing, not after all clips were looked through
        self._model, self._options, self._watch = model, options, watch
        self._clips: list[ClipScore] = []
        self._left_out: list[LeftOut] = []
        device = next(model.parameters()).device
        self._networks = Networks.find(options.lpips, device, wanted=not options.quick)
        self._pooled = self._networks.pooled_distance()
        self._untrained = untrained_model(device) if options.baselines else None

    def plan(self, clips: Sequence[Clip]) -> list[_Task]:
        """Look through all clips and say what is done with which."""
        facts = {clip: known for clip in clips if (known := self._facts(clip)) is not None}
        colored = [clip for clip, known in facts.items() if known.has_color]
        tasks = []
        for protocol in self._options.protocols:
            for clip, known in facts.items():
                donor = _next(clip, colored)
                reason = _obstacle(clip, known, donor, protocol)
                if reason is None:
                    tasks.append(_Task(clip, known, protocol, donor))
                else:
                    self._leave_out(clip, reason, protocol)
        return tasks

    def over(self, tasks: Sequence[_Task]) -> Evaluation:
        """Do the tasks."""
        total, done = sum(task.facts.frames for task in tasks), 0
        for number, task in enumerate(tasks, start=1):

            def step(frame: int, task: _Task = task, number: int = number, done: int = done) -> None:
                self._look_up()
                named = (task.clip.name, task.protocol, number, len(tasks))
                self._watch.progress(Progress(*named, frame, task.facts.frames, done + frame, total))

            self._score(task, step)
            done += task.facts.frames
            if number < len(tasks) and self._clips:
                self._watch.finished(self.so_far("running"))
        if not self._clips:
            reasons = "; ".join(f"{each.clip}: {each.reason}" for each in self._left_out)
            raise InputError(f"No clip can be scored ({reasons}): give clips in colour, of two frames or more.")
        evaluation = self.so_far("complete")
        self._watch.finished(evaluation)
        return evaluation

    def so_far(self, status: Status) -> Evaluation:
        """What is finished."""
        fid = self._networks.inception if self._pooled is None else self._pooled.result()
        reasons = {"lpips": self._networks.lpips, "fid": fid}
        return Evaluation(
            status,
            _about(self._model, self._options, self._untrained),
            tuple(self._clips),
            tuple(self._left_out),
            fid if isinstance(fid, float) else None,
            {name: each.reason for name, each in reasons.items() if isinstance(each, Unavailable)},
        )

    def _score(self, task: _Task, step: Callable[[int], None]) -> None:
        pooled = self._pooled if task.protocol == "first-frame" else None
        bench = Bench(self._model, self._untrained, self._options, self._networks, pooled, step)
        try:
            if task.protocol == "first-frame":
                self._clips.append(score_first_frame(task.clip, task.facts, bench))
            else:
                self._clips.append(score_other_scene(task.clip, task.facts, bench, task.donor))
        except (InputError, MediaError) as error:
            self._leave_out(task.clip, str(error), task.protocol)

    def _facts(self, clip: Clip) -> Facts | None:
        try:
            return look_through(clip, self._options.frames, self._look_up)
        except (InputError, MediaError) as error:
            self._leave_out(clip, str(error))
            return None

    def _leave_out(self, clip: Clip, reason: str, protocol: Protocol | None = None) -> None:
        self._left_out.append(LeftOut(clip.name, reason, protocol))
        self._watch.left_out(self._left_out[-1])

    def _look_up(self) -> None:
        if self._watch.cancelled():
            raise Cancelled("Stopped, as asked; the clips finished before are kept.")


def _next(clip: Clip, clips: Sequence[Clip]) -> Clip | None:
    """The clip that follows in a list that goes round; None where there is no other."""
    after = [other for other in clips if other.name > clip.name] + [other for other in clips if other.name < clip.name]
    return after[0] if after else None


def _obstacle(clip: Clip, facts: Facts, donor: Clip | None, protocol: Protocol) -> str | None:
    """Why a clip cannot be scored under a protocol, or None."""
    if protocol == "first-frame":
        return None if facts.has_color else "it is gray, so there are no colours to compare with"
    if clip.references:
        return None
    if not facts.has_color:
        return f"it is gray and there are no pictures in {clip.name}_refs beside it to colour it after"
    return (
        None if donor else f"there is no other clip in colour, and there are no pictures in {clip.name}_refs beside it"
    )


def _about(model: Model, options: EvaluationOptions, untrained: Model | None) -> dict[str, Any]:
    """What the figures depend on besides the clips."""
    chosen = {**asdict(options), "lpips": None if options.lpips is None else options.lpips.name}
    settings = chosen.pop("settings")
    return {
        "model": {**model.config.to_dict(), "label": options.label or model.config.name, "digest": model_digest(model)},
        "settings": settings,
        "options": chosen,
        "device": _device(next(model.parameters()).device),
        "untrained_composition_encoder": None if untrained is None else _encoder(untrained),
        "versions": {
            "vcnode": __version__,
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "opencv": _opencv(),
        },
    }


def _encoder(untrained: Model) -> str:
    return "ImageNet weights, not trained further" if has_imagenet_encoder(untrained) else "trained further"


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device} ({torch.get_num_threads()} threads)" if device.type == "cpu" else str(device)


def _opencv() -> str:
    import cv2

    return str(cv2.__version__)
