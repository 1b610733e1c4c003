import pytest
import torch

from vcnode.bench.network_stages import NetworkStages


def lab(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, height, width, generator=generator) * 100
    image[:, 1:] -= 50
    return image


@pytest.mark.parametrize("name", ["tiny_model", "tiny_devc"])
def test_the_steps_together_are_what_the_model_does(name, request):
    model = request.getfixturevalue(name)
    lightness, previous = lab(64, 96, 1)[:, :1], lab(64, 96, 2)[:, :1]
    with torch.inference_mode():
        references = model.encode_references([lab(64, 72, 3)])
        stages = NetworkStages(model, references, lightness, previous)
        for step in stages.steps().values():
            step()
        prepared = model.prepare(lightness, previous, references)
        expected, state = model.advance(prepared, model.init_state(64, 96))
    step, left = stages.outcome
    for found, wanted in (
        (stages.prepared.proposed_ab, prepared.proposed_ab),
        (stages.prepared.spread, prepared.spread),
        (step.ab, expected.ab),
        (step.match, expected.match),
        (left.uncertainty, state.uncertainty),
    ):
        assert torch.equal(found, wanted)
    assert ("motion" in stages.steps()) == model.config.align
