"""From clips' scores to the figures of a run.

Every mean is taken over a clip's frames first and over clips then, so that a long clip counts no more than a short one;
`..._frame_weighted` gives the other way of counting. Keys of the summary, where "method" is "vcnode" or a baseline:

    clips, frames               how many were scored, reference frames left out
    ab_psnr                     method: ab-PSNR in dB
    ab_psnr_by_distance         distance in frames from the reference: method: ab-PSNR there, over the clips
                                that are long enough, whose number is under "clips"
    beats_baselines_beyond_10   whether vcnode is at least 1 dB above every baseline at every distance beyond 10 that at
                                least half the clips reach; null where none do
    margin_beyond_10            the smallest such lead in dB ("margin"), over which "baseline", at which "distance"
    margins_beyond_10           the same for each baseline
    behind_flow_up_to_10        the largest "shortfall" in dB behind optical flow up to distance 10, and its "distance"
    scores                      method: metric: mean; under "truth", how the truth itself looks
    flicker, cdc, colourfulness method: warp error along the truth's motion (8-bit units; the paper's Eq. 13 is of this
                                kind), colour distribution consistency, Hasler & Suesstrunk's colourfulness
    flicker_ratio(s)            warp error over the truth's: of vcnode (of each method)
    colourfulness_ratio(s)      colourfulness over the truth's
    chroma_ratio                mean chroma over the truth's
    ab_change_ratio             mean change of ab between frames, motion and all, over the truth's
    ab_flicker_ratio            change of ab beyond motion over the truth's: lightness, which nobody changes, left out
    confidence                  vcnode's mean confidence
    other_scene                 the keys that need no truth, for the protocol of that name
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vcnode.evaluation.methods import OURS
from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.scores import Means
from vcnode.evaluation.stills import TRUTH

FLOW = "optical flow"
_NEAR = 10  # frames: up to here optical flow may be better, beyond it nothing may
_CLEAR_LEAD = 1.0  # dB

type Curve = dict[str, dict[str, float | int]]


def summarize(clips: Sequence[ClipScore]) -> dict[str, Any]:
    """Sum up what came of all clips."""
    compared = [clip for clip in clips if clip.protocol == "first-frame"]
    looked_at = [clip for clip in clips if clip.protocol == "other-scene"]
    summary = _with_truth(compared) if compared else {}
    return summary | ({"other_scene": _looks(looked_at)} if looked_at else {})


def by_distance(clips: Sequence[ClipScore]) -> Curve:
    """Mean ab-PSNR at every distance from the reference, over the clips that are long enough."""
    curve: Curve = {}
    for distance in range(1, max((clip.frames for clip in clips), default=0) + 1):
        reaching = [clip for clip in clips if clip.frames >= distance]
        means = {
            method: sum(clip.ab_psnr_by_distance[method][distance - 1] for clip in reaching) / len(reaching)
            for method in reaching[0].ab_psnr_by_distance
        }
        curve[str(distance)] = {"clips": len(reaching), **means}
    return curve


def compare(curve: Curve, clips: int) -> dict[str, Any]:
    """Hold the curve of `by_distance` against what is wanted: near the level of flow, then ahead of everything.

    Args:
        curve: Of `clips` clips.
        clips: Their number.
    """
    far = {int(key): at for key, at in curve.items() if int(key) > _NEAR and 2 * at["clips"] >= clips}
    leads = [
        {"margin": at[OURS] - value, "baseline": name, "distance": distance}
        for distance, at in far.items()
        for name, value in at.items()
        if name not in ("clips", OURS)
    ]
    margins: dict[str, dict[str, Any]] = {}
    for lead in sorted(leads, key=lambda lead: float(lead["margin"])):
        margins.setdefault(str(lead["baseline"]), lead)
    smallest = min(margins.values(), key=lambda lead: float(lead["margin"]), default=None)
    near = {int(key): at for key, at in curve.items() if int(key) <= _NEAR and FLOW in at}
    behind = [{"shortfall": at[FLOW] - at[OURS], "distance": distance} for distance, at in near.items()]
    return {
        "beats_baselines_beyond_10": None if smallest is None else smallest["margin"] >= _CLEAR_LEAD,
        "margin_beyond_10": smallest,
        "margins_beyond_10": margins,
        "behind_flow_up_to_10": max(behind, key=lambda each: float(each["shortfall"]), default=None),
    }


def _with_truth(clips: Sequence[ClipScore]) -> dict[str, Any]:
    curve = by_distance(clips)
    scores, weighted = _scores(clips), _scores(clips, [clip.frames for clip in clips])
    return {
        "ab_psnr": _of(scores, "ab_psnr"),
        "ab_psnr_frame_weighted": _of(weighted, "ab_psnr"),
        "ab_psnr_by_distance": curve,
        **compare(curve, len(clips)),
        **_looks(clips),
        "scores_frame_weighted": weighted,
    }


def _looks(clips: Sequence[ClipScore]) -> dict[str, Any]:
    scores = _scores(clips)
    flicker, colourfulness = _ratios(clips, "warp_error"), _ratios(clips, "colourfulness")
    return {
        "clips": len(clips),
        "frames": sum(clip.frames for clip in clips),
        "flicker": _of(scores, "warp_error"),
        "flicker_ratio": flicker.get(OURS),
        "flicker_ratios": flicker,
        "colourfulness": _of(scores, "colourfulness"),
        "colourfulness_ratio": colourfulness.get(OURS),
        "colourfulness_ratios": colourfulness,
        "cdc": _of(scores, "cdc"),
        "chroma_ratio": _ratios(clips, "chroma").get(OURS),
        "ab_change_ratio": _ratios(clips, "ab_change").get(OURS),
        "ab_flicker_ratio": _ratios(clips, "ab_warp_error").get(OURS),
        "confidence": _mean(clip.confidence for clip in clips),
        "scores": scores,
    }


def _scores(clips: Sequence[ClipScore], weights: Sequence[float] | None = None) -> dict[str, Means]:
    def mean(method: str, metric: str) -> float | None:
        return _mean((clip.scores.get(method, {}).get(metric) for clip in clips), weights)

    metrics: dict[str, dict[str, None]] = {}
    for clip in clips:
        for method, scores in clip.scores.items():
            metrics.setdefault(method, {}).update(dict.fromkeys(scores))
    return {method: {metric: mean(method, metric) for metric in named} for method, named in metrics.items()}


def _ratios(clips: Sequence[ClipScore], metric: str) -> dict[str, float | None]:
    """Of every method, the mean over clips of its value over the truth's own."""
    methods = dict.fromkeys(
        method for clip in clips for method, scores in clip.scores.items() if method != TRUTH and metric in scores
    )
    return {method: _mean(clip.ratio(metric, method) for clip in clips) for method in methods}


def _of(scores: Mapping[str, Means], metric: str) -> Means:
    return {method: named[metric] for method, named in scores.items() if metric in named}


def _mean(values: Iterable[float | None], weights: Sequence[float] | None = None) -> float | None:
    """The mean of the numbers there are."""
    numbers = list(values)
    pairs = [
        (value, weight)
        for value, weight in zip(numbers, weights or [1] * len(numbers), strict=True)
        if value is not None
    ]
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs) if pairs else None
