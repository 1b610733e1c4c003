"""Model weights: find them, verify them, fetch them on request, convert them."""

from vcnode.weights.checkpoints import Shapes, check_state_dict, deviations, load_state_dict
from vcnode.weights.convert import convert_file, import_checkpoints
from vcnode.weights.directories import models_directory, user_models_directory
from vcnode.weights.download import get
from vcnode.weights.fetch import Progress
from vcnode.weights.files import digest, load_weights, read_configuration, read_metadata, save_weights
from vcnode.weights.locate import ModelFiles, ensure_available, find, locate
from vcnode.weights.registry import RegistryEntry, WeightFile, load_registry, lookup

__all__ = [
    "ModelFiles",
    "Progress",
    "RegistryEntry",
    "Shapes",
    "WeightFile",
    "check_state_dict",
    "convert_file",
    "deviations",
    "digest",
    "ensure_available",
    "find",
    "get",
    "import_checkpoints",
    "load_registry",
    "load_state_dict",
    "load_weights",
    "locate",
    "lookup",
    "models_directory",
    "read_configuration",
    "read_metadata",
    "save_weights",
    "user_models_directory",
]
