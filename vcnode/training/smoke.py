"""Every part of training, once, on pictures made on the spot: whether it runs, not whether it learns."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vcnode.color import gray_of_lightness
from vcnode.errors import Cancelled, VcnodeError
from vcnode.network.model import Model
from vcnode.sequence import Reference, colorize, load
from vcnode.training.config import TrainingConfig, load_config
from vcnode.training.data import build_index
from vcnode.training.finetune import finetune
from vcnode.training.model_setup import build_model
from vcnode.training.run_setup import prepare_run
from vcnode.training.trainer import StepReport

_HEIGHT, _WIDTH = 160, 224  # of the pictures
_SHORT_SIDE = 64  # at which the small networks work
_TURNED_AT = 1  # steps after which the run is stopped and gone on with

type Say = Callable[[str], None]
type Asked = Callable[[], bool]


class SmokeFailure(VcnodeError):
    """Training runs but does not do what it should."""


def smoke(folder: Path, device: torch.device | str, say: Say, cancelled: Asked = lambda: False) -> None:
    """Run every part of training.

    Args:
        folder: For everything that is made on the way.
        device: Where to train.
        say: Told in a line what was done, part by part.
        cancelled: Asked before every step whether to stop.

    Raises:
        SmokeFailure: A part does not do what it should.
        VcnodeError: A part fails.
        Cancelled: As asked.
    """
    photos, videos = make_photos(folder / "photos"), make_film(folder / "videos" / "film")
    config = _lite(photos, videos.parent, folder / "index.safetensors")
    model = build_model(config.model, None, config.encoder, config.seed).to(device).eval()
    index = build_index(photos, model, folder / "index.safetensors", videos=videos.parent, cancelled=cancelled)
    say(f"index: {len(index.photos)} photos and {len(index.clips)} clip, each with its most similar photos")

    straight = _run(config, folder / "straight", device, cancelled)
    _run_in_two(config, folder / "resumed", device, cancelled)
    same = _same_weights(folder / "straight", folder / "resumed")
    if not same and torch.device(device).type == "cpu":
        raise SmokeFailure("A run that was stopped and gone on with differs from an unbroken one: see tests/training.")
    terms = ", ".join(f"{name} {value:.3g}" for name, value in straight.values.items())
    say(f"small lite: {config.optimization.steps} steps with a random VGG; {terms}")
    say(f"stopped after step {_TURNED_AT} and gone on with: {'the same weights' if same else 'about the same weights'}")

    devc = _run(_devc(photos), folder / "devc", device, cancelled)
    say(f"narrow devc: {devc.step} step with its own VGG19, random; loss {devc.values['loss']:.3g}")

    lite = folder / "straight" / "lite.safetensors"
    changes = [{"optimization": {"steps": 2, "batch": 2, "warm_up": 0}, "data": {"frames": 2}}]
    film = folder / "film.safetensors"
    clip = make_film(folder / "gray", gray=True)
    tuned = finetune(
        videos, film, model=str(lite), clip=clip, device=device, changes=changes, keep_anyway=True, cancelled=cancelled
    )
    say(
        f"fine-tuned on a film, {len(tuned.kept_back)} frame kept back: ab-PSNR {tuned.before:.2f} dB before, "
        f"{tuned.after:.2f} dB after"
    )
    reference = next(videos.iterdir())
    for weights in (lite, film, folder / "devc" / "devc.safetensors"):
        _colors_something(load(weights, device), reference)
    say("all three weights files load and colour")


def make_photos(folder: Path) -> Path:
    """Write six colourful pictures in two classes, `class/number.png`."""
    for number in range(6):
        path = folder / ("meadow", "harbour")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_picture(number, 0)).save(path)
    return folder


def make_film(folder: Path, *, gray: bool = False, count: int = 6) -> Path:
    """Write a few frames of one scene in motion, numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image = Image.fromarray(_picture(100, 3 * number))
        (image.convert("L") if gray else image).save(folder / f"frame_{number:04d}.png")
    return folder


def _picture(seed: int, shift: int) -> Any:
    """Soft patches of colour, sRGB codes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 10, 3), np.uint8)
    whole = Image.fromarray(coarse).resize((_WIDTH + 32, _HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(whole)[:, shift : shift + _WIDTH]


def _lite(photos: Path, videos: Path, index: Path) -> TrainingConfig:
    data = {"photos": photos, "videos": videos, "index": index}
    return load_config("smoke", [{"data": data, "model": {"working_size": _SHORT_SIDE}}])


def _devc(photos: Path) -> TrainingConfig:
    narrow = {"preset": "devc", "color_widths": [8, 8, 8, 8], "working_size": _SHORT_SIDE}
    changes = {
        "model": narrow,
        "encoder": "random",
        "data": {"photos": photos, "height": _SHORT_SIDE, "width": 2 * _SHORT_SIDE},
        "optimization": {"steps": 1, "batch": 2, "accumulate": 1},
    }
    return load_config("paper", [changes])


def _run(config: TrainingConfig, folder: Path, device: torch.device | str, cancelled: Asked) -> StepReport:
    """Train, and return what the last step brought."""
    reports: list[StepReport] = []
    prepare_run(config, folder, device).run(reports.append, cancelled)
    return reports[-1]


def _run_in_two(config: TrainingConfig, folder: Path, device: torch.device | str, cancelled: Asked) -> None:
    first = prepare_run(config, folder, device)
    try:
        first.run(cancelled=lambda: first.step == _TURNED_AT or cancelled())
    except Cancelled:
        if cancelled():
            raise
    prepare_run(config, folder, device, resume=True).run(cancelled=cancelled)


def _same_weights(one: Path, other: Path) -> bool:
    first, second = (load(folder / "lite.safetensors", "cpu").state_dict() for folder in (one, other))
    return all(torch.equal(first[name], second[name]) for name in first)


def _colors_something(model: Model, reference: Path) -> None:
    luma: Tensor = gray_of_lightness(Reference(reference).lab()[0, :1]).clamp(0, 1)
    for frame in islice(colorize([luma, luma], [Reference(reference)], model=model), 2):
        if not bool(torch.isfinite(frame.ab).all()):
            raise SmokeFailure("A trained network gives colours that are no numbers.")
