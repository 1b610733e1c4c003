"""From settings to a run that can begin: network, losses, data."""

from collections.abc import Mapping
from pathlib import Path, PurePath

import torch

from vcnode.errors import InputError
from vcnode.network.discriminator import Discriminator
from vcnode.network.encoders import VGG19Encoder
from vcnode.network.model import Model
from vcnode.training.checkpoint import saved_states
from vcnode.training.config import TrainingConfig
from vcnode.training.data import TrainingData
from vcnode.training.distributed import World
from vcnode.training.model_setup import RANDOM, build_model
from vcnode.training.objective import Objective
from vcnode.training.trainer import Data, Trainer
from vcnode.training.vgg import LossNetwork

_HALVED = 64  # pixels that one position of the discriminator's last map stands for
_PAPER_KERNEL = (3, 6)


def prepare_run(
    config: TrainingConfig,
    folder: Path,
    device: torch.device | str,
    *,
    weights: Path | None = None,
    data: Data | None = None,
    material: Mapping[str, str] | None = None,
    world: World | None = None,
    resume: bool = False,
) -> Trainer:
    """Build everything that a run needs.

    Args:
        config: Settings.
        folder: Of the run.
        device: Where it runs.
        weights: The weights file to write; in the folder by default, named after the model.
        data: Where batches come from; by default what the settings say.
        material: What the run begins with and learns from, in words; it is gone on with only with the same. By
            default what the settings say.
        world: The processes that train together.
        resume: Go on from the folder's newest state.

    Raises:
        InputError: The settings do not go together, the folder holds another run, or there is nothing to train on.
        ModelError: A weights file is absent, damaged or does not fit.
    """
    if saved_states(folder) and not resume:
        raise InputError(f"{folder} holds a training run already: add --resume to go on, or give another --output.")
    start, encoder = (None, RANDOM) if resume else (config.start, config.encoder)  # the saved state has them all
    model = build_model(config.model, start, encoder, config.seed).to(device)
    objective = build_objective(config, model, device)
    weights = folder / f"{config.model.name}.safetensors" if weights is None else weights
    if data is None:
        data = TrainingData(config.data, device=device)
        material = {"start": _name(config.start), "encoder": _name(config.encoder), **data.material}
    trainer = Trainer(config, model, objective, data, folder, weights, world, material)
    if resume:
        trainer.resume()
    return trainer


def build_objective(config: TrainingConfig, model: Model, device: torch.device | str) -> Objective:
    """Make the losses and the networks that they need.

    Raises:
        InputError: A network is needed and not given, or the frames are too small for the discriminator.
        ModelError: A weights file is absent, damaged or does not fit.
    """
    network = _loss_network(config, model).to(device) if config.losses.needs_loss_network else None
    judge = None
    if config.losses.needs_discriminator:
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(config.seed)
            judge = Discriminator(_last_kernel(config)).to(device)
    return Objective(config.losses, network, judge)


def _loss_network(config: TrainingConfig, model: Model) -> LossNetwork:
    if config.loss_network == RANDOM:
        return LossNetwork.random(config.seed)
    if config.loss_network == "torchvision":
        return LossNetwork.from_torchvision()
    if config.loss_network is not None:
        return LossNetwork.from_file(config.loss_network)
    if isinstance(model.encoder, VGG19Encoder) and not config.optimization.rates.encoder:
        return LossNetwork.from_encoder(model.encoder)  # the authors': the same network serves both
    raise InputError(
        "The perceptual and contextual losses look through a VGG: give its file (VGG19 or VGG16 with torchvision's "
        "names) with --loss-network, or set losses.perceptual and losses.contextual to 0."
    )


def _name(path: str | None) -> str:
    return "none" if path is None else PurePath(path).name


def _last_kernel(config: TrainingConfig) -> tuple[int, int]:
    """The paper's, or as much of it as smaller frames allow."""
    sides = (config.data.height // _HALVED, config.data.width // _HALVED)
    kernel = (min(_PAPER_KERNEL[0], sides[0]), min(_PAPER_KERNEL[1], sides[1]))
    if max(kernel) < 2:
        raise InputError(
            f"The discriminator cannot judge frames of {config.data.width}x{config.data.height}: give data.width 128 "
            "or more, or set losses.adversarial to 0."
        )
    return kernel
