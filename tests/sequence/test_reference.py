from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from vcnode import Reference
from vcnode.color import rgb_to_lab
from vcnode.errors import InputError, MediaError
from vcnode.sequence import reference as reference_module

from .clips import picture

CODES = (picture(1, 20, 30) * 255).round().astype(np.uint8)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reference.png"
    PIL.Image.fromarray(CODES).save(path)
    return path


def test_file_array_and_tensor_give_the_same_lab(file):
    expected = rgb_to_lab(torch.from_numpy(CODES / np.float32(255)).permute(2, 0, 1)[None])
    forms = [
        file,
        str(file),
        CODES,
        CODES / 255,
        CODES.astype(np.uint16) * 257,
        torch.from_numpy(CODES).permute(2, 0, 1),
        torch.from_numpy(CODES).permute(2, 0, 1).double() / 255,
    ]
    for image in forms:
        assert torch.allclose(Reference(image).lab(), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (np.full((8, 8, 3), 0.4), "gray: give an image in colour"),
        (np.zeros((8, 8, 3), np.uint8), "gray"),
        (np.zeros((8, 8)), r"shape \(8, 8\)"),
        (np.zeros((8, 8, 4)), r"shape \(8, 8, 4\)"),
        (np.zeros((0, 8, 3)), "shape"),
        (torch.zeros(8, 8, 3), "shape"),
        (np.full((8, 8, 3), np.nan), "not numbers"),
        (np.full((8, 8, 3), 255.0), "0..1"),
        (np.zeros((8, 8, 3), np.int32), "int32"),
    ],
)
def test_what_has_no_colours_to_give_is_refused(image, problem):
    with pytest.raises(InputError, match=problem):
        Reference(image).lab()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MediaError, match="missing"):
        Reference(tmp_path / "missing.png").lab()


@pytest.mark.parametrize("form", ["luma", "rgb", "planes", "tensor", "file"])
def test_masks_may_come_in_any_form(form, tmp_path):
    codes = np.zeros((20, 30), np.uint8)
    codes[:, 10:] = 255
    path = tmp_path / "mask.png"
    PIL.Image.fromarray(codes).save(path)
    forms = {
        "luma": codes,
        "rgb": np.repeat(codes[..., None], 3, axis=-1),
        "planes": torch.from_numpy(codes)[None],
        "tensor": torch.from_numpy(codes / 255),
        "file": path,
    }
    mask = Reference(CODES, mask=forms[form]).mask_for(20, 30)
    assert torch.equal(mask, torch.from_numpy(codes / np.float32(255))[None, None])


def test_a_mask_fits_its_image():
    assert Reference(CODES).mask_for(20, 30) is None
    with pytest.raises(InputError, match="30x20 pixels, the image 40x20"):
        Reference(CODES, mask=np.ones((20, 30))).mask_for(20, 40)
    with pytest.raises(InputError, match=r"mask of reference .* has the shape \(1, 20, 30, 1\)"):
        Reference(CODES, mask=np.ones((1, 20, 30, 1))).mask_for(20, 30)
    with pytest.raises(InputError, match=r"mask of reference .* not numbers"):
        Reference(CODES, mask=np.full((20, 30), np.nan)).mask_for(20, 30)


@pytest.mark.parametrize("masked", [False, True])
def test_image_and_mask_are_read_together_each_file_once(tmp_path, monkeypatch, masked):
    codes = np.concatenate((CODES, np.full((20, 30, 1), 255, np.uint8)), axis=-1)
    codes[:, :10, 3] = 0
    image, mask, read = tmp_path / "picture.png", tmp_path / "mask.png", []
    PIL.Image.fromarray(codes).save(image)
    PIL.Image.fromarray(255 - codes[..., 3]).save(mask)
    given = Reference(image, mask=mask if masked else None)
    wanted = given.lab(), given.mask_for(20, 30)
    for name in ("read_image", "read_mask"):
        reader = getattr(reference_module, name)
        monkeypatch.setattr(reference_module, name, lambda path, reader=reader: read.append(path) or reader(path))
    assert all(torch.equal(*pair) for pair in zip(given.lab_and_mask(), wanted, strict=True))
    assert read == ([image, mask] if masked else [image])
    assert Reference(CODES).lab_and_mask()[1] is None


def test_image_and_mask_that_do_not_fit_are_told_when_they_are_read_together(file):
    with pytest.raises(InputError, match="30x21 pixels, the image 30x20"):
        Reference(file, mask=np.ones((21, 30))).lab_and_mask()
    with pytest.raises(InputError, match="gray"):
        Reference(np.full((20, 30, 3), 0.4), mask=np.ones((21, 30))).lab_and_mask()


def test_what_is_masked_everywhere_is_told_before_work_begins(tmp_path):
    faint = np.full((20, 30, 4), 100, np.uint8)
    PIL.Image.fromarray(faint).save(tmp_path / "faint.png")
    for given in (Reference(CODES, mask=np.zeros((20, 30))), Reference(tmp_path / "faint.png")):
        with pytest.raises(InputError, match="leaves nothing to match"):
            given.mask_for(20, 30)


def test_references_are_the_same_by_file_or_by_object():
    array = CODES.copy()
    same = [(Reference("a.png"), Reference(Path("a.png"))), (Reference(array, frame=2), Reference(array, frame=2))]
    for one, other in same:
        assert one == other
        assert hash(one) == hash(other)
    different = {
        Reference("a.png"),
        Reference("b.png"),
        Reference("a.png", frame=1),
        Reference("a.png", weight=2.0),
        Reference("a.png", mask="m.png"),
        Reference(array),
        Reference(array.copy()),
    }
    assert len(different) == 7
    assert Reference("a.png") != "a.png"


def test_only_files_have_paths():
    assert Reference("a.png").path == Path("a.png")
    with pytest.raises(InputError, match="save the image"):
        _ = Reference(CODES).path
