"""Whether everything stays on the model's GPU, found out without one: tensors that have a device but no values."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from host_traffic import HostTraffic
from torch._subclasses.fake_tensor import FakeTensorMode

from vcnode.network import Model, ModelConfig, References, matching
from vcnode.weights import lookup


def on_gpu(name, frames):
    """A model, Lab of a reference and L of some frames, on a GPU that need not be there."""
    with torch.device("cuda"):
        model = Model(ModelConfig.from_dict(lookup(name).configuration())).eval()
        return model, torch.rand(1, 3, 64, 96), torch.rand(frames, 1, 64, 96)


@pytest.mark.parametrize("name", ["lite", "devc"])
@pytest.mark.filterwarnings("ignore:CUDA is not available")
def test_a_step_never_leaves_the_gpu(name, monkeypatch):
    monkeypatch.setattr("vcnode.network.model.match", partial(matching.match, kernel="reference"))
    with FakeTensorMode(), torch.inference_mode():
        model, lab, lightness = on_gpu(name, 2)
        references = model.encode_references([lab, lab], weights=[1.0, 2.0])
        mask = torch.ones(1, 2 * 16 * 24, dtype=torch.bool, device="cuda")
        references = References(replace(references.joined, mask=mask))
        state = model.init_state(64, 96)
        with HostTraffic() as traffic:
            prepared = model.prepare(lightness, lightness, references)
            for number in range(2):
                step, state = model.advance(prepared[number], state)
        assert not traffic.found
        for tensor in (step.ab, step.warped_ab, step.confidence, step.match, step.reference, state.ab):
            assert tensor.device == torch.device("cuda:0")
        with pytest.raises(RuntimeError, match="device"):  # a tensor left on the CPU would have been seen
            model.prepare(lightness.cpu(), lightness, references)


@pytest.mark.parametrize("name", ["lite", "devc"])
def test_half_precision_fits_together_on_a_gpu(name, monkeypatch):
    """CUDA's autocast casts other operations than a CPU's; it needs no GPU to say which."""
    monkeypatch.setattr("vcnode.network.model.match", partial(matching.match, kernel="reference"))
    with FakeTensorMode(), torch.inference_mode():
        model, lab, lightness = on_gpu(name, 1)
        torch.set_autocast_enabled("cuda", True)
        try:
            references = model.encode_references([lab])
            step, state = model.step(lightness, model.init_state(64, 96), references)
        finally:
            torch.set_autocast_enabled("cuda", False)
        assert references.joined.key.dtype == torch.float16
        for whole in (references.joined.value, step.warped_ab, step.confidence, state.lightness, state.uncertainty):
            assert whole.dtype == torch.float32
