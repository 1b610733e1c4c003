"""Timing one size: every step of a frame on its own, then what colours it as one run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from vcnode.bench.arithmetic import Work, count
from vcnode.bench.case import Case
from vcnode.bench.film import read_film, write_colored, write_film
from vcnode.bench.footage import color_picture
from vcnode.bench.memory import peak_memory
from vcnode.bench.network_stages import NetworkStages
from vcnode.bench.stopwatch import Stopwatch, Timing
from vcnode.network import Model
from vcnode.network.light_colorization import LightColorNet
from vcnode.sequence import Reference, Settings
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shot_references import network
from vcnode.sequence.walk import stream

_FILM = 8  # frames of the film that is read and written


@dataclass(frozen=True)
class Stage:
    """One step of a frame.

    Attributes:
        name: Of the step.
        timing: For one frame.
        work: What it has to do; None where there are no convolutions or matrix products.
    """

    name: str
    timing: Timing
    work: Work | None = None


@dataclass(frozen=True)
class CaseResult:
    """What was measured at one size.

    Attributes:
        case: The size.
        stages: In the order of a frame.
        frame: From a frame's L on the device to its finished colours, as one run; neither film nor transfer.
        process_memory: Greatest memory of the process since its start, in bytes; None: the system does not tell.
        device_memory: Greatest memory on a CUDA GPU at this size, in bytes; None elsewhere.
    """

    case: Case
    stages: tuple[Stage, ...]
    frame: Timing
    process_memory: int | None
    device_memory: int | None


def measure_case(
    case: Case,
    model: Model,
    settings: Settings,
    watch: Stopwatch,
    folder: Path,
    on_stage: Callable[[str], None] = lambda name: None,
) -> CaseResult:
    """Time one size.

    Args:
        case: The size.
        model: On the stopwatch's device.
        settings: How frames are coloured; the working size is the case's.
        watch: Of the model's device.
        folder: For films.
        on_stage: Called with the name of each step before it is timed.

    Raises:
        Cancelled: As `Stopwatch.time`.
    """
    settings = replace(settings, working_size=case.short_side).on(model)
    window, device = settings.window, watch.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    film = write_film(folder / f"{case}.mp4", case.width, case.height, _FILM)
    lumas = read_film(film)
    frames = [lightness_of(lumas[number % _FILM], number, device) for number in range(window + 1)]
    references = [Reference(color_picture(case.width, case.height))]
    engine = ShotEngine(model, model_digest(model), references, 0, frames[0], settings, results=device)
    working = [engine.working(lightness, number) for number, lightness in enumerate(frames)]
    with torch.inference_mode():
        learned = not (isinstance(model.color_net, LightColorNet) and model.color_net.changes_nothing())
    works = count(model.config, case, window, learned=learned)
    stages: list[Stage] = []

    def add(name: str, step: Callable[[], object], frames: int) -> None:
        on_stage(name)
        stages.append(Stage(name, watch.time(step).shared_by(frames), works.get(name)))

    add("read film", lambda: read_film(film), _FILM)
    add("transfer", lambda: _transfer(lumas[0], working[0], device), 1)
    add("shrink", lambda: engine.working(lightness_of(lumas[0], 0, device), 0), 1)
    with network(device, settings):
        lightness, previous = (torch.cat(part).to(device) for part in (working[1:], working[:-1]))
        steps = NetworkStages(model, engine.references, lightness, previous, settings.compat == "devc")
        for name, step in steps.steps().items():
            add(name, step, 1 if name == "colour net" else window)
    colored = engine.advance(steps.prepared[0], None, 0)
    add("upsample", lambda: engine.finish(colored, frames[0], 0), 1)
    ab = engine.finish(colored, frames[0], 0).ab
    add("write film", lambda: write_colored(folder / "colored.mp4", film, [ab] * _FILM), _FILM)

    def whole() -> None:
        for link, lightness, frame in stream(engine, enumerate(frames[:window]), None):
            engine.finish(frame, lightness, link.number)

    on_stage("whole frame")
    frame = watch.time(whole).shared_by(window)
    on_device = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return CaseResult(case, tuple(stages), frame, peak_memory(), on_device)


def _transfer(luma: Tensor, working: Tensor, device: torch.device) -> None:
    """Bring a frame's Y' to the device; its L at working size there and back, for its digest; and chroma back."""
    chroma = luma.to(device)[:, ::2, ::2]
    working.to(device).cpu()
    for _ in ("Cb", "Cr"):
        chroma.cpu()
