"""What colours a clip: the network as users get it, and baselines."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.conftest import frames
from vcnode import Reference, Settings, colorize
from vcnode.color import gray_of_lightness, rgb_to_lab
from vcnode.evaluation.baselines import (
    OpticalFlow,
    Reinhard,
    UntrainedComposition,
    has_imagenet_encoder,
    untrained_model,
)
from vcnode.evaluation.methods import Given, LeftGray, MatchingAlone, NetworkRun, Ours, PerFrame
from vcnode.evaluation.motion import estimate_motion
from vcnode.sequence.frame import lightness_of
from vcnode.weights import load_weights

SHARED = Path(os.environ.get("VCNODE_GOLDEN", Path(__file__).parents[3] / "shared" / "golden")).parent
SETTINGS = Settings()


def lab_clip(count, **options):
    return [rgb_to_lab(torch.from_numpy(rgb / 255).float().permute(2, 0, 1)[None]) for rgb in frames(count, **options)]


def error(ab, lab):
    return float((ab - lab[:, 1:]).abs().mean())


def picture(lab_or_rgb):
    return torch.from_numpy(lab_or_rgb / 255).float().permute(2, 0, 1)


def given_of(clip, run):
    """What methods are given of each frame."""
    for number, lab in enumerate(clip):
        before = clip[number - 1][:, :1] if number else None
        flow = None if before is None else estimate_motion(before, lab[:, :1]).to_previous
        yield Given(number, lab[:, :1], flow, run.step(number, lab[:, :1]))


@pytest.fixture
def run(tiny_model):
    """Colours the moving clip after its first frame."""
    lab = lab_clip(1)[0]
    return NetworkRun(tiny_model, [Reference(picture(frames(1)[0]), frame=0)], lab[:, :1], SETTINGS)


def test_the_network_is_scored_as_users_get_it(tiny_model):
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    gray = [gray_of_lightness(lab[0, :1]).clamp(0, 1) for lab in lab_clip(4)]
    clip = [  # L as users' gray frames give it: where two motions fit alike, its last digits decide
        torch.cat((lightness_of(luma, number), lab[:, 1:]), dim=1)
        for number, (luma, lab) in enumerate(zip(gray, lab_clip(4), strict=True))
    ]
    run = NetworkRun(tiny_model, [Reference(picture(frames(1)[0]), frame=0)], clip[0][:, :1], SETTINGS)
    users = list(colorize(gray, [Reference(picture(frames(4)[0]), frame=0)], model=tiny_model))
    for frame, given in zip(users, given_of(clip, run), strict=True):
        assert torch.allclose(Ours().color(given), frame.ab, atol=0.05)
        assert torch.allclose(MatchingAlone().color(given), frame.warped_ab, atol=0.05)


def test_per_frame_colours_every_frame_as_the_first_of_a_shot(tiny_model, run):
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    clip = lab_clip(8, speed=5)
    # With a mask, so that nothing is brought along motion from it.
    reference = Reference(picture(frames(8, speed=5)[0]), mask=np.ones(clip[0].shape[2:]))
    given = list(given_of(clip, run))[-1]
    alone = next(iter(colorize([gray_of_lightness(given.lightness[0])], [reference], model=tiny_model)))
    assert torch.allclose(PerFrame(run).color(given), alone.ab, atol=0.05)
    assert not torch.allclose(Ours().color(given), alone.ab, atol=0.05)


def test_left_gray_has_no_colour(run):
    lightness = lab_clip(1)[0][:, :1]
    ab = LeftGray().color(Given(0, lightness, None, run.step(0, lightness)))
    assert ab.shape == (1, 2, 64, 96)
    assert not ab.any()


def test_reinhard_gives_every_lightness_its_colour_whatever_brightness_and_contrast(run):
    lightness = torch.tensor([20.0, 40.0, 60.0]).repeat_interleave(32).expand(1, 1, 64, 96)
    a = torch.where(lightness < 50, 30.0, -10.0)
    reference = torch.cat((lightness, a, -a), dim=1)
    other = 0.5 * lightness + 40
    for seen in (lightness, other):
        ab = Reinhard([reference]).color(Given(0, seen, None, run.step(0, seen)))
        assert torch.allclose(ab, reference[:, 1:], atol=1.0)


def test_optical_flow_carries_colours_along_and_keeps_them_where_nothing_moves():
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    still, moving = lab_clip(4, speed=0), lab_clip(4, speed=3)
    for clip, least in ((still, 0.05), (moving, 2.0)):
        method = OpticalFlow(clip[0][:, 1:])
        for number, lab in enumerate(clip):
            flow = None if number == 0 else estimate_motion(clip[number - 1][:, :1], lab[:, :1]).to_previous
            ab = method.color(Given(number, lab[:, :1], flow, None))
        assert error(ab, clip[-1]) < least
    assert error(moving[0][:, 1:], moving[-1]) > 2 * error(ab, moving[-1])


@pytest.mark.parametrize("keyframe", [True, False])
def test_the_untrained_composition_follows_motion_from_the_references_colours(run, keyframe):
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    clip = lab_clip(4)
    reference = Reference(picture(frames(4)[0]), frame=0 if keyframe else None)
    method = UntrainedComposition(untrained_model("cpu"), [reference], clip[0][:, :1], SETTINGS)
    results = [method.color(given) for given in given_of(clip, run)]
    gray = float(clip[-1][:, 1:].abs().mean())
    assert error(results[-1], clip[-1]) < 0.5 * gray
    again = UntrainedComposition(untrained_model("cpu"), [reference], clip[0][:, :1], SETTINGS)
    fresh = NetworkRun(untrained_model("cpu"), [reference], clip[0][:, :1], SETTINGS)
    assert torch.equal(next(again.color(given) for given in given_of(clip[:1], fresh)), results[0])


def test_the_encoder_of_the_composition_is_told_from_one_trained_further():
    weights = SHARED / "data" / "weights" / "efficientnet_lite0_imagenet_fp32.safetensors"
    if not weights.is_file():
        pytest.skip("the ImageNet weights are not beside the project")
    model = untrained_model("cpu")
    model.encoder.load_imagenet(load_weights(weights)[0])
    assert has_imagenet_encoder(model)
    model.encoder._conv_stem.weight.data *= 1.01
    assert not has_imagenet_encoder(model)
