import json
from dataclasses import replace
from itertools import islice

import pytest
import torch

import vcnode
import vcnode.training.train as train_module
from vcnode import State
from vcnode.training.stills import Stills
from vcnode.training.train import TrainingConfig, color_loss, head_loss, save, train
from vcnode.weights import load_weights

HISTORY = torch.ones(2, 1, 1, 1)
TINY = TrainingConfig(height=64, width=64, batch=2, frames=2, head_steps=2, color_steps=2)


@pytest.fixture(scope="module")
def batch(photos):
    return list(islice(Stills(photos, TINY.height, TINY.width, TINY.frames, seed=3), TINY.batch))


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def gradients(module):
    return [parameter.grad for parameter in module.parameters()]


@pytest.mark.parametrize(
    ("loss_of", "part"), [(head_loss, "head"), (color_loss, "color_net")], ids=["matching", "colour"]
)
def test_a_loss_falls_over_a_few_steps_and_moves_its_part_alone(model, batch, loss_of, part):
    frozen = {name: tensor.clone() for name, tensor in model.state_dict().items() if not name.startswith(part)}
    optimizer = torch.optim.Adam(model.get_submodule(part).parameters(), lr=2e-3)
    losses = []
    for _ in range(12):
        torch.manual_seed(5)  # the colour loss begins from a random history
        loss = loss_of(model, batch)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(0 < value < 1000 for value in losses)
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in frozen.items())


def test_gradients_flow_to_what_is_trained_and_nowhere_else(model, batch):
    head_loss(model, batch).backward()
    assert all(gradient is not None and gradient.any() for gradient in gradients(model.head))
    assert all(gradient is None for gradient in gradients(model.encoder) + gradients(model.color_net))
    model.zero_grad()
    color_loss(model, batch).backward()
    assert all(gradient is not None and gradient.any() for gradient in gradients(model.color_net))
    assert all(gradient is None for gradient in gradients(model.encoder) + gradients(model.head))


class Answering(vcnode.Model):
    """A model that answers with colours that it was told."""

    def tell(self, colours):
        self.colours = iter(colours)
        return self

    def advance(self, prepared, state):
        step, after = super().advance(prepared, state)
        ab = next(self.colours)
        return replace(step, ab=ab), replace(after, ab=ab)


def test_the_colour_loss_wants_the_truth_and_minds_flicker_more_than_an_offset(model, photos, monkeypatch):
    samples = [sample for sample in islice(Stills(photos, 64, 64, 4, seed=3), 6) if sample.same_scene][:2]
    truth = torch.stack([sample.frames[:, 1:] for sample in samples], dim=1)
    monkeypatch.setattr(train_module, "_first_state", lambda before: State(before[:, :1], before[:, 1:], HISTORY))
    answering = Answering(model.config)
    answering.load_state_dict(model.state_dict())
    flicker = torch.tensor([3.0, -3.0, 3.0, -3.0]).view(4, 1, 1, 1, 1)
    answers = (truth, truth + 3, truth + flicker)
    losses = [color_loss(answering.tell(colours), samples).item() for colours in answers]
    assert losses[0] < 1e-3
    assert losses[0] < losses[1] < losses[2]


def test_weights_are_saved_at_half_precision_with_what_made_them(model, tmp_path):
    path = tmp_path / "light.safetensors"
    save(model, TINY, path)
    tensors, metadata = load_weights(path)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert json.loads(metadata["training"])["seed"] == TINY.seed
    loaded = vcnode.load(path, device="cpu")
    assert loaded.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())


def test_a_training_run_changes_head_and_colour_net_and_can_be_repeated(model, photos, tmp_path, capsys):
    before = {name: tensor.half().float() for name, tensor in model.state_dict().items()}
    runs = []
    for number in range(2):
        path = tmp_path / f"{number}.safetensors"
        fresh = vcnode.Model(model.config)
        fresh.load_state_dict(model.state_dict())
        train(fresh, photos, TINY, path)
        runs.append(vcnode.load(path, device="cpu").state_dict())
    changed = {name.split(".")[0] for name in before if not torch.equal(runs[0][name], before[name])}
    assert changed == {"head", "color_net"}
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in before)
    assert capsys.readouterr().out == ""
