"""Train the light preset on still photos.

    python -m vcnode.training.train PHOTOS --encoder efficientnet_lite0.safetensors -o lite.safetensors

Two phases: first the matching head, on pairs whose true colours are known; then the colour net, recurrently over
pseudo-clips, with the head fixed. The encoder keeps its ImageNet weights.
"""

import argparse
import copy
import itertools
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.network.alignment import warp
from vcnode.network.config import ModelConfig
from vcnode.network.encoders import EfficientNetLite0Encoder
from vcnode.network.model import Model, Prepared, References, State
from vcnode.training.stills import Sample, Stills
from vcnode.weights import load_weights, lookup, save_weights

log = logging.getLogger("vcnode")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run; how the shipped weights were made is in their card."""

    height: int = 128
    width: int = 224
    batch: int = 4
    frames: int = 4
    head_steps: int = 800
    color_steps: int = 500
    head_rate: float = 1e-3
    color_rate: float = 7e-4
    average: float = 0.995
    seed: int = 20190616


def train(model: Model, photos: Path, config: TrainingConfig, output: Path) -> None:
    """Run both phases and save the averaged weights every 100 steps.

    Args:
        model: With its encoder's weights loaded.
        photos: Folder of `class/photo.jpg`.
        config: Settings.
        output: The weights file, replaced at each save.
    """
    torch.manual_seed(config.seed)
    model.encoder.requires_grad_(False)
    averaged = copy.deepcopy(model)
    phases = (
        ("head", model.head, config.head_steps, config.head_rate, 1),
        ("color", model.color_net, config.color_steps, config.color_rate, config.frames),
    )
    for number, (phase, part, steps, rate, frames) in enumerate(phases):
        model.head.requires_grad_(phase == "head")
        optimizer = torch.optim.AdamW(part.parameters(), lr=rate, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2), pct_start=0.05)
        stills = Stills(photos, config.height, config.width, frames, config.seed + number)
        started = time.monotonic()
        for step in range(steps):
            batch = list(itertools.islice(_only_same_scene(stills) if phase == "head" else iter(stills), config.batch))
            loss = head_loss(model, batch) if phase == "head" else color_loss(model, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(part.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            _average(averaged, model, min(config.average, (step + 1) / (step + 10)))
            if step % 20 == 0 or step == steps - 1:
                seconds = (time.monotonic() - started) / (step + 1)
                log.info("%s %d/%d loss %.3f, %.2f s a step", phase, step, steps, loss.item(), seconds)
            if step % 100 == 99 or step == steps - 1:
                save(averaged, config, output)


def head_loss(model: Model, batch: list[Sample]) -> Tensor:
    """How far the colours that matching brings are from the truth, at matching's own resolution."""
    frames = torch.stack([sample.frames[0] for sample in batch])
    prepared = _prepare(model, frames, None, _encode(model, batch))
    return _distance(prepared.warped_ab, F.avg_pool2d(frames[:, 1:], 4)).mean()


def color_loss(model: Model, batch: list[Sample]) -> Tensor:
    """How far a recurrent run is from the truth, and how much more it flickers than the truth does.

    Where the reference shows something else there is no truth; the coherent colours of matching stand in for it.
    """
    frames = torch.stack([sample.frames for sample in batch])
    previous = torch.stack([sample.previous for sample in batch])
    same_scene = torch.tensor([sample.same_scene for sample in batch]).view(-1, 1, 1, 1)
    with torch.no_grad():
        references = _encode(model, batch)
    state = _first_state(previous)
    loss = frames.new_zeros(())
    truth_before = previous[:, 1:]
    for lab in frames.unbind(1):
        with torch.no_grad():
            prepared = _prepare(model, lab, state.lightness, references)
            proposed = F.interpolate(prepared.proposed_ab, lab.shape[2:], mode="bilinear", align_corners=False)
            truth = torch.where(same_scene, lab[:, 1:], proposed)
        ab_before, valid = state.ab, state.valid
        step, state = model.advance(prepared, state)
        loss = loss + _distance(step.ab, truth).mean()
        assert prepared.flow is not None
        change = step.ab - warp(ab_before, prepared.flow)
        true_change = (lab[:, 1:] - warp(truth_before, prepared.flow)) * same_scene
        loss = loss + 0.3 * (_distance(change, true_change) * valid).mean()
        truth_before = lab[:, 1:]
    return loss / frames.shape[1]


def save(model: Model, config: TrainingConfig, output: Path) -> None:
    """Write half-precision weights with the preset and the training settings inside."""
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    metadata = {"config": json.dumps(model.config.to_dict()), "training": json.dumps(vars(config))}
    save_weights(output, state, metadata)


def _only_same_scene(stills: Stills) -> Iterator[Sample]:
    return (sample for sample in stills if sample.same_scene)


def _encode(model: Model, batch: list[Sample]) -> References:
    return model.encode_references([torch.stack([sample.reference for sample in batch])])


def _prepare(model: Model, lab: Tensor, previous_lightness: Tensor | None, references: References) -> Prepared:
    return model.prepare(lab[:, :1], previous_lightness, references)


def _first_state(previous: Tensor) -> State:
    """History as it is met: none (two in ten), the truth, or the truth drifted, faded and damaged, more or less."""
    batch, _, height, width = previous.shape
    size = (height, width)
    faithful = (torch.rand(batch, 1, 1, 1) < 0.4).float()
    reach = 1.5 * torch.rand(batch, 1, 1, 1)  # pixels of drift
    drift = reach * F.interpolate(torch.randn(batch, 2, 5, 8), size, mode="bicubic")
    ab = warp(previous[:, 1:], drift) * (1 - 0.3 * torch.rand(batch, 1, 1, 1) ** 2)
    softened = F.avg_pool2d(F.pad(ab, (1, 1, 1, 1), mode="replicate"), 3, 1)
    ab = torch.lerp(ab, softened, 0.5 * torch.rand(batch, 1, 1, 1))
    patches = (F.interpolate(torch.rand(batch, 1, 3, 5), size, mode="nearest") < 0.3).float()
    patches = patches * (torch.rand(batch, 1, 1, 1) < 0.3)
    ab = patches * previous[:, 1:].roll(1, 0) + (1 - patches) * ab
    ab = torch.lerp(ab, previous[:, 1:], faithful)
    valid = (torch.rand(batch, 1, 1, 1) > 0.2).float()
    return State(torch.where(valid > 0, previous[:, :1], 50.0), ab * valid, valid)


def _distance(ab: Tensor, truth: Tensor) -> Tensor:
    """Charbonnier's smooth absolute difference, in ab units; fine differences count too."""
    return ((ab - truth) ** 2).sum(dim=1, keepdim=True).add(0.01).sqrt() - 0.1


@torch.no_grad()
def _average(averaged: nn.Module, model: nn.Module, keep: float) -> None:
    for mean, value in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
        mean.lerp_(value, 1 - keep)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path, help="folder laid out as class/photo.jpg")
    parser.add_argument("--encoder", type=Path, required=True, help="ImageNet weights of EfficientNet-Lite0")
    parser.add_argument("-o", "--output", type=Path, required=True, help="weights file to write")
    parser.add_argument("--head-steps", type=int, default=TrainingConfig.head_steps)
    parser.add_argument("--color-steps", type=int, default=TrainingConfig.color_steps)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(TrainingConfig.seed)
    model = Model(ModelConfig.from_dict(lookup("lite").configuration()))
    assert isinstance(model.encoder, EfficientNetLite0Encoder)
    model.encoder.load_imagenet(load_weights(options.encoder)[0])
    if options.start:
        model.load_state_dict({name: tensor.float() for name, tensor in load_weights(options.start)[0].items()})
    config = TrainingConfig(head_steps=options.head_steps, color_steps=options.color_steps)
    train(model, options.photos, config, options.output)


if __name__ == "__main__":
    main()
