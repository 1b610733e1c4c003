"""Whether the picture is made of what the reference is made of, wherever it lies (Mechrez et al., 2018)."""

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.correspondence import normalize
from vcnode.training.losses.affinity import BLOCK, peak_affinity
from vcnode.training.losses.precision import at_least_float32

_AUTHORS = {"r32": 2.0, "r42": 4.0, "r52": 8.0}
_PAPER = {"r22": 1.0, **_AUTHORS}


def contextual_loss(
    features: Tensor,
    reference: Tensor,
    *,
    direction: Literal["forward", "backward"] = "forward",
    centered: bool = False,
    block: int = BLOCK,
) -> Tensor:
    """One layer of the paper's contextual loss.

    `-log(1/N sum_i max_j A_ij)`, averaged over the batch, with the affinities `A_ij` of `peak_affinity` between
    position i of the prediction and position j of the reference. The backward direction, an option of the authors, asks
    the same of the reference's positions: `-log(1/M sum_j max_i A_ij)`. Memory is linear in positions.

    Args:
        features: Of the prediction `(B, C, h, w)`; their scale does not matter.
        reference: Of the reference `(B, C, h', w')`.
        direction: "forward" or "backward".
        centered: Take the authors' distance: subtract the mean over the reference's positions from both first. The
            paper speaks of the cosine distance without that.
        block: How many elements of the N x M matrix exist at once.

    Returns:
        A scalar, 0 or more.
    """
    features, reference = at_least_float32(features), at_least_float32(reference)
    if centered:
        mean = reference.mean(dim=(2, 3), keepdim=True)
        features, reference = features - mean, reference - mean
    query, key = normalize(features.flatten(2)), normalize(reference.flatten(2))
    over: Literal["keys", "queries"] = "keys" if direction == "forward" else "queries"
    peaks = peak_affinity(query, key, over, block=block)
    return -peaks.mean(dim=1).log().mean()


def layered_contextual_loss(
    features: Mapping[str, Tensor],
    reference: Mapping[str, Tensor],
    *,
    layers: Literal["paper", "authors"] = "paper",
    direction: Literal["forward", "backward"] = "forward",
    centered: bool = False,
) -> Tensor:
    """The contextual loss over several layers of VGG, deeper ones weighing more.

    * "paper": relu2_2 to relu5_2. The paper does not print the layers' weights; the authors' row is continued: 1, 2, 4,
      8.
    * "authors" (`train.py`): 2 for relu3_2, averaged over 2x2 positions first, 4 for relu4_2, 8 for relu5_2.

    Args:
        features: Of the prediction, as `LossNetwork` gives them.
        reference: Of the reference.
        layers: "paper" or "authors".
        direction: As in `contextual_loss`.
        centered: As in `contextual_loss`.
    """
    losses = []
    for layer, weight in (_AUTHORS if layers == "authors" else _PAPER).items():
        pair = features[layer], reference[layer]
        if layers == "authors" and layer == "r32":
            pair = F.avg_pool2d(pair[0], 2), F.avg_pool2d(pair[1], 2)
        losses.append(weight * contextual_loss(*pair, direction=direction, centered=centered))
    return torch.stack(losses).sum()
