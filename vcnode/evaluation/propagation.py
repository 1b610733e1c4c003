"""How well the colours of a clip's first frame reach the frames after it.

    python -m vcnode.evaluation.propagation CLIPS [--model lite] [--json FILE]

The first frame is the reference and is not scored. ab-PSNR is `10 log10(255^2 / mean squared ab error)` at the clip's
own size. Baselines see the same frames: leaving the clip gray, the matched reference colours alone (the paper's
Figure 4), and carrying the colours along DIS optical flow (the paper's Figure 7).
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vcnode.color import gray_of_lightness, rgb_to_lab
from vcnode.errors import InputError, VcnodeError
from vcnode.media import open_source, rgb_from_frame
from vcnode.network import Model
from vcnode.network.alignment import warp
from vcnode.sequence import Reference, Settings, colorize, load

METHODS = ("vcnode", "gray", "matching alone", "optical flow")
_FAINT = 2.0  # mean |ab| below which a clip has no colours to score


@dataclass(frozen=True)
class ClipScore:
    """ab-PSNR in dB for each method, one number a frame from frame 1 on, and flicker against the truth's.

    Attributes:
        name: The clip's file name without its ending.
        psnr: Method to scores.
        flicker_ratio: Mean change of ab between frames over the truth's.
        colorfulness_ratio: Mean chroma over the truth's.
    """

    name: str
    psnr: dict[str, list[float]]
    flicker_ratio: float
    colorfulness_ratio: float


def evaluate_clip(path: Path, model: Model, settings: Settings | None = None, limit: int | None = None) -> ClipScore:
    """Score one clip.

    Args:
        path: A video in colour.
        model: See `vcnode.load`.
        settings: Choices.
        limit: Frames to look at; all by default.

    Raises:
        InputError: The clip has no colour, or fewer than two frames.
        MediaError: It cannot be read.
    """
    truth = list(_lab(path, limit))
    if len(truth) < 2:
        raise InputError(f"{path} has {len(truth)} frames: give a clip of two or more.")
    if float(torch.stack([lab[:, 1:].abs().mean() for lab in truth]).mean()) < _FAINT:
        raise InputError(f"{path} is gray: there are no colours to compare with.")
    source = open_source(path)
    reference = Reference(rgb_from_frame(source.frame(0), source.info), frame=0)
    psnr: dict[str, list[float]] = {method: [] for method in METHODS}
    previous, carried = None, truth[0][:, 1:]
    flicker, true_flicker, chroma, true_chroma = 0.0, 0.0, 0.0, 0.0
    luma = (_gray(lab) for lab in truth)
    for frame in colorize(luma, [reference], model=model, settings=settings):
        number, true_ab = frame.number, truth[frame.number][:, 1:]
        if number:
            carried = warp(carried, _dis_flow(truth[number], truth[number - 1]))
            guesses = (frame.ab, torch.zeros_like(true_ab), frame.warped_ab, carried)
            for method, ab in zip(METHODS, guesses, strict=True):
                psnr[method].append(_psnr(ab, true_ab))
            chroma += float(frame.ab.norm(dim=1).mean())
            true_chroma += float(true_ab.norm(dim=1).mean())
            assert previous is not None
            flicker += float((frame.ab - previous).abs().mean())
            true_flicker += float((true_ab - truth[number - 1][:, 1:]).abs().mean())
        previous = frame.ab
    return ClipScore(path.stem, psnr, flicker / max(true_flicker, 1e-9), chroma / max(true_chroma, 1e-9))


def _lab(path: Path, limit: int | None) -> Iterator[Tensor]:
    with open_source(path) as source:
        for frame in source:
            if frame.index == limit:
                return
            rgb = torch.from_numpy(rgb_from_frame(frame, source.info)).permute(2, 0, 1)
            yield rgb_to_lab(rgb[None])


def _gray(lab: Tensor) -> Tensor:
    """The luma whose L is that of the truth, so that perfect colours would score perfectly."""
    return gray_of_lightness(lab[0, :1]).clamp(0, 1)


def _psnr(ab: Tensor, truth: Tensor) -> float:
    return 10 * math.log10(255**2 / max(float(((ab - truth) ** 2).mean()), 1e-6))


def _dis_flow(now: Tensor, before: Tensor) -> Tensor:
    """OpenCV's DIS flow (Kroeger et al. 2016), medium preset, from this frame's pixels to the frame before."""
    import cv2

    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    gray = [(lab[0, 0] * 2.55).to(torch.uint8).numpy() for lab in (now, before)]
    flow = np.zeros((*gray[0].shape, 2), np.float32)
    return torch.from_numpy(np.asarray(estimator.calc(gray[0], gray[1], flow))).permute(2, 0, 1)[None]


def summarize(scores: list[ClipScore], distances: tuple[int, ...] = (1, 5, 10, 20, 30)) -> dict[str, object]:
    """Means over clips, as figures by distance from the reference."""

    def mean(values: list[float]) -> float:
        return round(sum(values) / len(values), 2)

    def at(distance: int) -> dict[str, float]:
        long_enough = [score for score in scores if len(score.psnr["gray"]) >= distance]
        return {method: mean([score.psnr[method][distance - 1] for score in long_enough]) for method in METHODS}

    reached = [distance for distance in distances if any(len(score.psnr["gray"]) >= distance for score in scores)]
    return {
        "clips": len(scores),
        "ab_psnr": {method: mean([mean(score.psnr[method]) for score in scores]) for method in METHODS},
        "ab_psnr_by_distance": {str(distance): at(distance) for distance in reached},
        "flicker_ratio": mean([score.flicker_ratio for score in scores]),
        "colourfulness_ratio": mean([score.colorfulness_ratio for score in scores]),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="How well a clip's first colours reach the frames after it.")
    parser.add_argument("clips", type=Path, help="folder of videos in colour; gray ones are named and left out")
    parser.add_argument("--model", default="lite")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=40, help="frames to look at in each clip")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    model = load(options.model, options.device)
    scores = []
    for path in sorted(options.clips.glob("*.mp4")):
        try:
            score = evaluate_clip(path, model, limit=options.frames)
        except VcnodeError as error:
            print(f"left out: {error}")
            continue
        scores.append(score)
        means = ", ".join(f"{method} {sum(values) / len(values):.1f}" for method, values in score.psnr.items())
        ratios = f"flicker x{score.flicker_ratio:.2f}, colour x{score.colorfulness_ratio:.2f}"
        print(f"{score.name}: {means} dB; {ratios}", flush=True)
    if not scores:
        parser.error(f"{options.clips} has no videos in colour")
    summary = summarize(scores)
    print(json.dumps(summary, indent=2))
    if options.json:
        clips = [{"clip": score.name, **vars(score)} for score in scores]
        options.json.write_text(json.dumps({"summary": summary, "clips": clips}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
