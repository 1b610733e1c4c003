"""Pictures drawn frame by frame, and how their pixels move from one frame to the next.

A view `(B, 2, H, W)` says what a frame shows: at pixel `x` the point `view(x)` of a picture, horizontal then vertical,
in pixels of a frame that the whole picture fills exactly. The picture itself may have any resolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

_ROUNDS = 4  # Newton's; views are smooth, so each gains more than a digit
_SOLVED = 0.05  # pixels by which the point found may miss
_LEAST_AREA = 0.2  # of a pixel after the motion; where less is left the picture folds, and nothing is found


@dataclass(frozen=True)
class Clip:
    """Frames with known colours and known motion.

    Attributes:
        truth: Lab `(B, T, 3, H, W)`.
        flow: As in `Batch`, `(B, T-1, 2, H, W)`.
        visible: As in `Batch`, `(B, T-1, 1, H, W)`.
        other_view: The same scene, seen otherwise, Lab `(B, 3, H, W)`.
    """

    truth: Tensor
    flow: Tensor
    visible: Tensor
    other_view: Tensor

    @classmethod
    def join(cls, frames: Sequence[Tensor], motion: Sequence[tuple[Tensor, Tensor]], other_view: Tensor) -> "Clip":
        """Put a clip together.

        Args:
            frames: T of `(B, 3, H, W)`.
            motion: One pair or more, T-1, of flow `(B, 2, H, W)` and visibility `(B, 1, H, W)`, bool or 0..1.
            other_view: `(B, 3, H, W)`.
        """
        flows, visible = zip(*motion, strict=True)
        return cls(
            torch.stack(list(frames), dim=1),
            torch.stack(flows, dim=1),
            torch.stack(visible, dim=1).to(frames[0].dtype),
            other_view,
        )


def whole_view(height: int, width: int, device: torch.device) -> Tensor:
    """The view that shows the whole picture: the coordinates of all pixels `(1, 2, H, W)`."""
    rows = torch.arange(height, device=device, dtype=torch.float32)
    columns = torch.arange(width, device=device, dtype=torch.float32)
    return torch.stack(torch.meshgrid(columns, rows, indexing="xy"))[None]


def draw(picture: Tensor, view: Tensor, outside: Literal["reflection", "border", "zeros"] = "reflection") -> Tensor:
    """Show a picture `(B, C, h, w)` in a view `(B, 2, H, W)`: `(B, C, H, W)`."""
    height, width = view.shape[2:]
    size = view.new_tensor([width, height]).view(2, 1, 1)
    grid = torch.addcmul(1 / size - 1, view, 2 / size).permute(0, 2, 3, 1)
    return F.grid_sample(picture, grid, padding_mode=outside, align_corners=False)


def forward_flow(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """Find where the points that one frame shows are in the next.

    Solves `after(x + flow) = before(x)` by Newton's method, at all pixels at once.

    Args:
        before: View of the frame `(B, 2, H, W)`.
        after: View of the next one, same shape.

    Returns:
        The flow `(B, 2, H, W)`, and whether its end lies in the picture and shows the same point `(B, 1, H, W)`, bool.
    """
    height, width = before.shape[2:]
    start = whole_view(height, width, before.device)
    down, across = torch.gradient(after, dim=(2, 3))
    (u_x, v_x), (u_y, v_y) = across.split(1, dim=1), down.split(1, dim=1)  # type: ignore[no-untyped-call]
    share = 1 / (u_x * v_y - u_y * v_x).clamp(min=_LEAST_AREA)
    by_u, by_v = torch.cat((v_y, -v_x), dim=1) * share, torch.cat((-u_y, u_x), dim=1) * share
    place = start + before - after
    for _ in range(_ROUNDS):
        missed = draw(after, place, "border") - before
        place = place - by_u * missed[:, :1] - by_v * missed[:, 1:]
    missed = draw(after, place, "border") - before
    size = before.new_tensor([width, height]).view(2, 1, 1)
    inside = ((place >= 0) & (place <= size - 1)).all(dim=1, keepdim=True)
    solved = missed.square().sum(dim=1, keepdim=True) < _SOLVED**2
    return torch.minimum(torch.maximum(place - start, -size), size), inside & solved
