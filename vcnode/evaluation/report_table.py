"""The figures of a run as text, for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vcnode.counted import counted
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
    if evaluation.status != "complete":
        parts.append("Interrupted: these are the clips that were finished.")
    if compared:
        count = size(summary)
        parts += [f"The first frame is the reference ({count}); ab-PSNR in dB by distance from it:"]
        header = ["", *shown_distances(summary), "mean", "RGB-PSNR", *LOOKS]
        parts += [grid(header, method_rows(summary)), "\n".join(verdicts(summary))]
        parts.append(grid(["ab-PSNR of", "frames", *methods_of(compared), *RATIOS], clip_rows(compared)))
    if looked_at:
        other = summary["other_scene"]
        count = size(other)
        parts += [f"The reference is from another scene ({count}), so there is no truth for the colours:"]
        parts.append(grid(["", *LOOKS], look_rows(other)))
        rows = [
            [clip.clip, str(clip.frames), clip.reference, number(clip.confidence), *ratios(clip)] for clip in looked_at
        ]
        parts.append(grid(["clip", "frames", "reference", "confidence", *RATIOS], rows))
    notes = [f"left out of {each.protocol or 'all'}: {each.clip}: {each.reason}" for each in evaluation.left_out]
    notes += [f"no {name}: {reason}" for name, reason in evaluation.unavailable.items()]
    parts += ["\n".join(notes)] if notes else []
    return "\n\n".join(parts)


def verdicts(summary: Mapping[str, Any]) -> list[str]:
    """The comparison with the baselines in words, and what was measured of the network's result alone."""
    lines = []
    smallest, behind = summary.get("margin_beyond_10"), summary.get("behind_flow_up_to_10")
    if smallest is not None:
        answer = "yes" if summary["beats_baselines_beyond_10"] else "no"
        lines.append(
            f"Beyond 10 frames {OURS} is 1 dB or more above every baseline: {answer} (smallest lead "
            f"{smallest['margin']:+.2f} dB, over {smallest['baseline']} at {smallest['distance']})."
        )
    if behind is not None:
        shortfall, distance = behind["shortfall"], behind["distance"]
        word = "behind" if shortfall > 0 else "ahead of"
        extreme = "most" if shortfall > 0 else "least"
        lines.append(f"Up to 10 frames it is at {extreme} {abs(shortfall):.2f} dB {word} optical flow (at {distance}).")
    ours, fid = summary["scores"].get(OURS, {}), summary["fid"]
    said = [text.format(ours[name]) for name, text in _OUR_METRICS.items() if ours.get(name) is not None]
    said += [f"FID {fid:.2f}"] if fid is not None else []
    return [*lines, f"{OURS}: {', '.join(said)}."] if said else lines


def shown_distances(summary: Mapping[str, Any]) -> list[str]:
    """The distances worth a column: some fixed ones that were reached, and the last."""
    last = max(map(int, summary["ab_psnr_by_distance"]), default=0)
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


def size(summary: Mapping[str, Any]) -> str:
    """How much a summary is about."""
    return f"{counted(summary['clips'], 'clip')}, {counted(summary['frames'], 'frame')}"


def methods_of(clips: Sequence[ClipScore]) -> list[str]:
    """The methods that coloured some clips."""
    return [method for method in clips[0].scores if method != TRUTH]


def method_rows(summary: Mapping[str, Any]) -> list[list[str]]:
    """Of each method: its name, ab-PSNR at `shown_distances`, mean ab-PSNR, RGB-PSNR, and what `LOOKS` names."""
    curve, distances = summary["ab_psnr_by_distance"], shown_distances(summary)
    means = ("ab_psnr", "rgb_psnr")
    return [
        [
            method,
            *(number(curve[distance].get(method)) for distance in distances),
            *(number(metrics.get(name)) for name in means),
            *_looks(metrics),
        ]
        for method, metrics in summary["scores"].items()
    ]


def look_rows(summary: Mapping[str, Any]) -> list[list[str]]:
    """Of each method: its name, and what `LOOKS` names."""
    return [[method, *_looks(metrics)] for method, metrics in summary["scores"].items()]


def clip_rows(clips: Sequence[ClipScore]) -> list[list[str]]:
    """Of each clip: its name and frames, the mean ab-PSNR of `methods_of`, and what `RATIOS` names."""
    return [
        [
            clip.clip,
            str(clip.frames),
            *(number(clip.scores[method].get("ab_psnr")) for method in methods_of(clips)),
            *ratios(clip),
        ]
        for clip in clips
    ]


def ratios(clip: ClipScore) -> list[str]:
    """What `RATIOS` names of one clip."""
    return [number(clip.ratio("warp_error")), number(clip.ratio("colourfulness"))]


def _looks(metrics: Mapping[str, Any]) -> list[str]:
    cdc = metrics.get("cdc")
    plain = [number(metrics.get(name)) for name in ("warp_error", "ab_warp_error", "colourfulness")]
    return [*plain, number(None if cdc is None else 1000 * cdc, ".3f")]
