import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import WorkingSize
from vcnode.errors import InputError

frame_sides = st.integers(1, 5000)


@given(frame_sides, frame_sides, st.integers(64, 512), st.sampled_from([1, 8, 16, 32]))
def test_fit(height, width, short_side, multiple):
    size = WorkingSize.fit(height, width, short_side, multiple)
    assert min(size.height, size.width) == max(64, min(short_side, height, width))
    scale = min(size.height, size.width) / min(height, width)
    assert abs(size.height - height * scale) <= 0.5
    assert abs(size.width - width * scale) <= 0.5
    assert size.padded_height % multiple == 0
    assert size.padded_width % multiple == 0
    top, bottom, left, right = size.padding
    assert (top + size.height + bottom, left + size.width + right) == (size.padded_height, size.padded_width)
    assert 0 <= bottom < multiple
    assert 0 <= right < multiple


@given(st.integers(1, 150), st.integers(1, 150), st.sampled_from([64, 100]))
@settings(max_examples=30)
def test_shrink_pads_with_the_edge_and_crop_undoes_it(height, width, short_side):
    size = WorkingSize.fit(height, width, short_side)
    planes = torch.rand(2, 3, height, width)
    padded = size.shrink(planes)
    assert padded.shape == (2, 3, size.padded_height, size.padded_width)
    picture = size.crop(padded)
    assert picture.shape == (2, 3, size.height, size.width)
    assert torch.equal(
        padded[..., size.height :, : size.width],
        picture[..., -1:, :].expand(2, 3, size.padded_height - size.height, size.width),
    )
    assert picture.min() >= planes.min() - 1e-5
    assert picture.max() <= planes.max() + 1e-5
    mask = size.padding_mask()
    assert mask.shape == (1, 1, size.padded_height, size.padded_width)
    assert not size.crop(mask).any()
    assert int(mask.sum()) == size.padded_height * size.padded_width - size.height * size.width


def test_a_frame_that_fits_is_passed_as_it_is():
    planes = torch.rand(1, 1, 64, 96)
    assert torch.equal(WorkingSize.fit(64, 96, 224).shrink(planes), planes)


def test_known_size():
    size = WorkingSize.fit(1080, 1920, 216)
    assert dataclasses.astuple(size) == (1080, 1920, 216, 384, 224, 384)
    assert size.padding == (0, 8, 0, 0)


def test_fine_stripes_become_grey_not_moire():
    stripes = (torch.arange(1280) % 2 * 100.0).expand(1, 1, 720, 1280)
    picture = WorkingSize.fit(720, 1280, 90).shrink(stripes)[..., 4:-4]
    assert (picture - 50).abs().max() < 2


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="at least 64"):
        WorkingSize.fit(1080, 1920, 32)
    with pytest.raises(InputError, match="empty"):
        WorkingSize.fit(0, 1920, 224)
    size = WorkingSize.fit(1080, 1920, 224)
    with pytest.raises(InputError, match="1920x1080"):
        size.shrink(torch.zeros(1, 1, 720, 1280))
    with pytest.raises(InputError, match="400x224"):
        size.crop(torch.zeros(1, 2, 224, 384))
