import json
import os

import pytest

from vcnode.errors import ModelError
from vcnode.weights import save_weights
from vcnode.worker.warm_model import WarmModel


@pytest.fixture
def weights(tiny_model, tmp_path):
    path = tmp_path / "tiny.safetensors"
    return save_weights(path, tiny_model.state_dict(), {"config": json.dumps(tiny_model.config.to_dict())})


def test_the_same_model_is_loaded_once(weights):
    models = WarmModel()
    first = models.get(str(weights), weights, "cpu")
    assert models.get(str(weights), weights, "cpu") is first


def test_a_file_that_was_trained_on_is_loaded_anew(weights):
    models = WarmModel()
    first = models.get(str(weights), weights, "cpu")
    os.utime(weights, (1, 1))
    assert models.get(str(weights), weights, "cpu") is not first


def test_a_model_that_cannot_be_loaded_leaves_room_for_the_next(weights, tmp_path):
    models = WarmModel()
    models.get(str(weights), weights, "cpu")
    with pytest.raises(ModelError):
        models.get(str(tmp_path / "absent.safetensors"), weights, "cpu")
    assert models.get(str(weights), weights, "cpu") is not None
