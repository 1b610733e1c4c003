import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.sequence.tones import fit_tones, in_tones

from .clips import texture

PLAIN = (1.0, 0, 0, 0, 0, 0, 0)


def picture(seed=0, height=64, width=96):
    """Lab `(1, 3, height, width)`."""
    planes = torch.from_numpy(texture(seed, height, width, channels=3)).permute(2, 0, 1)[None]
    return (planes - 0.5) * torch.tensor([60.0, 80.0, 80.0]).view(1, 3, 1, 1) + torch.tensor([50.0, 5, 5]).view(
        1, 3, 1, 1
    )


def toned(lab, tones):
    return in_tones(lab[:, :1], lab[:, 1:], tones)


factors = st.tuples(st.floats(0.6, 1.6), *[st.floats(-0.4, 0.4)] * 2, *[st.floats(-0.1, 0.1)] * 3, st.floats(-8, 8))


@given(factors)
def test_tones_are_found(wanted):
    lab, wanted = picture(), torch.tensor(wanted)
    gray = toned(lab, wanted)
    assert (toned(lab, fit_tones(gray, lab)) - gray).abs().mean() < 0.5


def test_the_tones_of_plain_l_are_plain():
    lab = picture()
    assert torch.equal(toned(lab, torch.tensor(PLAIN)), lab[:, :1])
    assert torch.allclose(fit_tones(lab[:, :1], lab), torch.tensor(PLAIN), atol=1e-4)


def test_something_else_in_a_part_of_the_picture_hardly_counts():
    lab = picture()
    gray = toned(lab, torch.tensor([0.9, 0.1, -0.1, 0.05, 0, -0.05, 3]))
    seen = gray.clone()
    seen[..., :30] = 95
    assert (toned(lab, fit_tones(seen, lab)) - gray).abs().mean() < 1


def test_a_flat_picture_says_nothing_of_contrast():
    lab = torch.full((1, 3, 64, 64), 20.0)
    tones = fit_tones(lab[:, :1] + 5, lab)
    assert torch.allclose(toned(lab, tones), lab[:, :1] + 5, atol=0.1)
    assert torch.allclose(tones[0], torch.tensor(1.0), atol=0.2)
