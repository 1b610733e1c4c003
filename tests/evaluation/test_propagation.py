"""Figures of a clip whose truth is known."""

import math

import numpy as np
import pytest

from vcnode.errors import InputError
from vcnode.evaluation.propagation import evaluate_clip, summarize
from vcnode.media import write_png


def write_clip(folder, *, color, frames=4, height=64, width=96):
    """Still stripes of two colours, or of two grays."""
    folder.mkdir()
    rgb = np.full((height, width, 3), 110, np.uint8)
    rgb[:, ::8] = rgb[:, 1::8] = 170
    if color:
        rgb[: height // 2, :, 0] += 60
        rgb[height // 2 :, :, 2] += 60
    for number in range(frames):
        write_png(folder / f"clip.{number:04d}.png", rgb)
    return folder


def test_a_still_clip_is_carried_perfectly_by_flow_and_scores_its_own_chroma_when_left_gray(tmp_path, tiny_model):
    pytest.importorskip("cv2", reason="the flow baseline needs the extra 'evaluate'")
    score = evaluate_clip(write_clip(tmp_path / "still", color=True), tiny_model)
    assert all(len(values) == 3 for values in score.psnr.values())
    assert min(score.psnr["optical flow"]) > 60
    gray = score.psnr["gray"][0]
    assert 10 * math.log10(255**2 / 60**2) < gray < 10 * math.log10(255**2 / 5**2)
    assert score.psnr["gray"] == pytest.approx([gray] * 3)


def test_the_summary_averages_over_clips_and_reports_distances_that_were_reached(tmp_path, tiny_model):
    pytest.importorskip("cv2", reason="the flow baseline needs the extra 'evaluate'")
    score = evaluate_clip(write_clip(tmp_path / "still", color=True), tiny_model, limit=3)
    summary = summarize([score, score])
    assert summary["clips"] == 2
    assert list(summary["ab_psnr_by_distance"]) == ["1"]
    assert summary["ab_psnr"]["gray"] == pytest.approx(sum(score.psnr["gray"]) / 2, abs=0.01)


def test_a_gray_clip_and_a_single_frame_are_refused(tmp_path, tiny_model):
    with pytest.raises(InputError, match="gray"):
        evaluate_clip(write_clip(tmp_path / "gray", color=False), tiny_model)
    with pytest.raises(InputError, match="two or more"):
        evaluate_clip(write_clip(tmp_path / "short", color=True, frames=1), tiny_model)
