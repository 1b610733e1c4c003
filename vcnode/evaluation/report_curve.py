"""Curves as SVG inside a page: no script, no style sheet, legible on light and dark ground."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

# Tones of medium brightness, told apart by their dashes too.
_STROKES = (
    ("#e0483e", "", 3.0),
    ("#3f86d0", "7 3", 1.8),
    ("#2f9e60", "2 3", 1.8),
    ("#a86bd1", "9 3 2 3", 1.8),
    ("#c98a1b", "5 2", 1.8),
    ("#1f9aa5", "1 2", 2.2),
    ("#8a8f98", "12 4", 1.8),
)
_WIDTH, _LEFT, _TOP, _BOTTOM, _LEGEND = 760, 52, 14, 44, 190  # pixels; the picture shrinks with the page
_MOST_TICKS = 7

type Curve = Sequence[tuple[float, float]]
type _Place = Callable[[float, float], tuple[float, float]]


def chart(
    curves: Mapping[str, Curve],
    *,
    across: str,
    up: str,
    names: Sequence[str] = (),
    height: int = 320,
    line: float | None = None,
) -> str:
    """Draw curves over one pair of axes, with a legend.

    Args:
        curves: Name to points (x, y).
        across: What x is, with its unit.
        up: What y is, with its unit.
        names: All that occur in a page, so that each keeps its stroke from chart to chart.
        height: Of the picture in pixels.
        line: A value of y to mark.

    Returns:
        An `<svg>` element; empty where there is nothing to draw.
    """
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return ""
    values = [y for _, y in points] + ([] if line is None else [line])
    x_ticks, y_ticks = _ticks(min(x for x, _ in points), max(x for x, _ in points)), _ticks(min(values), max(values))
    right, bottom = _WIDTH - _LEGEND, height - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        along = (x - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        above = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return _LEFT + along * (right - _LEFT), bottom - above * (bottom - _TOP)

    parts = [_axes(x_ticks, y_ticks, place, right, bottom)]
    if line is not None:
        _, y = place(x_ticks[0], line)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="currentColor" stroke-dasharray="2 4" fill="none"/>')
    for number, (name, curve) in enumerate(curves.items()):
        color, dashes, thickness = _STROKES[(list(names).index(name) if name in names else number) % len(_STROKES)]
        stroke = f'stroke="{color}" stroke-width="{thickness}" stroke-dasharray="{dashes}" fill="none"'
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve))
        if len(curve) == 1:
            x, y = place(*curve[0])
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>')
        parts.append(f'<polyline points="{path}" {stroke}/>')
        y = _TOP + 8 + 20 * number
        parts.append(f'<path d="M{right + 14} {y}H{right + 44}" {stroke}/>')
        parts.append(f'<text x="{right + 50}" y="{y + 4}">{escape(name)}</text>')
    middle = (_TOP + bottom) / 2
    parts.append(f'<text x="{(_LEFT + right) / 2:.0f}" y="{height - 6}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text transform="translate(13 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    label = escape(f"{up} over {across}: {', '.join(curves)}", quote=True)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}" font-size="12" fill="currentColor">'
        + "".join(parts)
        + "</svg>"
    )


def _axes(x_ticks: Sequence[float], y_ticks: Sequence[float], place: _Place, right: int, bottom: int) -> str:
    grid, labels = [], []
    for tick in y_ticks:
        _, y = place(x_ticks[0], tick)
        grid.append(f"M{_LEFT} {y:.1f}H{right}")
        labels.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in x_ticks:
        x, _ = place(tick, y_ticks[0])
        grid.append(f"M{x:.1f} {bottom}v4")
        labels.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    return f'<path d="{"".join(grid)}" stroke="currentColor" stroke-opacity="0.25" fill="none"/>' + "".join(labels)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that enclose low and high."""
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    step = 10 ** math.floor(math.log10(high - low))
    step = next(size for size in (step / 5, step / 2, step, step * 2, step * 5) if (high - low) / size < _MOST_TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
