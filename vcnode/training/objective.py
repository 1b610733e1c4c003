"""The whole objective: every loss on the frames it is meant for, weighted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.training.batch import Batch
from vcnode.training.losses import (
    LossWeights,
    discriminator_adversarial_loss,
    generator_adversarial_loss,
    l1_loss,
    layered_contextual_loss,
    perceptual_loss,
    smoothness_loss,
    temporal_loss,
)
from vcnode.training.losses.precision import at_least_float32
from vcnode.training.vgg import LossNetwork


class Objective:
    """What generator and discriminator are trained for; on two frames by the preset `authors`, the authors' step.

    Frames 1 to T-1 are judged, each with the one before it, and the mean is taken; the first frame only begins the
    clip. Losses look at the predicted colours under the true, noiseless luma. Everything is computed in float32,
    whatever autocast says.

    Args:
        weights: What counts how much.
        loss_network: Needed by the perceptual and the contextual loss.
        discriminator: Needed by the adversarial loss: pairs `(B, 6, H, W)` to scores `(B, 1)` and anything else, as
            `vcnode.network.discriminator.Discriminator`.

    Raises:
        InputError: A network is missing that a loss needs.
    """

    def __init__(
        self, weights: LossWeights, loss_network: LossNetwork | None = None, discriminator: nn.Module | None = None
    ) -> None:
        if weights.needs_loss_network and loss_network is None:
            raise InputError("The perceptual and the contextual loss need a VGG; give one, or set both weights to 0.")
        if weights.needs_discriminator and discriminator is None:
            raise InputError("The adversarial loss needs a discriminator; give one, or set its weight to 0.")
        self.weights = weights
        self.loss_network = loss_network
        self.discriminator = discriminator

    def generator_terms(self, predicted: Sequence[Tensor], batch: Batch) -> dict[str, Tensor]:
        """The weighted losses of the generator by name; their sum is what to minimise.

        The discriminator gets no gradient from this; in training mode, its power iteration goes on.

        Args:
            predicted: Colours of each of the T frames, `(B, 2, H, W)`, -128..128, with gradients into all of them.
            batch: The truth and what belongs to it.

        Returns:
            Scalars for "l1", "perceptual", "contextual", "smoothness", "temporal" and "adversarial"; those of weight 0
            are not computed and left out.

        Raises:
            InputError: Fewer than two frames, or not those of the batch.
        """
        with torch.autocast(batch.truth.device.type, enabled=False):
            frames = _with_true_lightness(predicted, batch)
            reference = self._reference_features(batch)
            judged = [self._judge(frames, batch, reference, number) for number in range(1, len(predicted))]
            terms = {name: torch.stack([losses[name] for losses in judged]).mean() for name in judged[0]}
            if self.discriminator is not None and self.weights.needs_discriminator:
                with _frozen(self.discriminator):
                    real, fake = _scores(self.discriminator, frames, batch)
                halved = self.weights.adversarial_halved
                terms["adversarial"] = generator_adversarial_loss(real, fake, halved=halved)
            return {name: getattr(self.weights, name) * loss for name, loss in terms.items()}

    def discriminator_loss(self, predicted: Sequence[Tensor], batch: Batch) -> Tensor:
        """The discriminator's loss, to be stepped before the generator's; the generator gets no gradient from it.

        Arguments as in `generator_terms`.

        Raises:
            InputError: No discriminator, fewer than two frames, or not those of the batch.
        """
        if self.discriminator is None:
            raise InputError("This objective was made without a discriminator; give one to train it.")
        with torch.autocast(batch.truth.device.type, enabled=False):
            frames = _with_true_lightness([ab.detach() for ab in predicted], batch)
            real, fake = _scores(self.discriminator, frames, batch)
            return discriminator_adversarial_loss(real, fake, halved=self.weights.adversarial_halved)

    def _judge(
        self, frames: Tensor, batch: Batch, reference: dict[str, Tensor] | None, number: int
    ) -> dict[str, Tensor]:
        """All losses of one frame but the adversarial one, not weighted yet; `frames` has true L, predicted ab."""
        weights, losses = self.weights, {}
        lab, truth = frames[:, number], batch.truth[:, number]
        ab, ab_before = frames[:, number, 1:], frames[:, number - 1, 1:]
        if weights.l1:
            losses["l1"] = l1_loss(ab, truth[:, 1:], batch.same_scene, divided_twice=weights.l1_divided_twice)
        if self.loss_network is not None and weights.needs_loss_network:
            features = self.loss_network(lab)
            if weights.perceptual:
                with torch.no_grad():
                    true_features = self.loss_network(truth)
                norm = weights.perceptual_norm
                losses["perceptual"] = perceptual_loss(features["r52"], true_features["r52"], norm=norm)
            if reference is not None:
                losses["contextual"] = layered_contextual_loss(
                    features,
                    reference,
                    layers=weights.contextual_layers,
                    direction=weights.contextual_direction,
                    centered=weights.contextual_centered,
                )
        if weights.smoothness:
            losses["smoothness"] = smoothness_loss(ab, truth, weights=weights.smoothness_weights)
        if weights.temporal:
            flow, visible = batch.flow[:, number - 1], batch.visible[:, number - 1]
            losses["temporal"] = temporal_loss(ab, ab_before, flow, visible)
        return losses

    @torch.no_grad()
    def _reference_features(self, batch: Batch) -> dict[str, Tensor] | None:
        if self.loss_network is None or not self.weights.contextual:
            return None
        features: dict[str, Tensor] = self.loss_network(batch.reference)
        return features


def _with_true_lightness(predicted: Sequence[Tensor], batch: Batch) -> Tensor:
    """Lab frames `(B, T, 3, H, W)` of true L and predicted ab."""
    truth = at_least_float32(batch.truth)
    samples, count, _, height, width = truth.shape
    shapes = [tuple(ab.shape) for ab in predicted]
    if count < 2 or shapes != [(samples, 2, height, width)] * count:
        raise InputError(
            f"The objective was given {len(shapes)} predictions of shape {shapes[0] if shapes else None} for true "
            f"frames {tuple(truth.shape)}; give (B, 2, H, W) for each of T frames, two or more."
        )
    ab = torch.stack([at_least_float32(frame) for frame in predicted], dim=1)
    return torch.cat((truth[:, :, :1], ab), dim=2)


def _scores(discriminator: nn.Module, frames: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Score the true pairs and the given ones; every frame but the first is paired with the one before it.

    As the authors do, true pairs go one sample further, so that a true pair is not compared with its own fake where the
    batch has more than one sample; and fakes go first, which the power iteration remembers.
    """
    fake, _ = discriminator(_pairs(frames))
    real, _ = discriminator(_pairs(at_least_float32(batch.truth).roll(1, dims=0)))
    return real, fake


def _pairs(frames: Tensor) -> Tensor:
    """`(B, T, 3, H, W)` to current and previous Lab `(B (T-1), 6, H, W)`."""
    return torch.cat((frames[:, 1:], frames[:, :-1]), dim=2).flatten(0, 1)


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients pass through a network, but not into its weights."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
