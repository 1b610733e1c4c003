"""A picture of what training does: reference, gray, matched, coloured and truth, one clip a row."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vcnode.color import lab_to_rgb
from vcnode.training.batch import Batch
from vcnode.training.unroll import Colored

COLUMNS = ("reference", "gray", "matched", "coloured", "truth")


@torch.no_grad()
def sample_sheet(batch: Batch, colored: Colored, rows: int = 4) -> NDArray[np.uint8]:
    """Draw the last frame of some clips, `(rows * H, 5 * W, 3)`, 8-bit RGB; the columns are `COLUMNS`."""
    shown = slice(0, min(rows, len(batch.reference)))
    lightness, truth = batch.lightness[shown, -1], batch.truth[shown, -1]
    size = tuple(lightness.shape[2:])
    matched = F.interpolate(colored.warped_ab[shown, -1], size, mode="bilinear", align_corners=False)
    labs = (
        _fitted(batch.reference[shown], size),
        torch.cat((lightness, torch.zeros_like(matched)), dim=1),
        torch.cat((lightness, matched), dim=1),
        torch.cat((lightness, colored.ab[shown, -1]), dim=1),
        truth,
    )
    pictures = torch.cat([lab_to_rgb(lab.float().cpu()) for lab in labs], dim=3)  # side by side
    codes = (pictures * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    sheet: NDArray[np.uint8] = codes.flatten(0, 1).numpy()
    return sheet


def _fitted(lab: Tensor, size: tuple[int, ...]) -> Tensor:
    return lab if tuple(lab.shape[2:]) == size else F.interpolate(lab, size, mode="area")
