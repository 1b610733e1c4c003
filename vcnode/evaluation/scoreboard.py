"""All scores of a clip while its frames pass."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from vcnode.color import lab_to_rgb
from vcnode.evaluation.clips import Facts, Truth
from vcnode.evaluation.looks import Looks
from vcnode.evaluation.methods import OURS, Given
from vcnode.evaluation.metrics import FrechetInceptionDistance
from vcnode.evaluation.motion import Motion
from vcnode.evaluation.scores import Errors, Means, Networks, picture, rounded
from vcnode.evaluation.stills import (
    CONFIDENCE,
    GRAY,
    REFERENCE,
    TRUTH,
    Still,
    frames_to_show,
    gray_thumbnail,
    heat_thumbnail,
    thumbnail,
)
from vcnode.sequence import Reference

_WITHOUT_COLOR = ("warp_error", "cdc")  # looks that mean something in a gray film


class Scoreboard:
    """Takes every frame with its colours by every method; keeps sums, and a few small pictures.

    Args:
        methods: Their names, the network's first.
        facts: About the clip.
        has_truth: Whether the truth is what the methods try to reach; its first frame is then the reference, and is not
            scored.
        quick: Only ab-PSNR, and how the network's own result looks.
        networks: Behind metrics; the costly ones are taken of the network's own result alone.
        pooled: FID of the whole run, or None.
        reference: The first of the references where they show something else than the truth.

    Attributes:
        frames: How many were scored.
    """

    def __init__(
        self,
        methods: Sequence[str],
        facts: Facts,
        *,
        has_truth: bool,
        quick: bool,
        networks: Networks,
        pooled: FrechetInceptionDistance | None,
        reference: Reference | None,
    ) -> None:
        self._has_truth, self._pooled = has_truth, pooled if has_truth else None
        self._first, self._quick = (1 if has_truth else 0), quick
        self._shown = frames_to_show(self._first, facts.frames)
        self._reference = None if reference is None else thumbnail(lab_to_rgb(reference.lab()))
        self._errors = {
            name: Errors(networks if name == OURS and not quick else None) for name in (methods if has_truth else ())
        }
        self._looks = {name: Looks() for name in (TRUTH, *methods) if name in (TRUTH, OURS) or not quick}
        self._has_color = facts.has_color
        self._confidence = 0.0
        self._stills: list[Still] = []
        self.frames = 0

    def update(self, truth: Truth, motion: Motion | None, given: Given, colors: Mapping[str, Tensor]) -> None:
        """Take a frame.

        Args:
            truth: As it really is.
            motion: Since the frame before.
            given: What the methods were given.
            colors: Method to ab `(1, 2, H, W)`.
        """
        if truth.number < self._first:
            return
        motion = motion if self.frames else None
        self.frames += 1
        self._confidence += float(given.network.colored.confidence.mean())
        shown = truth.number in self._shown
        self._looks[TRUTH].update(truth.ab, rounded(truth.rgb), motion)
        pictures: dict[str, Tensor] = {}
        for name, ab in colors.items():
            if shown or name in self._looks:
                pictures[name] = picture(truth.lightness, ab)
            if name in self._looks:
                self._looks[name].update(ab, pictures[name], motion)
            if self._has_truth:
                self._errors[name].update(ab, None if self._quick else pictures[name], truth)
        if self._pooled is not None:
            self._pooled.update(pictures[OURS], truth.rgb)
        if shown:
            self._stills.append(self._still(truth, given, pictures))

    @property
    def confidence(self) -> float:
        """The network's mean confidence, -1..1."""
        return self._confidence / max(self.frames, 1)

    @property
    def scores(self) -> dict[str, Means]:
        """Method to metric to mean over the frames; "truth" has how the truth itself looks."""
        names = dict.fromkeys([*self._errors, *self._looks])
        scores = {
            name: (self._errors[name].means() if name in self._errors else {})
            | (self._looks[name].means() if name in self._looks else {})
            for name in names
        }
        if not self._has_color:  # what little colour a gray film's codes hold is nothing to compare with
            scores[TRUTH] = {name: scores[TRUTH].get(name) for name in _WITHOUT_COLOR}
        return scores

    @property
    def ab_psnr_by_distance(self) -> dict[str, list[float]]:
        """Method to ab-PSNR, frame by frame."""
        return {name: errors.frames["ab_psnr"] for name, errors in self._errors.items()}

    @property
    def stills(self) -> tuple[Still, ...]:
        """Some frames to look at."""
        return tuple(self._stills)

    def _still(self, truth: Truth, given: Given, pictures: Mapping[str, Tensor]) -> Still:
        small = {name: thumbnail(rgb) for name, rgb in pictures.items()}
        small[GRAY] = gray_thumbnail(truth.gray)
        small[CONFIDENCE] = heat_thumbnail(given.network.colored.confidence)
        if self._has_truth:
            small[TRUTH] = thumbnail(truth.rgb)
        if self._reference is not None:
            small[REFERENCE] = self._reference
        return Still(truth.number, small)
