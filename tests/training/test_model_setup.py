import json
from dataclasses import replace

import pytest
import torch

from vcnode.errors import InputError, ModelError
from vcnode.network.encoders import VGG19Encoder
from vcnode.training.config import load_config
from vcnode.training.model_setup import build_model, write_weights
from vcnode.weights import load_weights, save_weights


@pytest.fixture(scope="module")
def weights(tiny_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    return write_weights(path, tiny_model.config, tiny_model.state_dict(), {}, half=False)


def same(one, other):
    tensors = other.state_dict()
    return all(torch.equal(tensor, tensors[name]) for name, tensor in one.state_dict().items())


def test_it_begins_with_the_weights_given(tiny_model, weights):
    assert same(build_model(tiny_model.config, str(weights), None, 0), tiny_model)


def test_or_at_random_by_the_seed_alone(tiny_model):
    models = [build_model(tiny_model.config, None, "random", seed) for seed in (0, 0, 1)]
    assert same(models[0], models[1])
    assert not same(models[0], models[2])


def test_an_encoders_file_replaces_that_of_the_weights(tmp_path):
    config = replace(load_config("paper").model, color_widths=(8, 8, 8, 8))
    encoder = VGG19Encoder().half().float()
    path = save_weights(tmp_path / "vgg.safetensors", {n: t.half() for n, t in encoder.state_dict().items()}, {})
    model = build_model(config, None, str(path), 0)
    assert same(model.encoder, encoder)
    assert next(model.parameters()).dtype == torch.float32


def test_weights_of_another_network_are_refused(tiny_model, weights, tmp_path):
    with pytest.raises(ModelError, match=r"tiny\.safetensors"):
        build_model(replace(tiny_model.config, head_width=tiny_model.config.head_width + 8), str(weights), None, 0)
    with pytest.raises(ModelError, match=r"nowhere\.pth does not exist"):
        build_model(tiny_model.config, None, str(tmp_path / "nowhere.pth"), 0)
    with pytest.raises(InputError, match="Nothing says where the weights of the encoder"):
        build_model(tiny_model.config, None, None, 0)


def test_a_file_tells_how_it_was_made_without_this_machines_folders(tiny_model, tmp_path):
    facts = {"steps": 3, "start": "private/start.safetensors", "data": {"flows": "private/flows", "index": None}}
    tensors, metadata = load_weights(
        write_weights(tmp_path / "a.safetensors", tiny_model.config, tiny_model.state_dict(), facts, half=True)
    )
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    told = json.loads(metadata["training"])
    assert (told["steps"], told["start"], told["data"]) == (3, "start.safetensors", {"flows": "flows", "index": None})
