"""What a clip looks like in itself, whatever the truth: how colourful it is, and how steady."""

from torch import Tensor, hypot

from vcnode.evaluation.metrics import ColorDistributionConsistency, Unavailable, WarpError, colorfulness
from vcnode.evaluation.motion import Motion
from vcnode.evaluation.scores import Means
from vcnode.network.alignment import warp


class Looks:
    """Takes a clip's frames one after the other.

    Metrics, as means over frames or pairs of neighbours:

    - `colourfulness` (Hasler & Suesstrunk), `chroma` (length of ab)
    - `warp_error`: change of RGB beyond motion; most of it is lightness, which is the same in every result
    - `ab_warp_error`: change of a and b beyond motion
    - `ab_change`: change of a and b, motion and all
    - `cdc`: colour distribution consistency

    None of them knows right colours, and a gray clip is often steadier: read them beside the truth's own.
    """

    def __init__(self) -> None:
        self._warp_error, self._cdc = WarpError(), ColorDistributionConsistency()
        self._values: dict[str, list[float]] = {}
        self._previous: Tensor | None = None

    def update(self, ab: Tensor, rgb: Tensor, motion: Motion | None) -> None:
        """Take the next frame.

        Args:
            ab: Colours `(1, 2, H, W)`.
            rgb: The finished picture `(1, 3, H, W)`.
            motion: Between the truth's frame before and this one; None for the first.
        """
        self._cdc.update(rgb)
        self._note("colourfulness", colorfulness(rgb))
        self._note("chroma", hypot(ab[:, 0], ab[:, 1]).mean())
        if self._previous is None or motion is None:
            self._warp_error.update(rgb)
        else:
            self._warp_error.update(rgb, motion.to_current, motion.visible)
            self._note("ab_change", (ab - self._previous).abs().mean())
            beyond_motion = (warp(ab, motion.to_current) - self._previous).abs().mean(dim=1, keepdim=True)
            self._note("ab_warp_error", (beyond_motion * motion.visible).sum() / motion.visible.sum().clamp_min(1))
        self._previous = ab

    def means(self) -> Means:
        """Means so far; None where there were too few frames."""
        means: Means = {name: sum(values) / len(values) for name, values in self._values.items()}
        return {**means, "warp_error": _number(self._warp_error.result()), "cdc": _number(self._cdc.result())}

    def _note(self, name: str, value: Tensor) -> None:
        self._values.setdefault(name, []).append(float(value))


def _number(value: float | Unavailable) -> float | None:
    return None if isinstance(value, Unavailable) else value
