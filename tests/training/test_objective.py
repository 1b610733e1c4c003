import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from vcnode.errors import InputError
from vcnode.network.discriminator import Discriminator
from vcnode.training import losses
from vcnode.training.batch import Batch
from vcnode.training.config import load_config
from vcnode.training.losses import LossWeights
from vcnode.training.objective import Objective
from vcnode.training.settings import plain, read_settings
from vcnode.training.vgg import LossNetwork

SIZE = (32, 48)
NAMES = {"l1", "perceptual", "contextual", "smoothness", "adversarial", "temporal"}
PRESETS = {"paper": load_config("paper").losses, "authors": load_config("authors").losses}


class Judge(nn.Module):
    """A discriminator of one convolution that keeps what it was shown."""

    def __init__(self):
        super().__init__()
        self.conv = nn.utils.skip_init(nn.Conv2d, 6, 1, 3)
        nn.init.constant_(self.conv.bias, 0.1)
        with torch.no_grad():
            self.conv.weight.copy_(torch.linspace(-0.01, 0.02, 54).view(1, 6, 3, 3))
        self.seen = []

    def forward(self, frames):
        self.seen.append(frames.detach())
        return torch.tanh(self.conv(frames)).mean(dim=(2, 3)), frames


@pytest.fixture(scope="module")
def vgg():
    return LossNetwork.random(width=8)


@pytest.fixture
def judge():
    return Judge()


def uniform(low, high, *shape, seed):
    return low + (high - low) * torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def make_batch(frames=2, samples=3):
    truth = torch.cat(
        (uniform(20, 80, samples, frames, 1, *SIZE, seed=1), uniform(-30, 30, samples, frames, 2, *SIZE, seed=2)), dim=2
    )
    reference = torch.cat(
        (uniform(20, 80, samples, 1, *SIZE, seed=3), uniform(-30, 30, samples, 2, *SIZE, seed=4)), dim=1
    )
    return Batch(
        lightness=truth[:, :, :1] + uniform(-4, 4, samples, frames, 1, *SIZE, seed=5),
        truth=truth,
        reference=reference,
        same_scene=torch.arange(samples) % 2 == 0,
        flow=uniform(-2, 2, samples, frames - 1, 2, *SIZE, seed=6),
        visible=(uniform(0, 1, samples, frames - 1, 1, *SIZE, seed=7) > 0.3).float(),
    )


def predict(frames=2, samples=3):
    return [uniform(-30, 30, samples, 2, *SIZE, seed=10 + t).requires_grad_() for t in range(frames)]


def part(batch, first):
    """The two frames `first` and `first + 1` alone."""
    one, two = slice(first, first + 1), slice(first, first + 2)
    return Batch(
        batch.lightness[:, two],
        batch.truth[:, two],
        batch.reference,
        batch.same_scene,
        batch.flow[:, one],
        batch.visible[:, one],
    )


def test_every_term_is_its_loss_times_its_weight(vgg, judge):
    weights, batch, predicted = load_config("authors").losses, make_batch(), predict()
    terms = Objective(weights, vgg, judge).generator_terms(predicted, batch)
    before, ab = predicted
    truth = batch.truth[:, 1]
    features, true_features, reference = (
        vgg(picture) for picture in (torch.cat((truth[:, :1], ab), 1), truth, batch.reference)
    )
    fake, real = (judge(pairs)[0] for pairs in tuple(judge.seen))
    expected = {
        "l1": 2 * losses.l1_loss(ab, truth[:, 1:], batch.same_scene, divided_twice=True),
        "perceptual": 0.001 * losses.perceptual_loss(features["r52"], true_features["r52"]),
        "contextual": 0.2 * losses.layered_contextual_loss(features, reference, layers="authors", centered=True),
        "smoothness": 5 * losses.smoothness_loss(ab, truth, weights="softmax"),
        "adversarial": 0.2 * losses.generator_adversarial_loss(real, fake, halved=True),
        "temporal": 0.02 * losses.temporal_loss(ab, before, batch.flow[:, 0], batch.visible[:, 0]),
    }
    assert set(terms) == NAMES
    torch.testing.assert_close(terms, expected)


def test_the_papers_form_is_another_one(vgg, judge):
    batch, predicted = make_batch(), predict()
    ours, theirs = (Objective(weights, vgg, judge).generator_terms(predicted, batch) for weights in PRESETS.values())
    differing = {name for name in NAMES if not torch.isclose(ours[name], theirs[name], rtol=1e-3)}
    assert differing == {"l1", "contextual", "smoothness", "adversarial"}


@pytest.mark.parametrize("preset", PRESETS)
def test_longer_clips_take_the_mean_over_their_frames(preset, vgg):
    objective = Objective(replace(PRESETS[preset], adversarial=0.0), vgg)
    batch, predicted = make_batch(frames=4), predict(frames=4)
    pairs = [objective.generator_terms(predicted[t : t + 2], part(batch, t)) for t in range(3)]
    expected = {name: sum(terms[name] for terms in pairs) / 3 for name in pairs[0]}
    torch.testing.assert_close(objective.generator_terms(predicted, batch), expected)


def test_the_discriminator_sees_neighbours_under_true_luma_and_truth_of_other_samples(vgg, judge):
    batch, predicted = make_batch(frames=3), predict(frames=3)
    Objective(load_config("authors").losses, vgg, judge).discriminator_loss(predicted, batch)
    fake, real = (pairs.unflatten(0, (3, 2)) for pairs in judge.seen)
    for sample in range(3):
        for t in (1, 2):
            luma = batch.truth[sample, :, :1]
            shown = (luma[t], predicted[t][sample], luma[t - 1], predicted[t - 1][sample])
            assert torch.equal(fake[sample, t - 1], torch.cat(shown))
            other = batch.truth[(sample - 1) % 3]
            assert torch.equal(real[sample, t - 1], torch.cat((other[t], other[t - 1])))


def test_either_side_learns_from_its_own_loss_alone(vgg):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        discriminator = Discriminator(last_kernel=(1, 2))
    only_adversarial = LossWeights(l1=0, perceptual=0, contextual=0, smoothness=0, temporal=0)
    objective = Objective(only_adversarial, discriminator=discriminator)
    batch = make_batch(samples=2)
    batch = replace(batch, truth=batch.truth.repeat(1, 1, 1, 2, 3))
    predicted = [ab.detach().repeat(1, 1, 2, 3).requires_grad_() for ab in predict(samples=2)]
    trained = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]

    objective.discriminator_loss(predicted, batch).backward()
    assert all(ab.grad is None for ab in predicted)
    assert all(parameter.grad is not None for parameter in trained)

    discriminator.zero_grad()
    objective.generator_terms(predicted, batch)["adversarial"].backward()
    assert all(ab.grad.abs().sum() > 0 for ab in predicted)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in trained)


@pytest.mark.parametrize("name", ["adversarial", "temporal"])
def test_gradients_reach_the_frame_before_too(name, vgg, judge):
    predicted = predict()
    Objective(load_config("paper").losses, vgg, judge).generator_terms(predicted, make_batch())[name].backward()
    assert all(ab.grad.isfinite().all() and ab.grad.abs().sum() > 0 for ab in predicted)


def test_noise_in_the_input_changes_nothing(vgg, judge):
    batch, predicted, objective = make_batch(), predict(), Objective(load_config("paper").losses, vgg, judge)
    noiseless = replace(batch, lightness=batch.truth[:, :, :1])
    torch.testing.assert_close(
        objective.generator_terms(predicted, batch), objective.generator_terms(predicted, noiseless), rtol=0, atol=0
    )


@pytest.mark.parametrize("name", sorted(NAMES))
def test_what_weighs_nothing_is_left_out(name, vgg, judge):
    weights = LossWeights(**dict.fromkeys(NAMES - {name}, 0.0))
    needed = {"loss_network": vgg} if name in ("perceptual", "contextual") else {}
    needed |= {"discriminator": judge} if name == "adversarial" else {}
    assert set(Objective(weights, **needed).generator_terms(predict(), make_batch())) == {name}


def test_missing_networks_are_explained(vgg, judge):
    with pytest.raises(InputError, match="need a VGG"):
        Objective(LossWeights(), discriminator=judge)
    with pytest.raises(InputError, match="needs a discriminator"):
        Objective(LossWeights(), vgg)
    with pytest.raises(InputError, match="without a discriminator"):
        Objective(LossWeights(adversarial=0), vgg).discriminator_loss(predict(), make_batch())


@pytest.mark.parametrize(
    ("predicted", "batch"),
    [
        (predict(frames=1), make_batch(frames=2)),
        (predict(frames=1), make_batch(frames=1)),
        (predict(frames=3), make_batch(frames=2)),
        (predict(samples=2), make_batch(samples=3)),
        ([], make_batch()),
    ],
)
def test_predictions_that_do_not_fit_are_explained(predicted, batch, vgg, judge):
    objective = Objective(LossWeights(), vgg, judge)
    for call in (objective.generator_terms, objective.discriminator_loss):
        with pytest.raises(InputError, match="for each of T frames, two or more"):
            call(predicted, batch)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_autocast_give_what_float32_gives(dtype, vgg, judge):
    objective, batch = Objective(load_config("authors").losses, vgg, judge), make_batch()
    predicted = [ab.detach().to(dtype) for ab in predict()]
    expected = objective.generator_terms([ab.float() for ab in predicted], batch)
    expected["discriminator"] = objective.discriminator_loss([ab.float() for ab in predicted], batch)
    with torch.autocast("cpu", dtype=dtype):
        found = objective.generator_terms(predicted, batch)
        found["discriminator"] = objective.discriminator_loss(predicted, batch)
    torch.testing.assert_close(found, expected)


def test_a_step_leaves_the_batch_as_it_was(vgg, judge):
    batch, objective = make_batch(), Objective(load_config("authors").losses, vgg, judge)
    kept = copy.deepcopy(batch)
    objective.discriminator_loss(predict(), batch)
    objective.generator_terms(predict(), batch)
    assert all(torch.equal(getattr(batch, name), getattr(kept, name)) for name in vars(kept))


@pytest.mark.parametrize("weights", PRESETS.values(), ids=PRESETS)
def test_weights_are_read_and_written_back(weights):
    assert read_settings(LossWeights, plain(weights)) == weights
    numbers = (weights.l1, weights.perceptual, weights.contextual, weights.smoothness)
    assert numbers == (2, 0.001, 0.2, 5)
    assert (weights.adversarial, weights.temporal) == (0.2, 0.02)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"l2": 1.0}, "no setting 'losses.l2': in 'losses' there are l1, perceptual"),
        ({"l1": -1}, "'losses.l1' is -1.0: give 0 or more"),
        ({"l1": True}, "'losses.l1' is True: give a number"),
        ({"l1": "2"}, "'losses.l1' is '2': give a number"),
        ({"temporal": float("nan")}, "'losses.temporal' is nan: give a finite number"),
        ({"temporal": float("inf")}, "'losses.temporal' is inf: give a finite number"),
        ({"adversarial_halved": 1}, "'losses.adversarial_halved' is 1: give true or false"),
        ({"smoothness_weights": "soft"}, "'losses.smoothness_weights' is 'soft': give one of wls, softmax"),
        ({"smoothness_weights": ["wls"]}, "'losses.smoothness_weights' is"),
        ({"contextual_layers": None}, "'losses.contextual_layers' is None: give one of paper, authors"),
    ],
)
def test_settings_that_cannot_be_are_explained(values, problem):
    with pytest.raises(InputError, match=problem):
        read_settings(LossWeights, values, "losses")
