"""How fast vcnode is on a machine, how near to that machine's limit, and beside other programs."""

from vcnode.bench.against import Comparison, ProgramTiming, Rival
from vcnode.bench.arithmetic import Work, count
from vcnode.bench.benchmark import Benchmark, BenchOptions, run_benchmark
from vcnode.bench.case import USUAL_CASES, Case
from vcnode.bench.measure import CaseResult, Stage
from vcnode.bench.peak import Peak
from vcnode.bench.report import as_text, as_values
from vcnode.bench.stopwatch import Timing

__all__ = [
    "USUAL_CASES",
    "BenchOptions",
    "Benchmark",
    "Case",
    "CaseResult",
    "Comparison",
    "Peak",
    "ProgramTiming",
    "Rival",
    "Stage",
    "Timing",
    "Work",
    "as_text",
    "as_values",
    "count",
    "run_benchmark",
]
