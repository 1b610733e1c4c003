"""Relativistic average least squares: is the real more real than the average fake? (Jolicoeur-Martineau, 2018)."""

from torch import Tensor

from vcnode.training.losses.precision import at_least_float32


def generator_adversarial_loss(real: Tensor, fake: Tensor, *, halved: bool = False) -> Tensor:
    """The generator's part: fakes are to score one more than the average real, reals one less than the average fake.

    The paper's `L_adv^G = E_fake[(D(fake) - E_real[D(real)] - 1)^2] + E_real[(D(real) - E_fake[D(fake)] + 1)^2]`,
    where a sample is a pair of consecutive frames.

    Args:
        real: Scores of real pairs `(B, 1)`; expectations are means over the batch.
        fake: Scores of generated pairs `(B', 1)`.
        halved: Take the authors' form (`train.py`): half of that.
    """
    return _relativistic(higher=fake, lower=real, halved=halved)


def discriminator_adversarial_loss(real: Tensor, fake: Tensor, *, halved: bool = False) -> Tensor:
    """The discriminator's part: reals are to score one more than the average fake, fakes one less.

    The paper's `L_adv^D = E_real[(D(real) - E_fake[D(fake)] - 1)^2] + E_fake[(D(fake) - E_real[D(real)] + 1)^2]`.
    Arguments as in `generator_adversarial_loss`.
    """
    return _relativistic(higher=real, lower=fake, halved=halved)


def _relativistic(higher: Tensor, lower: Tensor, *, halved: bool) -> Tensor:
    higher, lower = at_least_float32(higher), at_least_float32(lower)
    loss = ((higher - lower.mean() - 1) ** 2).mean() + ((lower - higher.mean() + 1) ** 2).mean()
    return loss / 2 if halved else loss
