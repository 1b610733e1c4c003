import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.training.conftest import photo
from vcnode.training.data.filtering import MaterialFilter, Measures, measure

COLORFUL = np.asarray(photo(0))


def verdict(rgb, side=None):
    return MaterialFilter().verdict(measure(rgb.astype(np.uint8), side))


def test_a_colour_photo_is_kept():
    assert verdict(COLORFUL) is None


@pytest.mark.parametrize(
    ("rgb", "word"),
    [
        (COLORFUL // 12, "dark"),
        (COLORFUL // 6 + 150, "faded"),
        (np.repeat(COLORFUL.mean(axis=2, keepdims=True), 3, axis=2), "gray"),
        (COLORFUL[:120], "tiny"),
    ],
    ids=["dark", "faded", "gray", "tiny"],
)
def test_what_teaches_nothing_is_left_out_in_one_word(rgb, word):
    assert verdict(rgb) == word


def test_colourful_noise_does_not_make_a_gray_picture_colourful():
    random = np.random.default_rng(0)
    gray = np.repeat(COLORFUL.mean(axis=2, keepdims=True), 3, axis=2)
    assert verdict((gray + random.normal(0, 20, gray.shape)).clip(0, 255)) == "gray"


def test_a_smaller_copy_is_judged_by_the_files_own_size():
    assert verdict(COLORFUL[:96], side=500) is None
    assert verdict(COLORFUL, side=100) == "tiny"


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3))))
def test_any_picture_has_measures_in_range_and_thresholds_of_0_let_it_through(rgb):
    measures = measure(rgb)
    assert measures.side == min(rgb.shape[:2])
    assert -0.01 <= measures.lightness <= 100.01
    assert 0 <= measures.contrast <= 100.01
    assert 0 <= measures.chroma <= 181
    everything = MaterialFilter(side=0, lightness=-1, contrast=0, chroma=0)
    assert everything.verdict(measures) is None


def test_thresholds_decide():
    measures = Measures(side=200, lightness=20, contrast=30, chroma=8)
    assert MaterialFilter().verdict(measures) is None
    assert MaterialFilter(side=201).verdict(measures) == "tiny"
    assert MaterialFilter(lightness=21).verdict(measures) == "dark"
    assert MaterialFilter(contrast=31).verdict(measures) == "faded"
    assert MaterialFilter(chroma=9).verdict(measures) == "gray"
