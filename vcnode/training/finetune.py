"""Fine-tuning on one film: some of its frames, coloured by hand, teach a network the rest.

Some frames are kept back: a network that colours these worse than before is not kept.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Any

import torch

from vcnode.color import gray_of_lightness
from vcnode.errors import InputError
from vcnode.network.model import Model
from vcnode.sequence import Reference, colorize, load
from vcnode.training.checkpoint import saved_states
from vcnode.training.config import FINETUNE, load_config
from vcnode.training.data.material import listed
from vcnode.training.film_data import FilmData, FilmFrame, find_frames, read_excerpts, working_frames
from vcnode.training.flow_cache import kept
from vcnode.training.leftovers import remove_leftovers
from vcnode.training.model_setup import write_weights
from vcnode.training.optical_flow import find_flow_estimator
from vcnode.training.run_setup import prepare_run
from vcnode.training.trainer import StepReport, Trainer
from vcnode.weights import digest, find
from vcnode.whole_files import remove_file

_KEPT_BACK = 5  # one frame in so many, one at least
_USED = ("frames", "seed", "flows", "film")  # settings of `data` that mean something here
_REFERENCES = 4  # trained frames, the nearest, after which a frame that was kept back is coloured


@dataclass(frozen=True)
class FineTuning:
    """What fine-tuning brought.

    Attributes:
        weights: The file written.
        kept_back: The frames that it was judged by.
        before: Their ab-PSNR with the weights it began with, in dB.
        after: With the tuned ones.
        is_tuned: Whether the file holds the tuned weights; else those it began with.
    """

    weights: Path
    kept_back: tuple[Path, ...]
    before: float
    after: float
    is_tuned: bool


def finetune(
    folder: Path,
    output: Path,
    *,
    model: str = "lite",
    clip: Path | None = None,
    device: torch.device | str = "cpu",
    changes: Iterable[Mapping[str, Any]] = (),
    resume: bool = False,
    keep_anyway: bool = False,
    on_start: Callable[[Trainer], None] | None = None,
    on_step: Callable[[StepReport], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FineTuning:
    """Train a network on the coloured frames of one film.

    Args:
        folder: The frames, numbered pictures.
        output: The weights file to write; states and figures go into a folder `<name>.training` beside it.
        model: What to begin with, a registry name or a weights file.
        clip: The gray film, for steadiness between the frames.
        device: Where to train.
        changes: Trees of settings laid over the preset's.
        resume: Go on with a run that was stopped.
        keep_anyway: Keep what came of it even where it colours worse.
        on_start: Told of the run before its first step.
        on_step: Told of every step.
        cancelled: Asked before every step whether to stop.

    Raises:
        InputError: Too few frames, gray ones or of several shapes, a film that is too short or of another shape,
            settings that are not allowed, or a run to go on with that had other frames or another model.
        MediaError: A picture or the film cannot be read.
        ModelError: The model is unknown, or a file cannot be written.
        Cancelled: As asked; the state is saved.
    """
    if output.suffix != ".safetensors":
        raise InputError(f"The output {output} is no weights file: give a name that ends in .safetensors.")
    run = output.with_suffix(".training")
    if resume and output.is_file() and not saved_states(run):
        raise InputError(f"{output} is finished, there is nothing to go on with: leave --resume out to tune anew.")
    changes = list(changes)
    if any(name in change for change in changes for name in ("start", "encoder")):
        raise InputError("Fine-tuning begins with the whole of --model: leave 'start' and 'encoder' out.")
    config = load_config(FINETUNE, [{"start": str(model)}, *changes])
    for name in (name for change in changes for name in change.get("data", {}) if name not in _USED):
        raise InputError(
            f"The setting 'data.{name}' has no meaning for fine-tuning: of 'data' there are {', '.join(_USED)}."
        )
    learnt, kept_back = split_frames(find_frames(folder))
    # Those kept back are read too, so that what is wrong with them shows before hours of training.
    frames = working_frames([*learnt, *kept_back], config.model.working_size)[: len(learnt)]
    size = (frames[0].shape[2], frames[0].shape[3])
    config = replace(config, data=replace(config.data, height=size[0], width=size[1]))
    excerpts = []
    if clip is not None:
        estimator = kept(find_flow_estimator(device=device, size=size), config.data.flows)
        excerpts = read_excerpts(clip, learnt, config.data.frames, size, estimator)
    facts = _facts(model, learnt, kept_back)
    trainer = prepare_run(
        config,
        run,
        device,
        weights=run / "tuned.safetensors",
        data=FilmData(frames, config.data, excerpts),
        material={
            "model": f"{facts['start']} with SHA-256 {facts['start_sha256'][:12]}",
            "frames": listed([*facts["frames"], *facts["kept_back"]]),
            "clip": "none" if clip is None else clip.name,
        },
        resume=resume,
    )
    if on_start is not None:
        on_start(trainer)
    tuned = trainer.run(on_step, cancelled)
    before, after = (colors_score(load(source, device), kept_back, learnt) for source in (model, tuned))
    is_tuned = after >= before or keep_anyway
    facts = {
        "fine_tuned": is_tuned,
        **facts,
        "ab_psnr_before": round(before, 2),
        "ab_psnr_after": round(after, 2),
        "steps": config.optimization.steps if is_tuned else 0,
        "seed": config.seed,
    }
    network = load(tuned if is_tuned else model, device)
    remove_leftovers(output.parent, escape(output.name))
    write_weights(output, config.model, network.state_dict(), facts, half=config.output.half)
    for state in saved_states(run):  # there is nothing left to go on with
        remove_file(state)
    return FineTuning(output, tuple(frame.path for frame in kept_back), before, after, is_tuned)


def split_frames(frames: Sequence[FilmFrame]) -> tuple[list[FilmFrame], list[FilmFrame]]:
    """Divide frames into those to learn from and those to be judged by, which are spread over the film.

    All pictures of one frame are on one side, so that nothing is judged by what was learnt.
    """
    numbers = sorted({frame.number for frame in frames})
    count = max(1, len(numbers) // _KEPT_BACK)
    judged = {numbers[int((place + 0.5) * len(numbers) / count)] for place in range(count)}
    learnt = [frame for frame in frames if frame.number not in judged]
    return learnt, [frame for frame in frames if frame.number in judged]


def colors_score(model: Model, judged: Sequence[FilmFrame], references: Sequence[FilmFrame]) -> float:
    """Colour frames after the nearest references; mean `10 log10(255^2 / mean squared ab error)` in dB."""
    scores = []
    for frame in judged:
        nearest = sorted(references, key=lambda other: abs(other.number - frame.number))[:_REFERENCES]
        truth = frame.lab()
        luma = gray_of_lightness(truth[0, :1]).clamp(0, 1)
        colored = next(iter(colorize([luma], [Reference(other.path) for other in nearest], model=model)))
        error = float(((colored.ab - truth[:, 1:]) ** 2).mean())
        scores.append(10 * math.log10(255**2 / max(error, 1e-6)))
    return sum(scores) / len(scores)


def _facts(model: str, learnt: Sequence[FilmFrame], kept_back: Sequence[FilmFrame]) -> dict[str, Any]:
    """What a run begins with, learns from and is judged by."""
    files = find(model)
    return {
        "start": files.name,
        "start_sha256": digest(files.weights),
        "frames": [frame.path.name for frame in learnt],
        "kept_back": [frame.path.name for frame in kept_back],
    }
