"""IMAGE and MASK tensors: every form that ComfyUI's nodes make, and sentences for the rest."""

import pytest
import torch

from comfyvcnode import images
from vcnode.errors import InputError


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_gray_rgb_and_rgba_of_any_float_type(channels, dtype):
    batch = torch.rand(2, 5, 7, channels).to(dtype)
    assert images.check_images(batch, "The images") is batch
    frames = list(images.frames_of(batch))
    assert [frame.shape for frame in frames] == [(min(channels, 3), 5, 7)] * 2
    assert torch.equal(frames[1].movedim(0, -1), batch[1, ..., :3])
    assert frames[0].data_ptr() == batch.data_ptr()  # a view: no memory for whole clips


@pytest.mark.parametrize(
    "wrong", [torch.rand(5, 7, 3), torch.rand(1, 5, 7, 2), torch.zeros(1, 5, 7, 3, dtype=torch.uint8)]
)
def test_other_shapes_and_types_are_refused(wrong):
    with pytest.raises(InputError, match="give an IMAGE batch"):
        images.check_images(wrong, "The images")


def test_an_empty_batch_is_refused():
    with pytest.raises(InputError, match="The images are empty"):
        images.check_images(torch.rand(0, 5, 7, 3), "The images")


def test_masks():
    one, two = torch.rand(1, 5, 7), torch.rand(2, 5, 7)
    assert images.masks_of(None, 3) == [None] * 3
    assert all(torch.equal(mask, one[0]) for mask in images.masks_of(one, 3))
    assert all(torch.equal(mask, one[0]) for mask in images.masks_of(one[0], 3))
    assert [torch.equal(*pair) for pair in zip(images.masks_of(two, 2), two, strict=True)] == [True, True]


def test_the_empty_mask_of_load_image_is_none():
    assert images.masks_of(torch.zeros(1, 64, 64), 2) == [None, None]


def test_a_black_mask_is_refused():
    with pytest.raises(InputError, match="black everywhere"):
        images.masks_of(torch.zeros(1, 5, 7), 1)


def test_masks_for_another_number_of_images_are_refused():
    with pytest.raises(InputError, match="for 3 images"):
        images.masks_of(torch.rand(2, 5, 7), 3)
