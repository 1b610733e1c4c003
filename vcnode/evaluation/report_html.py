"""The figures of a run as one page that needs nothing else: pictures and curves are inside it."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from vcnode.counted import counted
from vcnode.evaluation.evaluation import Evaluation
from vcnode.evaluation.methods import OURS, LeftGray, MatchingAlone
from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.report_curve import chart
from vcnode.evaluation.report_table import (
    LOOKS,
    RATIOS,
    clip_rows,
    look_rows,
    method_rows,
    methods_of,
    number,
    ratios,
    shown_distances,
    size,
    verdicts,
)
from vcnode.evaluation.stills import CONFIDENCE, GRAY, REFERENCE, TRUTH, Still

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em; }
h2 { margin-top: 2.2em; } h3 { margin: 2em 0 0.4em; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.8em 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #8886; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { white-space: normal; }
tr.ours { font-weight: bold; }
svg { width: 100%; max-width: 880px; height: auto; display: block; margin: 0.8em 0; }
.stills { display: grid; grid-template-columns: repeat(5, 1fr); gap: 6px; }
figure { margin: 0; } figure img { width: 100%; height: auto; display: block; border-radius: 3px; }
figcaption, .note { font-size: 0.85em; opacity: 0.8; }
pre { overflow-x: auto; font-size: 0.85em; }
"""
_WEAK = (LeftGray.name, "reinhard")  # left out of close-ups, where they would flatten everything else
_NOTES = {
    "ab-PSNR": "10 log10(255² / mean squared error of a and b), in dB; the reference frame is not scored.",
    "RGB-PSNR, SSIM, LPIPS": "of pictures rounded to 8 bits, whose L is the truth's; LPIPS 0.1 on AlexNet, -1..1.",
    "PSNR by ColorMNet's script": "with that script's 8-bit overflow: only to compare with numbers published from it.",
    "flicker": "warp error: mean change of RGB beyond the truth's motion, in 8-bit units; most of it is lightness. "
    "ab flicker is the same of a and b. Grain makes the truth's own more than 0; x is the ratio to the truth's.",
    "colour": "colourfulness of Hasler and Süsstrunk; x is the ratio to the truth's.",
    "CDC": "colour distribution consistency (TCVC), in thousandths; steady is low, and gray is often steadiest.",
    "confidence": "similarity with the reference, dark for none; it is not correctness.",
}


def html_page(evaluation: Evaluation) -> str:
    """Draw the page; everything that is not ours is escaped."""
    compared = [clip for clip in evaluation.clips if clip.protocol == "first-frame"]
    looked_at = [clip for clip in evaluation.clips if clip.protocol == "other-scene"]
    summary, model = evaluation.summary, str(evaluation.about.get("model", {}).get("label", "a model"))
    parts = [f"<h1>vcnode: evaluation of {escape(model)}</h1>"]
    if evaluation.status != "complete":
        parts.append(f"<p><strong>This run is {evaluation.status}: only the finished clips are here.</strong></p>")
    parts.append(_paragraph(f"On {evaluation.about.get('device', 'an unknown device')}.", "note"))
    if compared:
        parts += _first_frame(summary, compared)
    if looked_at:
        parts += _other_scene(summary["other_scene"], looked_at)
    parts.append("<h2>What the figures mean</h2><ul>")
    parts += [f"<li><b>{escape(name)}</b>: {escape(note)}</li>" for name, note in _NOTES.items()]
    parts += [f"<li><b>no {escape(name)}</b>: {escape(why)}</li>" for name, why in evaluation.unavailable.items()]
    parts.append("</ul>")
    if evaluation.left_out:
        parts.append("<h2>Left out</h2><ul>")
        for each in evaluation.left_out:
            parts.append(f"<li><b>{escape(each.clip)}</b> ({each.protocol or 'always'}): {escape(each.reason)}</li>")
        parts.append("</ul>")
    about = escape(json.dumps(dict(evaluation.about), indent=1, default=str))
    parts.append(f"<details><summary>Versions, model, settings</summary><pre>{about}</pre></details>")
    title = f"<title>vcnode: {escape(model)}</title>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{title}'
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n'
    )


def _first_frame(summary: Mapping[str, Any], clips: Sequence[ClipScore]) -> list[str]:
    curve, methods = summary["ab_psnr_by_distance"], methods_of(clips)
    header = ["", *(f"at {distance}" for distance in shown_distances(summary)), "ab-PSNR", "RGB-PSNR", *LOOKS]
    curves = {name: [(int(d), at[name]) for d, at in curve.items() if name in at] for name in methods}
    strong = [name for name in methods if name not in (OURS, *_WEAK)]
    leads = {name: [(int(d), at[OURS] - at[name]) for d, at in curve.items() if name in at] for name in strong}
    across = "distance from the reference, frames"
    return [
        "<h2>The first frame as reference</h2>",
        _paragraph(f"{size(summary)}; means over each clip, then over clips."),
        *(_paragraph(line) for line in verdicts(summary)),
        _table(header, method_rows(summary)),
        "<h3>ab-PSNR over the distance from the reference</h3>",
        chart(curves, across=across, up="ab-PSNR, dB", names=methods),
        f"<h3>Lead of {OURS} over the stronger baselines</h3>" if leads else "",
        chart(leads, across=across, up="lead, dB (dots: 1)", names=methods, height=260, line=1.0),
        "<h3>By clip</h3>",
        _table(["ab-PSNR", "frames", *methods, *RATIOS], clip_rows(clips), ours=None),
        *(part for clip in clips for part in _clip(clip)),
    ]


def _clip(clip: ClipScore) -> list[str]:
    curves = clip.ab_psnr_by_distance
    means = {name: sum(values) / len(values) for name, values in curves.items() if values}
    rivals = [name for name in means if name not in (OURS, LeftGray.name)]
    best = max(rivals, key=lambda name: means[name], default=None)
    shown = {name: list(enumerate(curves[name], 1)) for name in curves if name not in _WEAK}
    scores = clip.scores[OURS]
    named = {
        "RGB-PSNR": number(scores.get("rgb_psnr")),
        "SSIM": number(scores.get("ssim"), ".4f"),
        "LPIPS": number(scores.get("lpips"), ".4f"),
        "CIEDE2000": number(scores.get("ciede2000_mean")),
        "confidence": number(clip.confidence),
    }
    facts = ", ".join(f"{name} {value}" for name, value in named.items() if value != "-")
    columns = [TRUTH, GRAY, OURS, *([best] if best else []), CONFIDENCE]
    return [
        f"<h3>{escape(clip.clip)}</h3>",
        _paragraph(f"{counted(clip.frames, 'frame')} of {clip.width}x{clip.height}; {OURS}: {facts}", "note"),
        _stills(clip.stills, columns),
        chart(shown, across="frames from the reference", up="ab-PSNR, dB", names=list(curves), height=220),
    ]


def _other_scene(summary: Mapping[str, Any], clips: Sequence[ClipScore]) -> list[str]:
    parts = [
        "<h2>A reference from another scene</h2>",
        _paragraph(f"{size(summary)}; there is no truth for the colours."),
        _table(["", *LOOKS], look_rows(summary)),
    ]
    for clip in clips:
        beside = ", ".join(f"{name} {value}" for name, value in zip(RATIOS, ratios(clip), strict=True))
        parts += [
            f"<h3>{escape(clip.clip)}</h3>",
            _paragraph(f"Reference: {clip.reference}. Confidence {number(clip.confidence)}, {beside}.", "note"),
            _stills(clip.stills, [REFERENCE, GRAY, OURS, MatchingAlone.name, CONFIDENCE]),
        ]
    return parts


def _stills(stills: Iterable[Still], columns: Sequence[str]) -> str:
    figures = []
    for still in stills:
        for name in columns:
            picture = still.pictures.get(name)
            if picture is None:
                continue
            source = f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
            words = escape(f"{name}, frame {still.number}", quote=True)
            figures.append(f'<figure><img src="{source}" alt="{words}"><figcaption>{words}</figcaption></figure>')
    return f'<div class="stills">{"".join(figures)}</div>'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], ours: str | None = OURS) -> str:
    lines = ["<tr>" + "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header) + "</tr>"]
    for row in rows:
        kind = ' class="ours"' if row[0] == ours else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"
