"""The figures of a run as text, for a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from vcnode.evaluation.evaluation import Evaluation
from vcnode.evaluation.methods import OURS
from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.stills import TRUTH

LOOKS = ("flicker", "ab flicker", "colour", "CDC e-3")
RATIOS = ("flicker x", "colour x")  # to the truth's
_DISTANCES = (1, 5, 10, 20, 30)
_OUR_METRICS = {
    "ssim": "SSIM {:.4f}",
    "lpips": "LPIPS {:.4f}",
    "ciede2000_mean": "CIEDE2000 {:.2f} mean",
    "ciede2000_p95": "{:.2f} p95",
    "colormnet_script_psnr": "PSNR by ColorMNet's script {:.2f} dB",
}


def table(evaluation: Evaluation) -> str:
    """All figures of a run, methods in rows, then clips in rows."""
    summary = evaluation.summary
    compared = [clip for clip in evaluation.clips if clip.protocol == "first-frame"]
    looked_at = [clip for clip in evaluation.clips if clip.protocol == "other-scene"]
    parts: list[str] = []
    if evaluation.status == "interrupted":
        parts.append("Interrupted: these are the clips that were finished.")
    if compared:
        count = f"{summary['clips']} clips, {summary['frames']} frames"
        parts += [f"The first frame is the reference ({count}); ab-PSNR in dB by distance from it:"]
        parts += [_methods(summary), "\n".join(verdicts(summary)), _by_clip(compared)]
    if looked_at:
        other = summary["other_scene"]
        count = f"{other['clips']} clips, {other['frames']} frames"
        parts += [f"The reference is from another scene ({count}), so there is no truth for the colours:"]
        parts += [_looks(other), _looks_by_clip(looked_at)]
    notes = [f"left out of {each.protocol or 'all'}: {each.clip}: {each.reason}" for each in evaluation.left_out]
    notes += [f"no {name}: {reason}" for name, reason in evaluation.unavailable.items()]
    parts += ["\n".join(notes)] if notes else []
    return "\n\n".join(parts)


def verdicts(summary: Mapping[str, object]) -> list[str]:
    """The comparison with the baselines in words, and what was measured of the network's result alone."""
    lines = []
    smallest, behind = summary.get("margin_beyond_10"), summary.get("behind_flow_up_to_10")
    if isinstance(smallest, Mapping):
        answer = "yes" if summary["beats_baselines_beyond_10"] else "no"
        lines.append(
            f"Beyond 10 frames {OURS} is 1 dB or more above every baseline: {answer} (smallest lead "
            f"{smallest['margin']:+.2f} dB, over {smallest['baseline']} at {smallest['distance']})."
        )
    if isinstance(behind, Mapping):
        shortfall, distance = behind["shortfall"], behind["distance"]
        word = "behind" if shortfall > 0 else "ahead of"
        extreme = "most" if shortfall > 0 else "least"
        lines.append(f"Up to 10 frames it is at {extreme} {abs(shortfall):.2f} dB {word} optical flow (at {distance}).")
    scores = summary.get("scores")
    ours = scores.get(OURS, {}) if isinstance(scores, Mapping) else {}
    said = [text.format(ours[name]) for name, text in _OUR_METRICS.items() if ours.get(name) is not None]
    fid = summary.get("fid")
    said += [f"FID {fid:.2f}"] if isinstance(fid, float) else []
    return [*lines, f"{OURS}: {', '.join(said)}."] if said else lines


def shown_distances(curve: Mapping[str, object]) -> list[str]:
    """The distances worth a column: some fixed ones that were reached, and the last."""
    last = max(map(int, curve), default=0)
    return [str(distance) for distance in sorted({*(d for d in _DISTANCES if d <= last), last}) if distance]


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Align columns; the first to the left, the others to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def number(value: object, form: str = ".2f") -> str:
    """A number, or a dash where there is none."""
    return format(float(value), form) if isinstance(value, int | float) else "-"


def _methods(summary: Mapping[str, object]) -> str:
    curve, scores = summary["ab_psnr_by_distance"], summary["scores"]
    assert isinstance(curve, Mapping)
    assert isinstance(scores, Mapping)
    distances = shown_distances(curve)
    header = ["", *distances, "mean", "RGB-PSNR", *LOOKS]
    rows = []
    for method, metrics in scores.items():
        at = [number(curve[distance].get(method)) for distance in distances]
        rows.append([method, *at, number(metrics.get("ab_psnr")), number(metrics.get("rgb_psnr")), *looks(metrics)])
    return grid(header, rows)


def _looks(summary: Mapping[str, object]) -> str:
    scores = summary["scores"]
    assert isinstance(scores, Mapping)
    return grid(["", *LOOKS], ([method, *looks(metrics)] for method, metrics in scores.items()))


def looks(metrics: Mapping[str, object]) -> list[str]:
    """What `LOOKS` names of one method."""
    cdc = metrics.get("cdc")
    plain = [number(metrics.get(name)) for name in ("warp_error", "ab_warp_error", "colourfulness")]
    return [*plain, number(1000 * cdc if isinstance(cdc, float) else None, ".3f")]


def _by_clip(clips: Sequence[ClipScore]) -> str:
    methods = [method for method in clips[0].scores if method != TRUTH]
    header = ["ab-PSNR of", "frames", *methods, *RATIOS]
    rows = []
    for clip in clips:
        means = [number(clip.scores[method].get("ab_psnr")) for method in methods]
        rows.append([clip.clip, str(clip.frames), *means, *ratios(clip)])
    return grid(header, rows)


def _looks_by_clip(clips: Sequence[ClipScore]) -> str:
    header = ["clip", "frames", "reference", "confidence", *RATIOS]
    return grid(
        header,
        ([clip.clip, str(clip.frames), clip.reference, number(clip.confidence), *ratios(clip)] for clip in clips),
    )


def ratios(clip: ClipScore) -> list[str]:
    """What `RATIOS` names of one clip."""
    return [number(clip.ratio("warp_error")), number(clip.ratio("colourfulness"))]
