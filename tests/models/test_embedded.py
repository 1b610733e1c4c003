"""The model that comes with vcnode, on the clip that comes with vcnode."""

import math
from importlib import resources
from itertools import islice

import pytest

import vcnode
from vcnode.color import gray_of_lightness
from vcnode.media import open_source
from vcnode.weights import load_registry, locate

SAMPLE = resources.files("vcnode") / "sample"
REFERENCE_FRAME = 20  # the frame of the clip that the sample's reference shows


@pytest.fixture(scope="module")
def coloured():
    """A few frames up to the one whose colours are known."""
    with resources.as_file(SAMPLE) as folder, open_source(folder / "dog_gray.mp4") as source:
        luma = [(frame.luma.astype("float32") - 16).clip(0, 219) / 219 for frame in islice(source, 16, 21)]
        reference = vcnode.Reference(folder / "dog_reference.jpg")
        return list(vcnode.colorize(luma, [reference], model=vcnode.load("lite", device="cpu"))), reference.lab()


def test_the_weights_are_small_and_the_ones_registered():
    entry = load_registry()["lite"]
    path = locate(entry)
    assert path is not None
    assert path.stat().st_size == entry.files[0].size <= 25_000_000


def test_the_known_frame_gets_its_colours(coloured):
    frames, truth = coloured
    error = float(((frames[-1].ab - truth[:, 1:]) ** 2).mean())
    left_gray = float((truth[:, 1:] ** 2).mean())
    assert 10 * math.log10(255**2 / error) > 10 * math.log10(255**2 / left_gray) + 6


def test_confidence_is_highest_where_the_reference_was_taken(coloured):
    frames, _ = coloured
    means = [float(frame.confidence.mean()) for frame in frames]
    assert means.index(max(means)) == REFERENCE_FRAME - 16


def test_luma_is_untouched(coloured):
    for frame in coloured[0]:
        rgb = frame.rgb()
        luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
        gray = gray_of_lightness(frame.lightness)[0, 0]
        assert float((luma - gray).abs().max()) < 0.5 / 255
