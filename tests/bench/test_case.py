import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.bench import USUAL_CASES, Case
from vcnode.errors import InputError

SIDES = st.integers(64, 5000)


@given(SIDES, SIDES, SIDES)
def test_what_is_written_is_read_back(width, height, short_side):
    case = Case(width, height, short_side)
    assert Case.parse(str(case)) == case


def test_the_network_works_at_the_frames_own_size_unless_told():
    assert Case.parse("768x432") == Case(768, 432, 432)
    assert Case.parse("1920x1080@432") == Case(1920, 1080, 432)
    assert Case.parse("432x768").short_side == 432


@pytest.mark.parametrize(
    ("text", "padded"), [("960x536", (960, 536)), ("960x540", (960, 544)), ("1920x1080@432", (768, 432))]
)
def test_working_sizes_are_multiples_of_8(text, padded):
    size = Case.parse(text).working_size
    assert (size.padded_width, size.padded_height) == padded


@pytest.mark.parametrize("text", ["", "768", "768x", "768*432", "768x432@", "x", "1e3x432", "768x432@432@2"])
def test_other_texts_are_explained(text):
    with pytest.raises(InputError, match="WIDTHxHEIGHT"):
        Case.parse(text)


@pytest.mark.parametrize("text", ["63x100", "100x63", "100x100@63", "100x100@0"])
def test_small_sides_are_explained(text):
    with pytest.raises(InputError, match="below 64"):
        Case.parse(text)


@pytest.mark.parametrize("text", ["20000x64", "64x16385", "64x64@99999"])
def test_sides_that_no_film_has_are_explained(text):
    with pytest.raises(InputError, match="above 16384"):
        Case.parse(text)


def test_the_usual_sizes_differ():
    assert len({(case.pixels, case.width) for case in USUAL_CASES}) == len(USUAL_CASES) == 4
