"""A training run's settings: one YAML file, or a preset that comes with vcnode, and changes to it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from vcnode.errors import InputError
from vcnode.network.config import ModelConfig
from vcnode.training.checkpoint import load_newest_state
from vcnode.training.data import DataConfig
from vcnode.training.history import History
from vcnode.training.losses import LossWeights
from vcnode.training.optimization import Optimization
from vcnode.training.settings import load_yaml, merged, read_settings
from vcnode.weights import find, lookup

PRESETS = ("paper", "authors", "lite", "smoke")
FINETUNE = "finetune"  # not listed: it needs what `finetune.py` adds


@dataclass(frozen=True)
class Recurrence:
    """How clips are gone through.

    Attributes:
        history: What came before a clip's first frame: "zeros", "truth" or "damaged", see `history.begin`.
        clean_history: Whether the previous frame's luminance is shown without noise, as the authors do.
        noise_probability: In how many steps features are disturbed before they are matched, 0..1.
        noise_strength: How much, relative to each map's own spread.
    """

    history: History = "zeros"
    clean_history: bool = True
    noise_probability: float = 0.0
    noise_strength: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.noise_probability <= 1 or self.noise_strength < 0:
            raise InputError(
                f"The settings 'recurrence.noise_probability' and 'noise_strength' are {self.noise_probability} and "
                f"{self.noise_strength}: give a probability from 0 to 1 and a strength of 0 or more."
            )


@dataclass(frozen=True)
class Output:
    """What a run leaves behind.

    Attributes:
        half: Whether the weights file is in half precision.
        checkpoint_every: Steps between saved states; what is lost at most when the process is killed.
        figures_every: Steps between figures in the log.
        sheet_every: Steps between sample sheets; 0 for none.
        sheet_rows: Clips on a sheet.
    """

    half: bool = True
    checkpoint_every: int = 1000
    figures_every: int = 20
    sheet_every: int = 1000
    sheet_rows: int = 4

    def __post_init__(self) -> None:
        for name, least in (("checkpoint_every", 1), ("figures_every", 1), ("sheet_every", 0), ("sheet_rows", 1)):
            if getattr(self, name) < least:
                raise InputError(f"The setting 'output.{name}' is {getattr(self, name)}: give {least} or more.")


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides what a training run does.

    Paths are as on the command line: from the folder in which it is called.

    Attributes:
        model: The architecture. In YAML a registry name, or a mapping of settings, with `preset` to begin from one.
        start: Weights to go on from, a registry name or a file; the optimiser starts anew.
        encoder: File with the encoder's weights, or "random".
        loss_network: File with the VGG of the perceptual and contextual losses; "torchvision" for its VGG19, where
            torch has downloaded it before; or "random". By default the encoder, if that is a VGG19 that is not trained.
        seed: Everything random derives from it.
        workers: Processes that read pictures ahead; 0 reads them in between.
        matching_weight: Of the error of matched colours, see `unroll.matching_error`; 0 in the paper.
        data: What is seen.
        losses: What is wanted of the result.
        recurrence: How clips are gone through.
        optimization: How weights are changed.
        output: What is left behind.
    """

    model: ModelConfig
    start: str | None = None
    encoder: str | None = None
    loss_network: str | None = None
    seed: int = 0
    workers: int = 0
    matching_weight: float = 0.0
    data: DataConfig = field(default_factory=DataConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    recurrence: Recurrence = field(default_factory=Recurrence)
    optimization: Optimization = field(default_factory=Optimization)
    output: Output = field(default_factory=Output)

    def __post_init__(self) -> None:
        for name in ("seed", "workers", "matching_weight"):
            if getattr(self, name) < 0:
                raise InputError(f"The setting '{name}' is {getattr(self, name)}: give 0 or more.")
        if not self.losses.has_any and not self.matching_weight:
            raise InputError("All losses and 'matching_weight' are 0, so nothing would be learnt: raise one.")


def load_config(source: str, changes: Iterable[Mapping[str, Any]] = ()) -> TrainingConfig:
    """Read a run's settings.

    Args:
        source: A preset ("paper", "authors", "lite", "smoke") or a YAML file. A file may name a `preset` from which it
            takes what it does not say.
        changes: Trees of settings laid over it, the last wins.

    Raises:
        InputError: The file cannot be read, or a setting is unknown, missing or not allowed.
        ModelError: The model is unknown.
    """
    return read_config(_layered(_read_file(source), changes))


def saved_config(folder: Path, changes: Iterable[Mapping[str, Any]] = ()) -> TrainingConfig:
    """Read the settings of the run that was saved in a folder.

    Args:
        folder: Of the run.
        changes: Trees of settings laid over them.

    Raises:
        ModelError: There is no run in it.
        InputError: A changed setting is unknown or not allowed.
    """
    return read_config(_layered(load_newest_state(folder, quiet=True)["config"], changes))


def read_config(values: Mapping[str, Any]) -> TrainingConfig:
    """Read settings from plain values; `settings.plain` is the inverse.

    Raises:
        InputError: A setting is unknown, missing or not allowed.
        ModelError: The model is unknown.
    """
    values = dict(values)
    values["model"] = _model_settings(values)
    data = values.get("data", {})
    if "seed" in values and isinstance(data, Mapping):
        values["data"] = {"seed": values["seed"], **data}
    return read_settings(TrainingConfig, values)


def _layered(values: dict[str, Any], changes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    preset = values.pop("preset", None)
    if preset is not None:
        if preset not in PRESETS:
            raise InputError(f"There is no training preset {preset!r}: there are {', '.join(PRESETS)}.")
        values = merged(_read_file(preset), values)
    for change in changes:
        if isinstance(change.get("model"), Mapping):  # lies over the settings of a model given by name
            values["model"] = _model_settings(values)
        values = merged(values, change)
    return values


def _read_file(source: str) -> dict[str, Any]:
    if source in (*PRESETS, FINETUNE):
        text = (resources.files("vcnode.training") / "presets" / f"{source}.yaml").read_text(encoding="utf-8")
    else:
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            close = difflib.get_close_matches(source, PRESETS, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise InputError(
                f"The training configuration {source!r} cannot be read ({getattr(error, 'strerror', error)}){hint}: "
                f"give a YAML file, or one of the presets {', '.join(PRESETS)}."
            ) from error
    try:
        values = load_yaml(text)
    except yaml.YAMLError as error:
        raise InputError(f"The training configuration {source} is no YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(values, dict):
        raise InputError(f"The training configuration {source} holds no settings: write 'key: value' lines.")
    return values


def _model_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    model = values.get("model")
    if model is None:
        if values.get("start") is None:
            raise InputError("The setting 'model' is missing: give a model's name, such as lite, or 'start' weights.")
        return dict(find(str(values["start"])).configuration)
    if isinstance(model, str):
        return lookup(model).configuration()
    if not isinstance(model, Mapping):
        raise InputError(f"The setting 'model' is {model!r}: give a model's name, or a mapping of its settings.")
    own = dict(model)
    preset = own.pop("preset", None)
    return merged(lookup(str(preset)).configuration(), own) if preset is not None else own
