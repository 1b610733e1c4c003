"""Figures as a table for people and as JSON for programs."""

from dataclasses import asdict
from typing import Any

from vcnode.bench.against import Comparison
from vcnode.bench.benchmark import Benchmark
from vcnode.bench.measure import CaseResult, Stage
from vcnode.bench.peak import Peak

_NONE = "-"


def as_text(found: Benchmark) -> str:
    """Everything, in tables."""
    weights = " with random weights, since its own are not on this machine" if found.random_weights else ""
    settings = found.settings
    lines = [
        f"{found.model}{weights}; {found.device}, {found.threads} threads, {settings.precision}, "
        f"look-ahead {settings.window}",
        "; ".join(f"{name} {value}" for name, value in found.machine.items()),
    ]
    if (peak := found.peak) is not None:
        lines.append(
            f"peak: {_giga(peak.matmul)} GFLOP/s multiplying matrices, {_giga(peak.convolution)} convolving; "
            f"{_giga(peak.copy)} GB/s copying"
        )
    for result in found.cases:
        lines += ["", *_case(result, found.peak)]
    for comparison in found.comparisons:
        lines += ["", *_comparison(comparison)]
    return "\n".join(lines)


def as_values(found: Benchmark) -> dict[str, Any]:
    """Everything as plain values: seconds, bytes, FLOPs."""
    return {
        "complete": found.complete,
        **{name: getattr(found, name) for name in ("model", "random_weights", "device", "threads", "machine")},
        "precision": found.settings.precision,
        "look_ahead": found.settings.window,
        "peak": None if found.peak is None else asdict(found.peak),
        "cases": [
            {
                "size": str(result.case),
                "working_size": [result.case.working_size.padded_width, result.case.working_size.padded_height],
                "stages": [_stage_values(stage, found.peak) for stage in result.stages],
                "frame": asdict(result.frame),
                "process_memory": result.process_memory,
                "device_memory": result.device_memory,
            }
            for result in found.cases
        ],
        "comparisons": [
            {
                "size": str(each.case),
                "command": each.command,
                "frames": list(each.counts),
                "rounds": each.rounds,
                "ours": asdict(each.ours),
                "theirs": asdict(each.theirs),
                "faster": each.faster,
                "less_processor": each.less_processor,
                "less_memory": each.less_memory,
            }
            for each in found.comparisons
        ],
    }


def _stage_values(stage: Stage, peak: Peak | None) -> dict[str, Any]:
    work = None if stage.work is None else asdict(stage.work)
    return {"name": stage.name, **asdict(stage.timing), "work": work, "share_of_peak": _share(stage, peak)}


def _share(stage: Stage, peak: Peak | None) -> float | None:
    if peak is None or stage.work is None or stage.work.flops == 0:
        return None
    return stage.work.flops / stage.timing.seconds / peak.flops


def _case(result: CaseResult, peak: Peak | None) -> list[str]:
    size = result.case.working_size
    memory = [
        f"{name} {_giga(amount, 2)} GB"
        for name, amount in (("process", result.process_memory), ("GPU", result.device_memory))
        if amount is not None
    ]
    rows = [["", "ms", "median", "CPU ms", "GFLOP", "GB moved", "of peak"]]
    for stage in result.stages:
        timing, work, share = stage.timing, stage.work, _share(stage, peak)
        counted = [_NONE, _NONE] if work is None else [_giga(work.flops, 1), _giga(work.bytes, 2)]
        shown = _NONE if share is None else f"{100 * share:.0f} %"
        rows.append([stage.name, *map(_milli, (timing.seconds, timing.median, timing.cpu_seconds)), *counted, shown])
    frame = result.frame
    rows.append(["whole frame", *map(_milli, (frame.seconds, frame.median, frame.cpu_seconds))])
    return [
        f"{result.case}: the network works at {size.padded_width}x{size.padded_height}; "
        f"{1 / frame.seconds:.2f} frames a second; greatest memory: {', '.join(memory) or 'not known'}",
        *_aligned(rows),
    ]


def _comparison(found: Comparison) -> list[str]:
    rows = [["", "s/frame", "CPU s/frame", "start s", "memory GB"]]
    for name, timing in (("vcnode", found.ours), ("the other", found.theirs)):
        cpu = _NONE if timing.cpu_seconds is None else f"{timing.cpu_seconds:.3f}"
        rows.append([name, f"{timing.seconds:.3f}", cpu, f"{timing.startup:.1f}", _giga(timing.memory, 2)])
    rows.append(["ratio", _ratio(found.faster), _ratio(found.less_processor), "", _ratio(found.less_memory)])
    few, many = found.counts
    return [
        f"{found.case}, beside {found.command}: the difference of {many} and {few} frames, the best of {found.rounds}",
        *_aligned(rows),
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=False)) for row in rows)
    ]


def _milli(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _giga(amount: float | None, digits: int = 0) -> str:
    return _NONE if amount is None else f"{amount / 1e9:.{digits}f}"


def _ratio(value: float | None) -> str:
    return _NONE if value is None else f"x{value:.2f}"
