"""Comparing with another program: the same pictures on the same machine, in turns."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vcnode.bench.case import Case
from vcnode.bench.child import ChildRun, run_child
from vcnode.bench.command_line import fill_in
from vcnode.bench.footage import color_picture, gray_frame
from vcnode.errors import InputError
from vcnode.media import write_png

PLACES = ("frames", "reference", "output", "count", "width", "height")
"""What a command may name in braces."""


@dataclass(frozen=True)
class ProgramTiming:
    """What a program takes, its start left out.

    Attributes:
        seconds: A frame: the fastest run with many frames less the fastest with few, by the difference.
        cpu_seconds: Processor time a frame, likewise; None where the system does not tell.
        startup: Seconds before the first frame, by the same two runs.
        memory: Greatest memory of all runs in bytes, or None.
    """

    seconds: float
    cpu_seconds: float | None
    startup: float
    memory: int | None

    @classmethod
    def of(cls, few: Sequence[ChildRun], many: Sequence[ChildRun], counts: tuple[int, int]) -> "ProgramTiming":
        """Take the fastest of some runs with few frames and of some with many."""
        frames = counts[1] - counts[0]
        seconds = (min(run.seconds for run in many) - min(run.seconds for run in few)) / frames
        startup = min(run.seconds for run in few) - counts[0] * seconds
        used = [[run.cpu_seconds for run in runs if run.cpu_seconds is not None] for runs in (few, many)]
        cpu = (min(used[1]) - min(used[0])) / frames if all(used) else None
        memory = max((run.memory for run in (*few, *many) if run.memory is not None), default=None)
        return cls(seconds, cpu, startup, memory)


@dataclass(frozen=True)
class Comparison:
    """Two programs at one size.

    Attributes:
        case: The size.
        command: The other program's.
        counts: Frames of the short and of the long run.
        rounds: How often both were run.
        ours: Of our own program.
        theirs: Of the other program.
    """

    case: Case
    command: str
    counts: tuple[int, int]
    rounds: int
    ours: ProgramTiming
    theirs: ProgramTiming

    @property
    def faster(self) -> float | None:
        """How many times as long the other program takes for a frame; None as in `_ratio`."""
        return _ratio(self.theirs.seconds, self.ours.seconds)

    @property
    def less_processor(self) -> float | None:
        """How many times our processor time the other program uses for a frame; None as in `_ratio`."""
        return _ratio(self.theirs.cpu_seconds, self.ours.cpu_seconds)

    @property
    def less_memory(self) -> float | None:
        """How many times our memory the other program needs; None as in `_ratio`."""
        return _ratio(self.theirs.memory, self.ours.memory)


def _ratio(theirs: float | None, ours: float | None) -> float | None:
    """None where one is not known, or the runs differed by less than chance, which shows as no time at all or less."""
    return None if theirs is None or ours is None or min(theirs, ours) <= 0 else theirs / ours


@dataclass(frozen=True)
class Rival:
    """Another program, and how to run it beside ours.

    Attributes:
        command: With places such as `{frames}`; `{frames}` and `{output}` are needed.
        counts: Frames of the short and of the long run.
        rounds: How often both are run.

    Raises:
        InputError: The command names no frames or no output, or an unknown place; or the counts do not rise.
    """

    command: str
    counts: tuple[int, int] = (2, 6)
    rounds: int = 2

    def __post_init__(self) -> None:
        named = set(re.findall(r"\{(\w*)\}", self.command))
        unknown = sorted(named - set(PLACES))
        if unknown or not {"frames", "output"} <= named:
            places = ", ".join(f"{{{place}}}" for place in PLACES)
            wrong = f"names {{{unknown[0]}}}" if unknown else "does not name {frames} and {output}"
            raise InputError(
                f"The command {self.command!r} {wrong}: it can name {places}, and needs the frames' "
                "folder and the output's."
            )
        if not 1 <= self.counts[0] < self.counts[1] or self.rounds < 1:
            raise InputError(
                f"Runs of {self.counts[0]} and {self.counts[1]} frames, {self.rounds} times, cannot be compared: give "
                "a short and a longer run, once or more."
            )

    def compare(
        self,
        case: Case,
        ours: Sequence[str],
        environment: dict[str, str],
        cancelled: Callable[[], bool] = lambda: False,
        on_run: Callable[[str], None] = lambda what: None,
    ) -> Comparison:
        """Run both programs in turns.

        Args:
            case: The size of the pictures.
            ours: Our own command; the paths of frames, reference and output are put behind it.
            environment: Of both programs, added to this process's own.
            cancelled: True ends the program that is running.
            on_run: Called with a few words before each run.

        Raises:
            InputError: A program cannot be started, fails, or writes too few pictures.
            Cancelled: `cancelled` said so.
        """
        runs: dict[tuple[bool, int], list[ChildRun]] = {}
        with TemporaryDirectory(prefix="vcnode-bench-") as name:
            folder = Path(name)
            write_png(folder / "reference.png", color_picture(case.width, case.height))
            for count in self.counts:
                write_frames(folder / f"frames{count}", case, count)
            for turn in range(self.rounds):
                for count in self.counts:
                    for is_ours in (True, False):
                        on_run(f"{'vcnode' if is_ours else 'the other program'}, {count} frames, round {turn + 1}")
                        output = folder / f"output{turn}-{count}-{is_ours}"
                        output.mkdir()
                        paths = [str(folder / f"frames{count}"), str(folder / "reference.png"), str(output)]
                        places = dict(zip(PLACES, [*paths, str(count), str(case.width), str(case.height)], strict=True))
                        command = [*ours, *paths] if is_ours else fill_in(self.command, places)
                        runs.setdefault((is_ours, count), []).append(run_child(command, environment, cancelled))
                        _check(output, count, "vcnode" if is_ours else self.command)
        few, many = self.counts
        timings = {own: ProgramTiming.of(runs[own, few], runs[own, many], self.counts) for own in (True, False)}
        return Comparison(case, self.command, self.counts, self.rounds, timings[True], timings[False])


def write_frames(folder: Path, case: Case, count: int) -> None:
    """Write `00000.png` and so on: gray pictures stored as R'G'B', which every program reads."""
    folder.mkdir()
    for number in range(count):
        gray = gray_frame(case.width, case.height, number)
        write_png(folder / f"{number:05d}.png", gray[:, :, None].repeat(3, axis=2))


def _check(output: Path, count: int, program: str) -> None:
    """A program that did nothing would be fast."""
    found = sum(1 for path in output.rglob("*") if path.is_file() and not path.name.startswith("."))
    if found < count:
        raise InputError(
            f"The program {program} wrote {found} files to its output folder for {count} frames: it must write a "
            "picture each, or times mean nothing."
        )
