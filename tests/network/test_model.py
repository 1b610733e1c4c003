from dataclasses import is_dataclass

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from vcnode.errors import InputError
from vcnode.network import Model, ModelConfig, State
from vcnode.network.coherence import make_coherent
from vcnode.network.encoders import gray_to_rgb
from vcnode.network.light_colorization import UNKNOWN, LightColorNet
from vcnode.weights import lookup

HEIGHT, WIDTH = 64, 96


def picture(seed, batch=1, height=HEIGHT, width=WIDTH):
    """A smooth Lab picture, saturated to +-60."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 3, 6, 8, generator=random)
    rgb = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    return torch.cat((100 * rgb[:, :1], 120 * rgb[:, 1:] - 60), dim=1)


def lightness(seed, **options):
    return picture(seed, **options)[:, :1]


def tensors(thing):
    """All tensors in nested dataclasses and tuples, in order."""
    if isinstance(thing, torch.Tensor):
        return [thing]
    parts = thing if isinstance(thing, tuple) else vars(thing).values() if is_dataclass(thing) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def equal(one, other):
    return all(torch.equal(*pair) for pair in zip(tensors(one), tensors(other), strict=True))


@pytest.fixture(scope="module", autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def references(tiny_model):
    return tiny_model.encode_references([picture(1)])


@pytest.fixture(scope="module")
def later_state(tiny_model, references):
    return tiny_model.step(lightness(2), tiny_model.init_state(HEIGHT, WIDTH), references)[1]


@pytest.mark.parametrize("preset", ["tiny_model", "tiny_devc"])
def test_a_step_colours_the_frame_at_its_size(preset, request):
    model = request.getfixturevalue(preset)
    references = model.encode_references([picture(1)])
    step, state = model.step(lightness(2), model.init_state(HEIGHT, WIDTH), references)
    assert step.ab.shape == (1, 2, HEIGHT, WIDTH)
    assert step.warped_ab.shape == (1, 2, HEIGHT // 4, WIDTH // 4)
    assert step.confidence.shape == (1, 1, HEIGHT // 4, WIDTH // 4)
    assert step.match.shape == step.reference.shape == (1, HEIGHT // 4, WIDTH // 4)
    assert -128 <= step.ab.min() < step.ab.max() <= 128
    assert torch.equal(state.lightness, lightness(2))
    assert torch.equal(state.ab, step.ab)
    lowest = float(state.uncertainty.min())
    assert 0 <= lowest < UNKNOWN if preset == "tiny_model" else lowest == UNKNOWN  # the paper's network does not say
    again, _ = model.step(lightness(3), state, references)
    fresh, _ = model.step(lightness(3), model.init_state(HEIGHT, WIDTH), references)
    assert not torch.equal(again.ab, fresh.ab)
    assert torch.equal(again.warped_ab, fresh.warped_ab)  # matching knows no history


def test_a_step_is_preparing_and_advancing(tiny_model, references, later_state):
    prepared = tiny_model.prepare(lightness(3), later_state.lightness, references)
    assert equal(tiny_model.step(lightness(3), later_state, references), tiny_model.advance(prepared, later_state))


def test_a_step_is_pure(tiny_model, references, later_state):
    frame = lightness(3)
    arguments = tensors((frame, later_state, references))
    copies = [tensor.clone() for tensor in arguments]
    weights = [tensor.clone() for tensor in tiny_model.state_dict().values()]
    first = tiny_model.step(frame, later_state, references)
    tiny_model.step(lightness(9), later_state, references)
    assert equal(first, tiny_model.step(frame, later_state, references))
    assert all(torch.equal(*pair) for pair in zip(arguments, copies, strict=True))
    assert all(torch.equal(*pair) for pair in zip(weights, tiny_model.state_dict().values(), strict=True))


def test_what_is_done_to_a_result_does_not_reach_the_arguments(tiny_model, references):
    frame, state = lightness(3), tiny_model.init_state(HEIGHT, WIDTH)
    copies = [tensor.clone() for tensor in tensors((state, references))]
    step, _ = tiny_model.step(frame, state, references)
    for tensor in tensors(step):
        tensor.zero_()
    assert all(torch.equal(*pair) for pair in zip(tensors((state, references)), copies, strict=True))


def test_a_batch_gives_what_its_frames_give_alone(tiny_model, references):
    frames = torch.cat([lightness(seed) for seed in (3, 4, 5)])
    state = State(
        torch.cat([lightness(seed) for seed in (6, 7, 8)]), picture(9, batch=3)[:, 1:], torch.full((3, 1, 1, 1), 5.0)
    )
    together, after = tiny_model.step(frames, state, references)
    for number in range(3):
        one = slice(number, number + 1)
        alone, _ = tiny_model.step(
            frames[one], State(state.lightness[one], state.ab[one], state.uncertainty[one]), references
        )
        assert torch.allclose(together.ab[one], alone.ab, atol=1e-2)
        assert torch.allclose(together.confidence[one], alone.confidence, atol=1e-5)
    assert after.ab.shape == (3, 2, HEIGHT, WIDTH)


def test_every_frame_of_a_batch_may_have_references_of_its_own(tiny_model):
    frames = torch.cat([lightness(3), lightness(4)])
    pictures = [picture(1), picture(2)]
    joint = tiny_model.encode_references([torch.cat(pictures)])
    together = tiny_model.prepare(frames, None, joint)
    for number in range(2):
        own = tiny_model.encode_references([pictures[number]])
        alone = tiny_model.prepare(frames[number : number + 1], None, own)
        assert torch.allclose(together.warped_ab[number], alone.warped_ab[0], atol=1e-2)


def test_a_part_of_what_is_prepared_serves_for_its_frame(tiny_model, references, later_state):
    frames = torch.cat([lightness(3), lightness(4)])
    prepared = tiny_model.prepare(frames, later_state.lightness.expand(2, -1, -1, -1), references)
    step, _ = tiny_model.advance(prepared[1], later_state)
    whole, _ = tiny_model.step(lightness(4), later_state, references)
    assert torch.allclose(step.ab, whole.ab, atol=1e-2)


def test_several_references_are_matched_jointly_whatever_their_size(tiny_model):
    images = [picture(1), picture(2, height=80, width=64), picture(3, height=64, width=128)]
    joint = tiny_model.prepare(lightness(4), None, tiny_model.encode_references(images), best_match_only=True)
    alone = [tiny_model.prepare(lightness(4), None, tiny_model.encode_references([image])) for image in images]
    best = torch.cat([each.confidence for each in alone]).max(dim=0)
    assert torch.allclose(joint.confidence[0], best.values, atol=1e-5)
    assert (joint.reference[0] == best.indices[0]).float().mean() > 0.99
    assert torch.equal(joint.reference > 0, joint.match >= HEIGHT * WIDTH // 16)


def test_masks_and_weights_choose_among_references(tiny_model):
    images = [picture(1), picture(2)]

    def shares(**options):
        found = tiny_model.prepare(lightness(4), None, tiny_model.encode_references(images, **options))
        return (found.reference == 0).float().mean().item()

    nowhere, everywhere = torch.zeros(1, 1, HEIGHT, WIDTH), torch.ones(1, 1, HEIGHT, WIDTH)
    assert shares(masks=[nowhere, None]) == 0
    assert shares(masks=[everywhere, nowhere]) == 1
    assert shares(weights=[1e-30, 1.0]) < shares() < shares(weights=[1e30, 1.0])
    with pytest.raises(InputError, match="leaves nothing"):
        shares(masks=[nowhere, nowhere])
    with pytest.raises(InputError, match="2 references came with 1 masks"):
        shares(masks=[everywhere])


def test_a_position_of_which_half_is_masked_takes_no_part(tiny_model):
    mask = torch.ones(1, 1, HEIGHT, WIDTH)
    mask[..., -1:] = 0
    assert tiny_model.encode_references([picture(1)], masks=[mask]).joined.mask is None
    mask[..., -2:] = 0
    for rounding in (-1e-4, 0, 1e-4):
        encoded = tiny_model.encode_references([picture(1)], masks=[mask + rounding])
        kept = encoded.joined.mask.view(HEIGHT // 4, WIDTH // 4)
        assert kept[:, :-1].all()
        assert not kept[:, -1].any()


def test_the_light_preset_is_told_how_far_the_colours_that_matching_averages_differ(tiny_model, references):
    found = tiny_model.prepare(lightness(4), None, references)
    query = tiny_model.head.queries(tiny_model.encoder(gray_to_rgb(lightness(4)))).flatten(2)
    weights = torch.softmax(query[0].T @ references.joined.key[0] / tiny_model.config.temperature, dim=1)
    colours = torch.nn.functional.avg_pool2d(picture(1)[:, 1:], 4).flatten(2)[0].T
    variance = (weights * torch.cdist(weights @ colours, colours).square()).sum(dim=1)
    assert variance.max() > 1
    assert torch.allclose(found.spread.flatten(), variance, rtol=1e-3, atol=0.05)


def test_the_light_preset_is_given_coherent_colours_and_the_papers_what_matching_found(tiny_model, tiny_devc):
    found = tiny_model.prepare(lightness(4), None, tiny_model.encode_references([picture(1)]))
    coherent = make_coherent(found.warped_ab, found.confidence, lightness(4))
    assert torch.equal(found.proposed_ab, coherent)
    assert (found.proposed_ab - found.warped_ab).abs().max() > 1
    found = tiny_devc.prepare(lightness(4), None, tiny_devc.encode_references([picture(1)]))
    assert torch.equal(found.proposed_ab, found.warped_ab)
    assert not found.spread.any()


def test_the_best_match_alone_brings_colours_of_the_reference(tiny_model, references):
    found = tiny_model.prepare(lightness(4), None, references, best_match_only=True)
    colours = torch.nn.functional.avg_pool2d(picture(1)[:, 1:], 4).flatten(2)
    assert torch.equal(found.warped_ab.flatten(2)[0], colours[0][:, found.match.flatten()])


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (torch.zeros(1, 1, 60, 96), "96x60.*multiples of 8"),
        (torch.zeros(1, 1, 64, 100), "100x64"),
        (torch.zeros(1, 1, 56, 96), "at least 64"),
        (torch.zeros(1, 3, 64, 96), r"shape \(1, 3, 64, 96\); give \(B, 1, H, W\)"),
        (torch.zeros(64, 96), "shape"),
        (torch.zeros(1, 1, 72, 96), "begin with a new state"),
        (torch.zeros(2, 1, 64, 96), "begin with a new state"),
    ],
)
def test_frames_that_do_not_fit_are_refused(tiny_model, references, later_state, frame, problem):
    with pytest.raises(InputError, match=problem):
        tiny_model.step(frame, later_state, references)


def test_a_state_of_another_size_is_refused(tiny_model, references):
    prepared = tiny_model.prepare(lightness(3), None, references)
    with pytest.raises(InputError, match="state has the shape"):
        tiny_model.advance(prepared, tiny_model.init_state(HEIGHT, WIDTH + 8))


@pytest.mark.parametrize("image", [torch.zeros(1, 3, 60, 96), torch.zeros(1, 1, 64, 96), torch.zeros(3, 64, 96)])
def test_references_that_do_not_fit_are_refused(tiny_model, image):
    with pytest.raises(InputError, match="reference"):
        tiny_model.encode_references([image])


def test_at_least_one_reference_is_needed(tiny_model):
    with pytest.raises(InputError, match="at least one reference"):
        tiny_model.encode_references([])


def test_a_state_comes_back_from_its_tensors(later_state):
    assert equal(State.from_state_dict(later_state.state_dict()), later_state)
    assert equal(later_state.to("cpu"), later_state)
    assert {tensor.device.type for tensor in tensors(later_state.to("meta"))} == {"meta"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tensors: tensors.update(version=torch.tensor(99)),
        lambda tensors: tensors.pop("version"),
        lambda tensors: tensors.pop("uncertainty"),
        lambda tensors: tensors.update(more=torch.zeros(1)),
    ],
)
def test_a_state_of_another_version_is_refused(later_state, spoil):
    saved = later_state.state_dict()
    spoil(saved)
    with pytest.raises(InputError, match="colour the shot again"):
        State.from_state_dict(saved)


def test_references_move_to_a_device_whole(tiny_model):
    mask = torch.ones(1, 1, HEIGHT, WIDTH)
    mask[..., :8, :8] = 0
    references = tiny_model.encode_references([picture(1), picture(2)], [mask, None], [1.0, 2.0])
    assert equal(references.to("cpu"), references)
    moved = references.to("meta")
    assert {tensor.device.type for tensor in tensors(moved)} == {"meta"}
    assert len(tensors(moved)) == 4
    assert tiny_model.encode_references([picture(1)]).to("meta").joined.mask is None


def flops_of_a_frame(preset):
    with FakeTensorMode():  # shapes only
        model = Model(ModelConfig.from_dict(lookup(preset).configuration()))
        if isinstance(model.color_net, LightColorNet):
            model.color_net.changes_nothing = lambda: False  # counted as trained
        references = model.encode_references([torch.zeros(1, 3, 216, 384)])
        with FlopCounterMode(display=False) as counter:
            model.step(torch.zeros(1, 1, 216, 384), model.init_state(216, 384), references)
    return counter.get_total_flops()


def test_a_frame_of_the_light_preset_costs_a_tenth_of_the_papers_network():
    assert flops_of_a_frame("lite") <= flops_of_a_frame("devc") / 10


def test_the_light_preset_fits_into_the_repository():
    with torch.device("meta"):
        model = Model(ModelConfig.from_dict(lookup("lite").configuration()))
    assert sum(2 * tensor.numel() for tensor in model.state_dict().values()) < 25e6
