import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vcnode.color import linear_rgb_to_lab
from vcnode.color.encodings import ENCODINGS, convert
from vcnode.color.scene_linear import half_keeping_luminance, inside_gamut, rgb_keeping_luminance
from vcnode.errors import InputError

SRGB = ENCODINGS["linear-srgb"]
names = st.sampled_from(sorted(ENCODINGS))
colors = st.floats(-128, 127)
# Light as it is in plates: negative noise, shadows, white, and the sun.
light = st.one_of(st.floats(-10, 60000, width=32), st.floats(-1, 1, width=32), st.floats(0, 2**-13, width=32))


def planes(*values):
    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1)


def luminance_of(values, encoding):
    return float(encoding.luminance(encoding.decode(values.double())))


@given(names, light, colors, colors)
def test_luminance_is_kept_to_the_digits_of_a_float(name, value, a, b):
    encoding = ENCODINGS[name]
    linear = rgb_keeping_luminance(planes(value), planes(a, b), encoding)
    stored = encoding.encode(linear).float()
    assert luminance_of(stored, encoding) == pytest.approx(float(planes(value)), rel=1e-6, abs=1e-38)


@settings(max_examples=300)
@given(names, st.one_of(st.floats(-10, 4000, width=16), st.floats(0, 1, width=16)), colors, colors)
def test_luminance_is_kept_within_one_step_of_a_half(name, value, a, b):
    encoding = ENCODINGS[name]
    wanted = torch.tensor(value, dtype=torch.float64).view(1, 1, 1, 1)
    values = encoding.encode(rgb_keeping_luminance(wanted, planes(a, b), encoding))
    stored = half_keeping_luminance(values, wanted, encoding)
    got = encoding.encode(torch.tensor(luminance_of(stored, encoding), dtype=torch.float64))
    gray = encoding.encode(wanted).half().abs()
    step = float(torch.nextafter(gray, torch.tensor(torch.inf, dtype=torch.float16)) - gray)
    assert abs(float(got) - float(encoding.encode(wanted))) <= step


@given(names, st.floats(-1, 60000, width=16))
def test_gray_stays_gray_bit_for_bit(name, value):
    encoding = ENCODINGS[name]
    wanted = torch.tensor(value, dtype=torch.float64).view(1, 1, 1, 1)
    values = encoding.encode(rgb_keeping_luminance(encoding.decode(wanted), planes(0, 0), encoding))
    assert torch.equal(values.half(), wanted.half().expand(1, 3, 1, 1))


@given(names, st.floats(0.001, 1), st.floats(-25, 25), st.floats(-25, 25))
@example("aces2065-1", 0.02826531367996705, -10.2265625, -24.0)  # a channel of 3e-18
def test_the_colour_is_that_of_lab_in_every_encoding(name, value, a, b):
    encoding = ENCODINGS[name]
    linear = rgb_keeping_luminance(planes(value), planes(a, b), encoding)
    srgb = convert(linear, encoding, SRGB)
    assert float(srgb.min()) >= -1e-6  # every encoding holds what sRGB can show
    got = linear_rgb_to_lab(srgb)[0, 1:, 0, 0]
    # What was moved to the gamut's edge has a channel of 0, up to rounding.
    inside = rgb_keeping_luminance(planes(value), planes(1.02 * a, 1.02 * b), SRGB).min() > 1e-12
    if bool(inside):
        assert float((got - torch.tensor([a, b])).abs().max()) < 0.6


def test_light_brighter_than_white_keeps_its_chromaticity():
    at_white, brighter = (rgb_keeping_luminance(planes(value), planes(10, 30), SRGB) for value in (1.0, 7.0))
    assert torch.allclose(brighter, 7 * at_white)
    assert float(at_white.max() - at_white.min()) > 0.2


@given(st.lists(st.floats(-2, 3), min_size=3, max_size=3), st.sampled_from([None, 1.0]))
def test_inside_the_gamut_luminance_is_the_same(values, limit):
    rgb = planes(*values).double()
    luminance = SRGB.luminance(rgb)
    moved = inside_gamut(rgb, luminance, limit)
    assert float(SRGB.luminance(moved)) == pytest.approx(float(luminance), abs=1e-9)
    if 0 <= float(luminance) <= (limit or 3):
        assert float(moved.min()) >= -1e-9
        assert limit is None or float(moved.max()) <= limit + 1e-9


def test_pictures_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="luminance"):
        rgb_keeping_luminance(torch.zeros(1, 3, 4, 4), torch.zeros(1, 2, 4, 4), SRGB)
    with pytest.raises(InputError):
        rgb_keeping_luminance(torch.zeros(1, 1, 4, 4), torch.zeros(1, 2, 4, 5), SRGB)


def test_every_pixel_is_coloured_on_its_own():
    luminance, ab = torch.rand(1, 1, 700, 400), torch.randn(1, 2, 700, 400) * 20
    whole = rgb_keeping_luminance(luminance, ab, SRGB)
    part = rgb_keeping_luminance(luminance[:, :, 500:510], ab[:, :, 500:510], SRGB)
    assert torch.allclose(whole[:, :, 500:510], part, rtol=1e-12)
