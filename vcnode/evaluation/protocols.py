"""One clip under one protocol: everybody colours it, side by side, and every frame is scored as it passes.

Nothing but the frames before and after a step is kept, so a clip may be as long as it likes.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from vcnode.evaluation.baselines import OpticalFlow, Reinhard, UntrainedComposition
from vcnode.evaluation.clips import Clip, Facts, Truth, read
from vcnode.evaluation.methods import OURS, Given, LeftGray, MatchingAlone, Method, NetworkRun, Ours, PerFrame
from vcnode.evaluation.metrics import FrechetInceptionDistance
from vcnode.evaluation.motion import estimate_motion
from vcnode.evaluation.options import EvaluationOptions, Protocol
from vcnode.evaluation.scoreboard import Scoreboard
from vcnode.evaluation.scores import Means, Networks
from vcnode.evaluation.stills import TRUTH, Still
from vcnode.network import Model
from vcnode.sequence import Reference

_NOTHING = 1e-3  # of a metric of looks: what rounding leaves of a still picture, to which nothing can be compared


@dataclass(frozen=True)
class ClipScore:
    """What came of one clip.

    Attributes:
        clip: Its name.
        protocol: Under which it was scored.
        reference: Where the colours came from, in words.
        frames: How many frames were scored; reference frames are not.
        width: Of the frames as scored.
        height: Likewise.
        confidence: The network's mean confidence, -1..1.
        seconds: What it took.
        scores: Method to metric to mean over the clip's frames; "truth" has what the truth itself looks like.
        ab_psnr_by_distance: Method to ab-PSNR in dB, frame by frame; the first is one frame away from the reference.
        stills: Some frames to look at.
    """

    clip: str
    protocol: Protocol
    reference: str
    frames: int
    width: int
    height: int
    confidence: float
    seconds: float
    scores: dict[str, Means]
    ab_psnr_by_distance: dict[str, list[float]]
    stills: tuple[Still, ...] = ()

    def ratio(self, metric: str, method: str = OURS) -> float | None:
        """A method's value over the truth's own; None where there is nothing to compare."""
        value, truth = self.scores.get(method, {}).get(metric), self.scores.get(TRUTH, {}).get(metric)
        return None if value is None or truth is None or truth < _NOTHING else value / truth


@dataclass(frozen=True)
class Bench:
    """What all clips of a run share.

    Attributes:
        model: The model under test.
        untrained: What `UntrainedComposition` matches with; None where baselines are not run.
        options: The run's choices.
        networks: Behind metrics.
        pooled: FID of the whole run; None where it cannot be had.
        on_frame: Called with the number of frames done of the clip at work; may raise to stop.
    """

    model: Model
    untrained: Model | None
    options: EvaluationOptions
    networks: Networks
    pooled: FrechetInceptionDistance | None
    on_frame: Callable[[int], None]

    @property
    def short_side(self) -> int | None:
        """To which clips are shrunk, if at all."""
        if self.options.size == "full":
            return None
        return self.options.settings.working_size or self.model.config.working_size

    def first_frame(self, clip: Clip) -> Truth:
        """Read a clip's first frame.

        Raises:
            MediaError: It cannot be read.
        """
        return next(read(clip, 1, self.short_side, self.options.gray))


def score_first_frame(clip: Clip, facts: Facts, bench: Bench) -> ClipScore:
    """Colour a clip after its own first frame, and compare all others with the truth.

    Raises:
        InputError: It cannot be used.
        MediaError: It cannot be read.
    """
    first = bench.first_frame(clip)
    reference = Reference(first.rgb[0], frame=0)
    return _score(clip, facts, bench, "first-frame", [reference], "its first frame", first)


def score_other_scene(clip: Clip, facts: Facts, bench: Bench, donor: Clip | None) -> ClipScore:
    """Colour a clip after pictures beside it, or else after another clip's first frame.

    Args:
        clip: The clip; it need not have colours.
        facts: About it.
        bench: What the run shares.
        donor: The clip whose first frame is taken where the clip has no references of its own.

    Raises:
        InputError: A reference cannot be used.
        MediaError: A file cannot be read.
    """
    first = bench.first_frame(clip)
    if clip.references:
        references = [Reference(path) for path in clip.references]
        words = ", ".join(path.name for path in clip.references)
    else:
        assert donor is not None
        references = [Reference(bench.first_frame(donor).rgb[0])]
        words = f"the first frame of {donor.name}"
    return _score(clip, facts, bench, "other-scene", references, words, first)


def _score(
    clip: Clip,
    facts: Facts,
    bench: Bench,
    protocol: Protocol,
    references: Sequence[Reference],
    words: str,
    first: Truth,
) -> ClipScore:
    began = time.monotonic()
    run = NetworkRun(bench.model, references, first.gray, bench.options.settings)
    methods = _methods(bench, protocol, references, first, run)
    board = Scoreboard(
        [method.name for method in methods],
        facts,
        has_truth=protocol == "first-frame",
        quick=bench.options.quick,
        networks=bench.networks,
        pooled=bench.pooled,
        reference=None if protocol == "first-frame" else references[0],
    )
    with ThreadPoolExecutor(1) as scoring:  # a frame is scored while the next is coloured
        scored: Future[None] | None = None
        before: Truth | None = None
        for truth in read(clip, facts.frames, bench.short_side, bench.options.gray):
            bench.on_frame(truth.number)
            motion = None if before is None else estimate_motion(before.gray, truth.gray)
            made = run.step(truth.number, truth.gray)
            given = Given(truth.number, truth.gray, None if motion is None else motion.to_previous, made)
            colors = {method.name: method.color(given) for method in methods}
            if scored is not None:
                scored.result()
            scored = scoring.submit(board.update, truth, motion, given, colors)
            before = truth
        if scored is not None:
            scored.result()
    height, width = first.lab.shape[2:]
    return ClipScore(
        clip.name,
        protocol,
        words,
        board.frames,
        width,
        height,
        board.confidence,
        time.monotonic() - began,
        board.scores,
        board.ab_psnr_by_distance,
        board.stills,
    )


def _methods(
    bench: Bench, protocol: Protocol, references: Sequence[Reference], first: Truth, run: NetworkRun
) -> list[Method]:
    methods: list[Method] = [Ours()]
    if bench.untrained is None:
        return methods
    methods += [LeftGray(), Reinhard([reference.lab() for reference in references]), MatchingAlone()]
    if protocol == "first-frame":
        methods.append(OpticalFlow(first.ab))
    settings = bench.options.settings
    methods.append(UntrainedComposition(bench.untrained, references, first.gray, settings))
    return [*methods, PerFrame(run)]
