"""What one training step sees."""

from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Short clips with known colours, each with a reference.

    The paper trains on two frames (T = 2): the previous one and the current one.

    Attributes:
        lightness: L as the network sees it, with luminance noise, `(B, T, 1, H, W)`, 0..100.
        truth: Lab without noise `(B, T, 3, H, W)`, L 0..100, ab -128..127.
        reference: Lab `(B, 3, H, W)`.
        same_scene: 1 where the reference shows the frames' own scene, so that `truth` is to be reached, `(B,)`.
        flow: Motion `(B, T-1, 2, H, W)`, horizontal then vertical, in pixels: frame t+1 at `x + flow[:, t](x)` shows
            what frame t shows at `x` (the authors' forward flow).
        visible: 1 where that holds, 0 where it is hidden or out of the picture, `(B, T-1, 1, H, W)`.
    """

    lightness: Tensor
    truth: Tensor
    reference: Tensor
    same_scene: Tensor
    flow: Tensor
    visible: Tensor

    def part(self, clips: slice) -> "Batch":
        """Some of the clips."""
        return Batch(*(getattr(self, field.name)[clips] for field in fields(self)))
