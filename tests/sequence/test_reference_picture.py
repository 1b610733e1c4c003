"""What of a reference can stand for a shot's frames."""

import numpy as np
import pytest
import torch
from PIL import Image

from vcnode import Reference, Settings
from vcnode.color import Bars, WorkingSize
from vcnode.errors import InputError
from vcnode.sequence.reference_picture import ReferencePicture

HEIGHT, WIDTH, BARS = 96, 160, 12
LETTERBOX = Bars(BARS, BARS, 0, 0)


def pixels(bars=0, logo=False, scale=1):
    """A coloured picture between black bars."""
    rgb = np.random.default_rng(0).uniform(0.2, 0.9, (HEIGHT, WIDTH, 3)).astype(np.float32)
    if bars:
        rgb[:bars] = rgb[-bars:] = 0
    if logo:
        rgb[:, 20:80] = 0.8
    return rgb.repeat(scale, axis=0).repeat(scale, axis=1)


def read(image, **options):
    return ReferencePicture.read(Reference(image), Settings(**options))


def size_of(bars, height=HEIGHT, width=WIDTH):
    picture = bars.crop(torch.empty(1, 1, height, width))
    return WorkingSize.fit(picture.shape[2], picture.shape[3], 64, 8)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("found_in_shot", [False, True])
@pytest.mark.parametrize("found_in_picture", [False, True])
def test_bars_found_in_one_and_not_in_the_other_are_no_other_shape(scale, found_in_shot, found_in_picture):
    given = read(pixels(BARS, logo=not found_in_picture, scale=scale))
    assert bool(given.bars) == found_in_picture
    bars = LETTERBOX if found_in_shot else Bars()
    shown = given.in_place_of_frame(bars, size_of(bars))
    assert torch.equal(shown, bars.scaled(scale, scale).crop(given.lab))


def test_bars_of_the_picture_alone_are_cut_off():
    given = read(pixels(BARS))
    shown = given.in_place_of_frame(Bars(), size_of(Bars(), HEIGHT - 2 * BARS))
    assert torch.equal(shown, LETTERBOX.crop(given.lab))


def test_a_picture_of_another_shape_stands_for_no_frame():
    assert read(pixels()).in_place_of_frame(Bars(), size_of(Bars(), WIDTH, HEIGHT)) is None
    assert read(pixels()).in_place_of_frame(LETTERBOX, size_of(LETTERBOX, WIDTH, HEIGHT)) is None
    line = read(np.full((1, 200, 3), (0.9, 0.2, 0.2), np.float32))
    assert line.in_place_of_frame(LETTERBOX, size_of(LETTERBOX)) is None


def test_what_is_transparent_is_not_matched_and_stands_for_no_frame(tmp_path):
    codes = (pixels() * 255).astype(np.uint8)
    opacity = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    opacity[:, :80] = 0
    Image.fromarray(np.concatenate((codes, opacity), axis=-1)).save(tmp_path / "painted.png")
    given = read(tmp_path / "painted.png")
    mask = given.to_match(64)[1]
    assert not mask[..., :50].any()
    assert mask[0, 0, :64, 56:106].all()
    assert given.in_place_of_frame(Bars(), size_of(Bars())) is None


@pytest.mark.parametrize("opacity", [0, 255])
def test_an_alpha_channel_that_nobody_painted_is_no_mask(tmp_path, opacity):
    codes = np.concatenate(((pixels() * 255).astype(np.uint8), np.full((HEIGHT, WIDTH, 1), opacity, np.uint8)), axis=-1)
    Image.fromarray(codes).save(tmp_path / "picture.png")
    assert read(tmp_path / "picture.png").mask is None


@pytest.mark.parametrize("opacity", [128, 254])
def test_alpha_that_hides_nothing_of_the_picture_leaves_it_a_keyframe(tmp_path, opacity):
    codes = np.full((HEIGHT, WIDTH, 4), opacity, np.uint8)
    codes[..., :3] = pixels() * 255
    codes[:BARS, :, 3] = codes[-BARS:, :, 3] = 0  # bars are no part of the picture
    Image.fromarray(codes).save(tmp_path / "matted.png")
    given = read(tmp_path / "matted.png")
    assert given.mask is not None
    shown = given.in_place_of_frame(LETTERBOX, size_of(LETTERBOX))
    assert shown is not None
    assert torch.equal(shown, LETTERBOX.crop(given.lab))


def test_a_mask_goes_before_what_is_transparent(tmp_path):
    codes = np.full((HEIGHT, WIDTH, 4), (200, 40, 40, 128), np.uint8)
    Image.fromarray(codes).save(tmp_path / "painted.png")
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    given = ReferencePicture.read(Reference(tmp_path / "painted.png", mask=mask), Settings())
    assert given.mask is not None
    assert given.mask.min() == 1


def test_a_mask_that_leaves_nothing_at_working_size_is_refused():
    mask = np.zeros((HEIGHT, WIDTH))
    mask[50, 70] = 1
    given = ReferencePicture.read(Reference(pixels(), mask=mask), Settings())
    with pytest.raises(InputError, match="leaves nothing to match"):
        given.to_match(64)
