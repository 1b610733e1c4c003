"""How close coloured frames come to the truth, and how steadily.

Functions score pictures in batches and give one number a picture. What looks at several frames, or at a whole set of
them, is an object that takes frames one after the other (`update`) and keeps no more than it needs; its `result()` is
a number, or `Unavailable` with the reason. RGB is 0..1 in floating point, or uint8; Lab is L 0..100, ab -128..127.
"""

from vcnode.evaluation.metrics.color_difference import ColorDifference, ciede2000, color_difference
from vcnode.evaluation.metrics.color_distribution_consistency import (
    ColorDistributionConsistency,
    jensen_shannon_divergence,
)
from vcnode.evaluation.metrics.colorfulness import colorfulness, colorfulness_difference
from vcnode.evaluation.metrics.fid import FrechetInceptionDistance
from vcnode.evaluation.metrics.frechet import FeatureStatistics, frechet_distance
from vcnode.evaluation.metrics.inception import Inception, find_inception
from vcnode.evaluation.metrics.lpips import Lpips, find_lpips
from vcnode.evaluation.metrics.psnr import psnr_ab, psnr_colormnet_script, psnr_rgb
from vcnode.evaluation.metrics.ssim import ssim
from vcnode.evaluation.metrics.unavailable import Unavailable
from vcnode.evaluation.metrics.warp_error import WarpError

__all__ = [
    "ColorDifference",
    "ColorDistributionConsistency",
    "FeatureStatistics",
    "FrechetInceptionDistance",
    "Inception",
    "Lpips",
    "Unavailable",
    "WarpError",
    "ciede2000",
    "color_difference",
    "colorfulness",
    "colorfulness_difference",
    "find_inception",
    "find_lpips",
    "frechet_distance",
    "jensen_shannon_divergence",
    "psnr_ab",
    "psnr_colormnet_script",
    "psnr_rgb",
    "ssim",
]
