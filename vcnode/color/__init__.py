"""Colour: Lab, Y'CbCr, chroma that keeps Y', edge-aware chroma upsampling, working sizes and black bars."""

from vcnode.color.bars import Bars, find_bars, find_bars_in_clip
from vcnode.color.chroma import chroma_keeping_luma, fade_extremes, rgb_keeping_luma, saturate
from vcnode.color.enlarge import Enlarging, enlarge_ab
from vcnode.color.lab import (
    gray_of_lightness,
    lab_to_linear_rgb,
    lab_to_rgb,
    lightness_of_gray,
    linear_rgb_to_lab,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)
from vcnode.color.letterbox import WorkingSize
from vcnode.color.smoother import devc_finish, fast_global_smoother
from vcnode.color.subsample import ChromaSiting, subsample
from vcnode.color.upsample import UpsampleMethod, upsample_ab
from vcnode.color.ycbcr import (
    Matrix,
    PixelEncoding,
    Plane,
    Range,
    decode,
    encode,
    rgb_to_ycbcr,
    ycbcr_to_rgb,
)

__all__ = [
    "Bars",
    "ChromaSiting",
    "Enlarging",
    "Matrix",
    "PixelEncoding",
    "Plane",
    "Range",
    "UpsampleMethod",
    "WorkingSize",
    "chroma_keeping_luma",
    "decode",
    "devc_finish",
    "encode",
    "enlarge_ab",
    "fade_extremes",
    "fast_global_smoother",
    "find_bars",
    "find_bars_in_clip",
    "gray_of_lightness",
    "lab_to_linear_rgb",
    "lab_to_rgb",
    "lightness_of_gray",
    "linear_rgb_to_lab",
    "linear_to_srgb",
    "rgb_keeping_luma",
    "rgb_to_lab",
    "rgb_to_ycbcr",
    "saturate",
    "srgb_to_linear",
    "subsample",
    "upsample_ab",
    "ycbcr_to_rgb",
]
