"""The network: tensors in, tensors out. No files, no frame numbers, no devices chosen here."""

from vcnode.network.config import ModelConfig
from vcnode.network.model import Model, Prepared, References, State, Step

__all__ = ["Model", "ModelConfig", "Prepared", "References", "State", "Step"]
