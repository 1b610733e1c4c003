import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.conftest import photo
from vcnode.errors import InputError, MediaError
from vcnode.training.data.photos import class_of, cover_crop, find_photos, open_photo, thumbnail

from .pictures import difference, filled, save


def test_photos_are_listed_by_class_in_order(tmp_path):
    for name in ("b/2.JPG", "b/1.png", "a/x.webp", "a/y.jpeg"):
        save(filled(9, 9, 9, 4, 4), tmp_path / name)
    for other in ("a/notes.txt", "a/._y.jpeg", "loose.jpg"):
        (tmp_path / other).write_bytes(b"")
    (tmp_path / ".hidden").mkdir()
    assert find_photos(tmp_path) == ("a/x.webp", "a/y.jpeg", "b/1.png", "b/2.JPG")
    assert class_of("b/1.png") == "b"


@pytest.mark.parametrize("name", ["empty class", "empty class/nothing here"])
def test_a_folder_without_photos_is_refused(tmp_path, name):
    (tmp_path / "empty class").mkdir()
    with pytest.raises(InputError, match=r"class/photo\.jpg|cannot be read"):
        find_photos(tmp_path / name)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_photos_of_every_mode_come_out_in_rgb(tmp_path, mode):
    path = save(photo(0).convert(mode), tmp_path / f"a.{'jpg' if mode == 'CMYK' else 'png'}")
    image, side = open_photo(path, 128)
    assert (image.mode, image.size, side) == ("RGB", (200, 144), 144)


def test_photos_are_turned_upright(tmp_path):
    exif = PIL.Image.Exif()
    exif[274] = 6  # turn by 90 degrees
    path = save(photo(0), tmp_path / "a.jpg", exif=exif, quality=95)
    image, _ = open_photo(path, 128)
    assert image.size == (144, 200)
    assert difference(image, photo(0).transpose(PIL.Image.Transpose.ROTATE_270)) < 3


def test_a_large_jpeg_is_decoded_smaller_but_not_smaller_than_asked_for(tmp_path):
    path = save(photo(0, 800, 1000), tmp_path / "a.jpg")
    image, side = open_photo(path, 150)
    assert side == 800
    assert 150 <= min(image.size) < 400


@pytest.mark.parametrize("data", [b"", b"no picture", None])
def test_what_cannot_be_read_says_so(tmp_path, data):
    path = tmp_path / "a.jpg"
    if data is None:
        whole = save(photo(0), path).read_bytes()
        data = whole[: len(whole) // 2]
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"cannot read .*a\.jpg"):
        open_photo(path, 128)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    wanted=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_picture_is_cut_to_any_size(size, wanted, place):
    cut = cover_crop(filled(10, 200, 30, *size), *wanted, place=place)
    assert cut.shape == (*wanted, 3)
    assert np.all(cut == (10, 200, 30))


@pytest.mark.parametrize(("height", "width"), [(300, 200), (150, 400)])
def test_cutting_keeps_the_aspect(height, width):
    rows, columns = np.mgrid[:height, :width]
    ramp = np.stack((rows / 2, columns / 2, 0 * rows), axis=2).astype(np.uint8)
    cut = cover_crop(PIL.Image.fromarray(ramp), 72, 128).astype(float)
    down, across = cut[60, 64, 0] - cut[12, 64, 0], cut[36, 112, 1] - cut[36, 16, 1]
    assert down / 48 == pytest.approx(across / 96, rel=0.05)


def test_the_place_goes_from_left_to_right():
    wide = photo(3, 60, 200)
    left, right = (cover_crop(wide, 60, 60, place=(place, 0.5)) for place in (0.0, 1.0))
    assert np.array_equal(left, np.asarray(wide.crop((0, 0, 60, 60))))
    assert np.array_equal(right, np.asarray(wide.crop((140, 0, 200, 60))))


def test_a_thumbnail_shows_the_whole_picture():
    assert thumbnail(photo(0, 300, 600)).shape == (96, 192, 3)
    assert thumbnail(photo(0, 50, 60)).shape == (50, 60, 3)
