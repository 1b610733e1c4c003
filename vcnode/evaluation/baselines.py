"""Baselines that use nothing of the network under test.

Each starts where it is at its best: from the reference's true colours where that shows the first frame.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.evaluation.methods import Given, NetworkRun
from vcnode.evaluation.motion import flow
from vcnode.network import Model, ModelConfig, State
from vcnode.network.alignment import warp
from vcnode.network.correspondence import LightHead
from vcnode.network.light_colorization import UNKNOWN
from vcnode.sequence import Reference, Settings, load
from vcnode.sequence.chain import combine_digests, digest_tensor
from vcnode.sequence.shot_engine import WorkingFrame

_LEVELS = 101  # of L in the lookup
_FEW = 1e-3  # share of a reference's pixels below which a level's own mean counts less than its neighbours'
_LARGEST_AB = 127.0
_DESCRIPTOR = 128
_TRUST = 0.85  # in history; the best of several in trials without training
_IMAGENET_ENCODER = "49b27b252371b29e"  # digest of its weights in half precision, as the package carries them


class Reinhard:
    """Global colour statistics, after Reinhard, Ashikhmin, Gooch & Shirley (2001).

    Their transfer gives each Lab channel the reference's mean and spread. A gray frame has no spread in a and b, so for
    it that would be one tint; instead L is given the reference's mean and spread, as they do, and every pixel takes the
    mean colour that the reference has at this L. No neighbourhoods are compared: that is Welsh et al. (2002).

    Args:
        references: Lab `(1, 3, H, W)` each; their pixels are pooled.
    """

    name = "reinhard"

    def __init__(self, references: Sequence[Tensor]) -> None:
        pixels = torch.cat([lab.flatten(2)[0] for lab in references], dim=1).double()
        self._mean, self._spread = pixels[0].mean(), pixels[0].std()
        level = pixels[0].round().long().clamp(0, _LEVELS - 1)
        count = torch.bincount(level, minlength=_LEVELS).double()
        sums = torch.stack([torch.bincount(level, plane, minlength=_LEVELS) for plane in pixels[1:]])
        # Rare levels lean on their neighbours: both sums are blurred, the more so the fewer pixels there are.
        distance = torch.arange(_LEVELS).double()
        near = torch.exp(-0.5 * ((distance[:, None] - distance[None]) / 4) ** 2)
        weights = torch.eye(_LEVELS, dtype=torch.float64) + _FEW * near
        self._colors = ((sums @ weights) / (count @ weights).clamp_min(1e-12)).float()

    def color(self, given: Given) -> Tensor:
        """Look the colours up."""
        lightness = given.lightness.double()
        matched = (lightness - lightness.mean()) * (self._spread / lightness.std().clamp_min(1e-3)) + self._mean
        below = matched.clamp(0, _LEVELS - 1).floor().clamp(max=_LEVELS - 2).long()
        part = (matched.clamp(0, _LEVELS - 1) - below).float()
        low, high = self._colors[:, below[0, 0]], self._colors[:, below[0, 0] + 1]
        return torch.lerp(low, high, part[0])[None]


class OpticalFlow:
    """The first frame's colours, carried from frame to frame along DIS optical flow (the paper's Figure 7).

    Args:
        ab: True colours of the first frame `(1, 2, H, W)`.
    """

    name = "optical flow"

    def __init__(self, ab: Tensor) -> None:
        self._ab = ab

    def color(self, given: Given) -> Tensor:
        """The colours of the frame before, moved."""
        if given.to_previous is not None:
            self._ab = warp(self._ab, given.to_previous)  # bilinear: bicubic is up to 0.8 dB worse here
        return self._ab


class UntrainedComposition:
    """What is there before any training: ImageNet features, a random projection, exact matching and optical flow.

    `ab = 0.85 * previous colours moved along DIS flow + 0.15 * matched colours`, at the light preset's working size.
    Features are EfficientNet-Lite0's at strides 4, 8 and 16, each centred over the image and normalised, projected to
    128 channels by a fixed random orthonormal matrix; matching is a softmax at 0.01. The encoder is the embedded
    model's. References, bars, padding and enlarging are handled as the network's own.

    Args:
        model: Made by `untrained_model`.
        references: For the whole clip.
        lightness: L of the first frame.
        settings: Working size and enlarging.
    """

    name = "untrained composition"

    def __init__(self, model: Model, references: Sequence[Reference], lightness: Tensor, settings: Settings) -> None:
        self._run = NetworkRun(model, references, lightness, settings)
        self._previous: State | None = None

    def color(self, given: Given) -> Tensor:
        """Blend history and matching."""
        engine = self._run.engine
        prepared = self._run.prepare(given.number, given.lightness)
        lightness = prepared.lightness.cpu()
        ab = F.interpolate(prepared.warped_ab.cpu(), lightness.shape[2:], mode="bilinear")
        previous = engine.seeds.get(given.number, self._previous)
        if previous is not None:
            flow_back = flow(lightness, previous.lightness)
            moved = warp(previous.ab, flow_back, cubic=True)  # at this size bicubic is up to 0.2 dB better
            ab = (_TRUST * moved + (1 - _TRUST) * ab).clamp(-_LARGEST_AB, _LARGEST_AB)
        self._previous = State(lightness, ab, torch.full((1, 1, 1, 1), UNKNOWN))  # so that all is enlarged along edges
        working = WorkingFrame(
            self._previous,
            prepared.confidence.cpu(),
            prepared.reference[:, None].to(torch.int16).cpu(),
            prepared.warped_ab.cpu(),
        )
        return engine.finish(working, given.lightness, given.number).ab


def untrained_model(device: torch.device | str) -> Model:
    """Build the model behind `UntrainedComposition`; only its encoder and its matching are used.

    Raises:
        ModelError: The embedded model is missing.
    """
    embedded = load("lite", device)
    config = ModelConfig(
        UntrainedComposition.name,
        encoder="efficientnet_lite0",
        head="light",
        head_width=_DESCRIPTOR,
        head_refine=False,
        color_net="light",
        temperature=0.01,
        working_size=embedded.config.working_size,
    )
    with torch.random.fork_rng(devices=[]):  # the host's random numbers are its own
        model = Model(config)
    model.encoder.load_state_dict(embedded.encoder.state_dict())
    assert isinstance(model.head, LightHead)
    with torch.no_grad():
        model.head.project.weight.copy_(_random_projection(*model.head.project.weight.shape[:2]))
    return model.eval().requires_grad_(False).to(device)


def has_imagenet_encoder(model: Model) -> bool:
    """Whether a model's encoder is EfficientNet-Lite0 with ImageNet's weights, not trained further."""
    parts = sorted(model.encoder.state_dict().items())
    return combine_digests(digest_tensor(tensor.half()) for _, tensor in parts).startswith(_IMAGENET_ENCODER)


def _random_projection(rows: int, columns: int) -> Tensor:
    """A fixed matrix with orthonormal rows, as a 1x1 convolution `(rows, columns, 1, 1)`."""
    random = torch.randn(columns, rows, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    orthonormal: Tensor = torch.linalg.qr(random)[0]
    return orthonormal.T[..., None, None].float()
