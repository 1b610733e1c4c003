import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.color.encodings import ENCODINGS, convert, find_encoding, rgb_from_rgb, xyz_from_rgb
from vcnode.errors import InputError

# As published, each to its own number of digits.
_TO_XYZ = {
    # IEC 61966-2-1:1999 annex F, at four digits
    "linear-srgb": ([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], 6e-5),
    # Academy S-2014-004, ACEScg, annex: TRA1 to XYZ
    "acescg": (
        [
            [0.6624541811, 0.1340042065, 0.1561876870],
            [0.2722287168, 0.6740817658, 0.0536895174],
            [-0.0055746495, 0.0040607335, 1.0103391003],
        ],
        1e-10,
    ),
    # SMPTE ST 2065-1, equation 1
    "aces2065-1": (
        [
            [0.9525523959, 0.0, 0.0000936786],
            [0.3439664498, 0.7281660966, -0.0721325464],
            [0.0, 0.0, 1.0088251844],
        ],
        1e-10,
    ),
    # Rec. ITU-R BT.2087, linear R, G, B of BT.2020 to XYZ, at four digits
    "linear-rec2020": ([[0.6370, 0.1446, 0.1689], [0.2627, 0.6780, 0.0593], [0.0000, 0.0281, 1.0610]], 6e-5),
    # SMPTE EG 432-1 with the white D65, at four digits
    "linear-p3-d65": ([[0.4866, 0.2657, 0.1982], [0.2290, 0.6917, 0.0793], [0.0000, 0.0451, 1.0439]], 6e-5),
}
_BETWEEN = {
    # ampas/aces-dev, AP1 to BT.709 by Bradford, as the ACES output transforms have it
    ("acescg", "linear-srgb"): (
        [[1.70505, -0.62179, -0.08326], [-0.13026, 1.14080, -0.01055], [-0.02400, -0.12897, 1.15297]],
        1e-5,
    ),
    # The same for AP0
    ("aces2065-1", "linear-srgb"): (
        [[2.52169, -1.13413, -0.38756], [-0.27648, 1.37272, -0.09624], [-0.01538, -0.15298, 1.16835]],
        1e-5,
    ),
    # AP1 to AP0, Academy S-2014-004
    ("acescg", "aces2065-1"): (
        [
            [0.6954522414, 0.1406786965, 0.1638690622],
            [0.0447945634, 0.8596711185, 0.0955343182],
            [-0.0055258826, 0.0040252103, 1.0015006723],
        ],
        1e-10,
    ),
    # Rec. ITU-R BT.2087, BT.709 to BT.2020, at four digits
    ("linear-srgb", "linear-rec2020"): (
        [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]],
        6e-5,
    ),
}


@pytest.mark.parametrize("name", _TO_XYZ)
def test_matrices_to_xyz_are_the_published_ones(name):
    published, digits = _TO_XYZ[name]
    assert np.abs(np.array(xyz_from_rgb(ENCODINGS[name])) - published).max() <= digits


@pytest.mark.parametrize("names", _BETWEEN)
def test_matrices_between_spaces_are_the_published_ones(names):
    published, digits = _BETWEEN[names]
    source, target = (ENCODINGS[name] for name in names)
    assert np.abs(np.array(rgb_from_rgb(source, target)) - published).max() <= digits


@pytest.mark.parametrize("one", ENCODINGS.values(), ids=lambda encoding: encoding.name)
@pytest.mark.parametrize("other", ENCODINGS.values(), ids=lambda encoding: encoding.name)
def test_white_stays_white_and_conversions_undo_each_other(one, other):
    values = torch.rand(1, 3, 4, 5, dtype=torch.float64) * 3 - 0.5
    assert torch.allclose(convert(torch.ones_like(values), one, other), torch.ones_like(values), atol=1e-9)
    assert torch.allclose(convert(convert(values, one, other), other, one), values, atol=1e-9)
    assert sum(one.luminance_weights) == pytest.approx(1, abs=1e-12)


@given(st.sampled_from(sorted(ENCODINGS)), st.floats(-100, 100))
def test_encoding_undoes_decoding_and_is_odd(name, value):
    encoding = ENCODINGS[name]
    stored = torch.tensor(value, dtype=torch.float64)
    linear = encoding.decode(stored)
    assert float(encoding.encode(linear)) == pytest.approx(value, rel=1e-6, abs=1e-9)
    assert float(encoding.decode(-stored)) == -float(linear)
    assert encoding.curved or float(linear) == value


def test_an_unknown_encoding_is_named_with_those_that_are_known():
    with pytest.raises(InputError, match=r"'rec709' is not known: give one of srgb, linear-srgb, acescg, aces2065-1"):
        find_encoding("rec709")
