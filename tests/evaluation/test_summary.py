"""Means, curves and the comparison with baselines, on numbers made by hand."""

import pytest

from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.summary import summarize

METHODS = ("vcnode", "gray", "optical flow", "per frame")


def clip(name="clip", protocol="first-frame", frames=12, levels=None, looks=None):
    """A clip on which each method scores the same in every frame, unless a list is given."""
    levels = levels or dict(zip(METHODS, (40, 28, 38, 39), strict=True))
    curves = {
        method: [float(level)] * frames if isinstance(level, int | float) else level for method, level in levels.items()
    }
    looks = looks or {}
    scores = {
        method: {"ab_psnr": sum(curve) / frames, "warp_error": 2.0, "colourfulness": 20.0, **looks.get(method, {})}
        for method, curve in curves.items()
    }
    scores["truth"] = {"warp_error": 4.0, "colourfulness": 25.0, "cdc": 0.5, **looks.get("truth", {})}
    shown = curves if protocol == "first-frame" else {}
    return ClipScore(name, protocol, "its first frame", frames, 96, 64, 0.5, 1.0, scores, shown)


def test_clips_count_alike_unless_weighted_by_their_frames():
    short, long = clip(frames=5, levels={"vcnode": 30}), clip(frames=15, levels={"vcnode": 50})
    summary = summarize([short, long])
    assert summary["ab_psnr"] == {"vcnode": 40}
    assert summary["ab_psnr_frame_weighted"] == {"vcnode": 45}
    assert (summary["clips"], summary["frames"]) == (2, 20)


def test_the_curve_has_every_distance_and_how_many_clips_reach_it():
    rising = [float(number) for number in range(1, 4)]
    summary = summarize([clip(frames=3, levels={"vcnode": rising}), clip(frames=1, levels={"vcnode": 5})])
    assert summary["ab_psnr_by_distance"] == {
        "1": {"clips": 2, "vcnode": 3},
        "2": {"clips": 1, "vcnode": 2},
        "3": {"clips": 1, "vcnode": 3},
    }


def test_a_decibel_above_every_baseline_beyond_ten_frames_beats_them():
    summary = summarize([clip()])
    assert summary["beats_baselines_beyond_10"] is True
    assert summary["margin_beyond_10"] == {"margin": 1.0, "baseline": "per frame", "distance": 11}
    assert summary["margins_beyond_10"]["optical flow"]["margin"] == 2.0


def test_one_weak_distance_beyond_ten_loses_and_is_named():
    ours = [40.0] * 11 + [39.5]
    summary = summarize([clip(levels={"vcnode": ours, "optical flow": 38, "per frame": 39})])
    assert summary["beats_baselines_beyond_10"] is False
    assert summary["margin_beyond_10"] == {"margin": 0.5, "baseline": "per frame", "distance": 12}


def test_distances_that_few_clips_reach_do_not_decide():
    weak_end = [40.0] * 12 + [20.0]
    clips = [clip(frames=13, levels={"vcnode": weak_end, "gray": 28}), *(clip(levels={"vcnode": 40, "gray": 28}),) * 2]
    summary = summarize(clips)
    assert summary["ab_psnr_by_distance"]["13"] == {"clips": 1, "vcnode": 20, "gray": 28}
    assert summary["beats_baselines_beyond_10"] is True


def test_without_far_frames_or_baselines_there_is_nothing_to_beat():
    for clips in ([clip(frames=10)], [clip(levels={"vcnode": 40})]):
        summary = summarize(clips)
        assert summary["beats_baselines_beyond_10"] is None
        assert summary["margin_beyond_10"] is None


def test_the_shortfall_behind_flow_is_the_largest_up_to_ten_frames():
    flow = [42.0, 43.5, *[39.0] * 8, 60.0, 60.0]
    summary = summarize([clip(levels={"vcnode": 42, "optical flow": flow})])
    assert summary["behind_flow_up_to_10"] == {"shortfall": 1.5, "distance": 2}
    ahead = summarize([clip()])["behind_flow_up_to_10"]
    assert ahead == {"shortfall": -2.0, "distance": 1}


def test_ratios_are_means_over_clips_of_value_over_truth():
    twice = clip(looks={"vcnode": {"warp_error": 8.0, "colourfulness": 50.0, "cdc": 0.4}})
    summary = summarize([clip(), twice])
    assert summary["flicker_ratio"] == pytest.approx((0.5 + 2) / 2)
    assert summary["flicker"]["truth"] == 4
    assert summary["colourfulness_ratio"] == pytest.approx((0.8 + 2) / 2)
    assert summary["colourfulness_ratios"]["gray"] == pytest.approx(0.8)
    assert summary["cdc"] == {"vcnode": 0.4, "truth": 0.5}


@pytest.mark.parametrize("rounding", [0.0, 1e-8, 4e-6])
def test_a_truth_that_is_perfectly_still_has_no_ratio_of_flicker(rounding):
    summary = summarize([clip(), clip(looks={"truth": {"warp_error": rounding}})])
    assert summary["flicker_ratio"] == 0.5


def test_clips_without_colour_have_no_part_in_the_ratio_of_colourfulness():
    old = clip(protocol="other-scene", looks={"truth": {"colourfulness": None}})
    summary = summarize([clip(protocol="other-scene"), old])
    assert set(summary) == {"other_scene"}
    assert summary["other_scene"]["clips"] == 2
    assert summary["other_scene"]["colourfulness_ratio"] == pytest.approx(0.8)
    assert summary["other_scene"]["confidence"] == 0.5
