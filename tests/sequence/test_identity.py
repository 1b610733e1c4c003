import copy

import torch

from vcnode.network import Model, ModelConfig
from vcnode.sequence.identity import model_digest, rounding


def small():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Model(
            ModelConfig.from_dict(
                {
                    "name": "a",
                    "encoder": "efficientnet_lite0",
                    "head": "light",
                    "head_width": 8,
                    "color_net": "light",
                    "color_widths": [4, 4, 4, 4],
                }
            )
        )


def renamed(model, **changes):
    model.config = ModelConfig.from_dict(model.config.to_dict() | changes)
    return model


def test_models_are_the_same_by_weights_and_configuration_but_the_name():
    digest = model_digest(small())
    assert len(digest) == 64
    assert model_digest(small()) == digest
    assert model_digest(copy.deepcopy(small())) == digest
    assert model_digest(renamed(small(), name="b")) == digest
    assert model_digest(renamed(small(), temperature=0.02)) != digest
    assert model_digest(small().half()) != digest


def test_a_model_that_is_trained_on_is_another():
    model = small()
    before = model_digest(model)
    assert model_digest(model) == before
    with torch.no_grad():
        model.color_net.leave.bias.add_(1)
    after = model_digest(model)
    assert after != before
    model.load_state_dict(small().state_dict())
    assert model_digest(model) == before


def test_a_model_that_is_set_otherwise_is_another():
    model = small()
    before = model_digest(model)
    assert model_digest(renamed(model, temperature=0.02)) != before
    assert model_digest(renamed(model, temperature=small().config.temperature)) == before


def test_changes_of_weights_made_for_inference_are_seen():
    with torch.inference_mode():
        model = small()
        before = model_digest(model)
        model.color_net.leave.bias.add_(1)
    assert model_digest(model) != before


def test_weights_made_for_inference_have_a_digest_too():
    with torch.inference_mode():
        model = small()
    assert model_digest(model) == model_digest(small())


def test_states_of_other_thread_counts_are_kept_apart():
    threads = torch.get_num_threads()
    one = rounding(torch.device("cpu"))
    try:
        torch.set_num_threads(threads + 1)
        other = rounding(torch.device("cpu"))
    finally:
        torch.set_num_threads(threads)
    assert one != other
    assert rounding(torch.device("cpu")) == one
