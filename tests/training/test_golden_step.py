"""One step of the authors' training script, on the `devc` network, against what their code computed."""

import pytest
import torch
from network.golden import FOLDER, fixture, load_rule_weights

from vcnode.network import Model, ModelConfig
from vcnode.network.discriminator import Discriminator
from vcnode.training.batch import Batch
from vcnode.training.config import load_config
from vcnode.training.objective import Objective
from vcnode.training.vgg import LossNetwork

pytestmark = pytest.mark.skipif(
    not (FOLDER / "train_step.npz").is_file(),
    reason="the golden fixture train_step.npz is not there; set VCNODE_GOLDEN to its folder",
)
UNCENTER = torch.tensor([50.0, 0, 0]).view(1, 3, 1, 1)
TERMS = {
    "l1": "l1_loss",
    "perceptual": "feat_loss",
    "contextual": "contextual_loss_total",
    "smoothness": "smoothness_loss",
    "adversarial": "generator_loss",
    "temporal": "consistent_loss",
}
PARTS = {"head": "nonlocal", "color_net": "colornet"}


def rule_model():
    model = Model(ModelConfig(name="devc"))
    load_rule_weights("vgg19_conv", model.encoder)
    load_rule_weights("nonlocal_net", model.head)
    load_rule_weights("colornet", model.color_net)
    return model


def golden_batch():
    inputs, golden = fixture("inputs"), fixture("train_step")
    still = inputs["still_lab_216x384"] + UNCENTER
    flipped = still.flip(3)
    truth = torch.stack((torch.stack((still[0], still[1])), torch.stack((flipped[1], flipped[0]))))
    return Batch(
        lightness=truth[:, :, :1],
        truth=truth,
        reference=torch.cat((inputs["reference_lab_216x384"] + UNCENTER, flipped[1:])),
        same_scene=torch.tensor([0.0, 1.0]),
        flow=golden["flow_int16"].unsqueeze(1),
        visible=golden["mask_u8"].unsqueeze(1),
    )


class Step:
    """The step's predictions, losses and gradients, as plain numbers and tensors."""

    def __init__(self):
        model, batch = rule_model(), golden_batch()
        discriminator = load_rule_weights("discriminator", Discriminator()).train()
        objective = Objective(load_config("authors").losses, LossNetwork.from_encoder(model.encoder), discriminator)
        references = model.encode_references([batch.reference])
        state, self.predicted = model.init_state(216, 384, batch=2), []
        for lightness in batch.lightness.unbind(1):
            step, state = model.step(lightness, state, references)
            self.predicted.append(step.ab)
        # As in the fixture, the discriminator takes its turn first, and learns nothing but its power iteration.
        self.discriminator_loss = objective.discriminator_loss(self.predicted, batch).item()
        terms = objective.generator_terms(self.predicted, batch)
        sum(terms.values()).backward()
        self.terms = {name: term.item() for name, term in terms.items()}
        self.gradients = {
            f"{PARTS[part]}/{key}": parameter.grad
            for part in PARTS
            for key, parameter in model.get_submodule(part).named_parameters()
        }


@pytest.fixture(scope="module")
def step():
    return Step()


def test_predictions(step):
    for name, predicted in zip(("last", "current"), step.predicted, strict=True):
        fixture("train_step").check(f"ab_{name}_every4", predicted[:, :, ::4, ::4].detach(), 2e-1, 5e-3)


@pytest.mark.parametrize("name", TERMS)
def test_terms_of_the_generator(step, name):
    expected = float(fixture("train_step")[f"loss/{TERMS[name]}"])
    assert step.terms[name] == pytest.approx(expected, rel=1e-3 if name == "adversarial" else 1e-4)


def test_the_sum_and_the_discriminators_loss(step):
    golden = fixture("train_step")
    assert set(step.terms) == set(TERMS)
    assert sum(step.terms.values()) == pytest.approx(float(golden["loss/total_loss"]), rel=1e-4)
    assert step.discriminator_loss == pytest.approx(float(golden["loss/discriminator_loss"]), rel=1e-3)


def test_gradient_norms_of_the_generators_convolutions(step):
    arrays = fixture("train_step").arrays
    found = {key: gradient for key, gradient in step.gradients.items() if gradient.ndim == 4}
    assert len(found) > 40
    errors = {}
    for key, gradient in found.items():
        expected = arrays[f"grad_{key}"][0]
        errors[key] = abs(float(gradient.norm()) / expected - 1)
    worst = max(errors, key=errors.get)
    assert errors[worst] < 0.02, f"{worst} is off by {errors[worst]:.3%}"
