"""One benchmark from options to figures."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from vcnode import __version__
from vcnode.bench.against import Comparison, Rival
from vcnode.bench.case import USUAL_CASES, Case
from vcnode.bench.measure import CaseResult, measure_case
from vcnode.bench.models import model_to_time
from vcnode.bench.peak import Peak, measure_peak
from vcnode.bench.stopwatch import Stopwatch
from vcnode.errors import InputError
from vcnode.sequence import Settings
from vcnode.sequence.memory import is_out_of_memory, out_of_memory


@dataclass(frozen=True)
class BenchOptions:
    """What is measured.

    Attributes:
        model: A registry name or a weights file.
        device: "auto", "cpu", "cuda", "cuda:1".
        cases: Sizes.
        settings: Precision and look-ahead; the working size is that of each case.
        repeats: Runs of every step at most.
        rival: Another program to compare with at each size, or None.

    Raises:
        InputError: No runs.
    """

    model: str = "lite"
    device: str = "auto"
    cases: tuple[Case, ...] = USUAL_CASES
    settings: Settings = field(default_factory=Settings)
    repeats: int = 5
    rival: Rival | None = None

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise InputError(f"{self.repeats} runs were asked for: give 1 or more.")


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Attributes:
        model: As it was asked for.
        random_weights: Whether the weights are random, because the model's are not on this machine.
        device: In words.
        threads: Of PyTorch on the CPU.
        settings: Precision and look-ahead, those left open as the model and its device decide.
        machine: What else decides the times.
        peak: The best that the device was seen to do; None where the run ended before it was measured.
        cases: Smallest size first.
        comparisons: With the other program.
        complete: Whether all sizes were measured; else the run was stopped or failed at a later one.
    """

    model: str
    random_weights: bool
    device: str
    threads: int
    settings: Settings
    machine: dict[str, str]
    peak: Peak | None
    cases: tuple[CaseResult, ...]
    comparisons: tuple[Comparison, ...]
    complete: bool


def run_benchmark(
    options: BenchOptions,
    on_step: Callable[[str], None] = lambda what: None,
    cancelled: Callable[[], bool] = lambda: False,
    on_found: Callable[[Benchmark], None] = lambda found: None,
) -> Benchmark:
    """Measure.

    Args:
        options: What.
        on_step: Called with a few words before each step.
        cancelled: Asked before each step; True ends the run.
        on_found: Called after each size with all that was measured so far, which a failure at a later one leaves.

    Raises:
        ModelError: The model is unknown or damaged.
        DeviceError: The device is not there.
        InputError: The other program cannot be run.
        Cancelled: `cancelled` said so.
    """
    model, random_weights = model_to_time(options.model, options.device)
    device = next(model.parameters()).device
    settings, watch = options.settings.on(model), Stopwatch(device, options.repeats, cancelled=cancelled)
    cases = sorted(options.cases, key=lambda case: case.pixels)  # a process's greatest memory never shrinks
    peak: Peak | None = None
    results: list[CaseResult] = []
    comparisons: list[Comparison] = []

    def so_far() -> Benchmark:
        return Benchmark(
            options.model,
            random_weights,
            torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
            torch.get_num_threads(),
            settings,
            _machine(),
            peak,
            tuple(results),
            tuple(comparisons),
            len(results) == len(cases),
        )

    if options.rival is not None:
        arguments = [sys.executable, "-m", "vcnode.bench.program", "--model", options.model, "--device", str(device)]
        arguments += ["--precision", str(settings.precision), "--look-ahead", str(settings.window)]
        threads = str(torch.get_num_threads())
        environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        for case in cases:
            ours = [*arguments, "--size", str(case.short_side)]
            with _named(case, device):
                comparisons.append(options.rival.compare(case, ours, environment, cancelled, _told(on_step, case)))
            on_found(so_far())
    on_step("the machine's peak")
    peak = measure_peak(watch, settings.dtype)
    with tempfile.TemporaryDirectory(prefix="vcnode-bench-") as folder:
        for case in cases:
            with _named(case, device):
                result = measure_case(case, model, settings, watch, Path(folder), _told(on_step, case))
            results.append(_not_below(result, results))
            peak = peak.better_of(measure_peak(watch, settings.dtype))
            on_found(so_far())
    return so_far()


def _not_below(result: CaseResult, before: Sequence[CaseResult]) -> CaseResult:
    """The result, with no less memory than was seen before it: Linux's own maximum is off by some hundred KB."""
    amounts = [each.process_memory for each in (*before, result) if each.process_memory is not None]
    return replace(result, process_memory=max(amounts, default=None))


@contextmanager
def _named(case: Case, device: torch.device) -> Iterator[None]:
    """Let a failure say at which size it came."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise out_of_memory(error, case.short_side, device) from error
        error.add_note(f"That was at the size {case}.")
        raise


def _told(on_step: Callable[[str], None], case: Case) -> Callable[[str], None]:
    return lambda what: on_step(f"{case}: {what}")


def _machine() -> dict[str, str]:
    facts = {
        "system": platform.platform(),
        "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "vcnode": __version__,
    }
    if hasattr(os, "getloadavg"):
        facts["load"] = f"{os.getloadavg()[0]:.1f} processes wanted to run in the last minute"
    return facts
