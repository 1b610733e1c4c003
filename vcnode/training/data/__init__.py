"""Training data: photos made to move, videos, film look and retrieved references."""

from vcnode.training.data.config import DataConfig, FilmLook
from vcnode.training.data.dataset import TrainingData
from vcnode.training.data.filtering import MaterialFilter
from vcnode.training.data.reference_index import ReferenceIndex, build_index, load_index

__all__ = [
    "DataConfig",
    "FilmLook",
    "MaterialFilter",
    "ReferenceIndex",
    "TrainingData",
    "build_index",
    "load_index",
]
