import pytest
import torch

from vcnode.errors import InputError
from vcnode.evaluation.metrics import FeatureStatistics, FrechetInceptionDistance, Unavailable, frechet_distance

from .pictures import codes


def mean_colors(rgb):
    """Features of width 3."""
    return rgb.float().mean(dim=(2, 3))


def test_pools_the_features_of_all_frames():
    results, truths = codes(1, 8, 8, batch=12), codes(2, 8, 8, batch=12)
    metric = FrechetInceptionDistance(mean_colors)
    for first in range(0, 12, 4):
        metric.update(results[first : first + 4], truths[first : first + 4])
    expected = [FeatureStatistics(), FeatureStatistics()]
    for statistics, frames in zip(expected, (results, truths), strict=True):
        statistics.update(mean_colors(frames))
    assert metric.result() == pytest.approx(frechet_distance(*expected))


def test_too_few_frames_have_no_number_unless_asked_for():
    metric = FrechetInceptionDistance(mean_colors)
    assert isinstance(metric.result(), Unavailable)
    metric.update(codes(1, batch=3), codes(2, batch=3))
    shortage = metric.result()
    assert isinstance(shortage, Unavailable)
    assert "3 frames" in shortage.reason
    assert "needs 4" in shortage.reason
    metric.update(codes(3), codes(4))
    assert isinstance(metric.result(), float)
    few = FrechetInceptionDistance(mean_colors, minimum=2)
    few.update(codes(1, batch=2), codes(2, batch=2))
    assert isinstance(few.result(), float)


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="minimum of 1"):
        FrechetInceptionDistance(mean_colors, minimum=1)
    with pytest.raises(InputError, match="each result"):
        FrechetInceptionDistance(mean_colors).update(codes(1, batch=2), codes(2))
    metric = FrechetInceptionDistance(lambda rgb: mean_colors(rgb) * torch.nan)
    with pytest.raises(InputError, match="not finite"):
        metric.update(codes(1), codes(2))
