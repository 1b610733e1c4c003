"""Scores of hand-made frames."""

import math

import pytest
import torch

from vcnode.color import lab_to_rgb
from vcnode.evaluation.clips import Truth
from vcnode.evaluation.looks import Looks
from vcnode.evaluation.metrics import Unavailable
from vcnode.evaluation.motion import Motion, estimate_motion
from vcnode.evaluation.scores import HIGHEST_PSNR, Errors, Networks, picture

NOTHING = Networks(Unavailable("not here"), Unavailable("not here"))
STILL = Motion(torch.zeros(1, 2, 32, 48), torch.zeros(1, 2, 32, 48), torch.ones(1, 1, 32, 48))


def truth(number=0, a=20.0, b=-10.0):
    lab = torch.stack(
        (torch.linspace(30, 70, 32 * 48).view(1, 32, 48), *(torch.full((1, 32, 48), x) for x in (a, b))), 1
    )
    return Truth(number, lab_to_rgb(lab), lab, lab[:, :1])


def test_ab_psnr_is_that_of_the_formula_and_averaged_in_decibels():
    errors = Errors(None)
    for offset in (10.0, 1.0):
        errors.update(truth().ab + offset, None, truth())
    expected = [10 * math.log10(255**2 / offset**2) for offset in (10, 1)]
    assert errors.frames["ab_psnr"] == pytest.approx(expected, abs=1e-3)
    assert errors.means() == {"ab_psnr": pytest.approx(sum(expected) / 2, abs=1e-3)}


def test_the_truths_own_colours_are_perfect_in_every_metric():
    errors, shown = Errors(NOTHING), truth()
    errors.update(shown.ab, picture(shown.lightness, shown.ab), shown)
    means = errors.means()
    best = {"ab_psnr": HIGHEST_PSNR, "rgb_psnr": HIGHEST_PSNR, "colormnet_script_psnr": HIGHEST_PSNR, "ssim": 1}
    assert {name: means[name] for name in best} == pytest.approx(best)
    assert means["ciede2000_mean"] == means["ciede2000_p95"] == 0
    assert means["colourfulness_difference"] < 0.2  # the truth is not rounded to 8 bits
    assert "lpips" not in means


def test_wrong_colours_cost_in_every_metric_and_colormnets_script_forgives_them():
    errors, shown = Errors(NOTHING), truth(a=60.0, b=-60.0)
    gray = torch.zeros_like(shown.ab)
    errors.update(gray, picture(shown.lightness, gray), shown)
    means = errors.means()
    assert means["rgb_psnr"] < 20 < means["colormnet_script_psnr"]
    assert means["ciede2000_p95"] >= means["ciede2000_mean"] > 10
    assert means["ssim"] < 0.99
    assert means["colourfulness_difference"] > 20


def test_pictures_are_rounded_not_truncated():
    shown = truth()
    assert torch.equal(picture(shown.lightness, shown.ab), (lab_to_rgb(shown.lab) * 255).round() / 255)


def test_looks_of_what_stands_still_are_steady_and_of_what_flickers_are_not():
    steady, flickering = Looks(), Looks()
    for number in range(6):
        motion = STILL if number else None
        for looks, offset in ((steady, 0.0), (flickering, 4.0 * (number % 2))):
            ab = truth().ab + offset
            looks.update(ab, picture(truth().lightness, ab), motion)
    calm, restless = steady.means(), flickering.means()
    assert calm["chroma"] == pytest.approx(math.hypot(20, 10))
    assert max(calm[name] for name in ("ab_change", "ab_warp_error", "warp_error", "cdc")) < 1e-5
    assert restless["ab_change"] == pytest.approx(4)
    assert restless["ab_warp_error"] == pytest.approx(4)
    assert restless["warp_error"] > 1
    assert restless["cdc"] > 0.01


def test_what_is_hidden_does_not_count_as_flicker():
    looks, motion = Looks(), Motion(STILL.to_previous, STILL.to_current, STILL.visible.clone())
    motion.visible[..., :24] = 0
    for number in range(2):
        ab = truth().ab.clone()
        ab[..., :24] += 9.0 * number
        looks.update(ab, picture(truth().lightness, ab), motion if number else None)
    means = looks.means()
    assert max(means["ab_warp_error"], means["warp_error"]) < 1e-5
    assert means["ab_change"] == pytest.approx(4.5)


def test_too_few_frames_give_none_instead_of_a_number():
    looks = Looks()
    looks.update(truth().ab, truth().rgb, None)
    means = looks.means()
    assert means["cdc"] is None
    assert means["warp_error"] is None
    assert means["colourfulness"] > 0


def test_motion_points_from_each_frame_to_the_other():
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(110.0), indexing="ij")
    wide = 50 + 20 * torch.sin(columns / 4) * torch.cos(rows / 5)
    before, now = wide[None, None, :, :96], wide[None, None, :, 3:99]
    motion = estimate_motion(before, now)
    inside = (slice(None), slice(None), slice(16, 48), slice(24, 72))
    assert motion.to_previous[inside][:, 0].median() == pytest.approx(3, abs=0.3)
    assert motion.to_current[inside][:, 0].median() == pytest.approx(-3, abs=0.3)
    assert motion.visible[inside].mean() > 0.9
