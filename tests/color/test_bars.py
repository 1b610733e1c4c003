import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import Bars, find_bars, find_bars_in_clip, lightness_of_gray
from vcnode.errors import InputError

from .golden import CLIPS

HEIGHT, WIDTH = 90, 120


def picture(seed, height, width, darkest=0.2, brightest=0.9):
    """Luma of a textured scene: soft shapes with fine grain."""
    random = torch.Generator().manual_seed(seed)
    shapes = F.interpolate(torch.rand(1, 1, 6, 8, generator=random), size=(height, width), mode="bicubic")[0, 0]
    grain = 0.05 * torch.randn(height, width, generator=random)
    return (darkest + (brightest - darkest) * shapes.clamp(0, 1) + grain).clamp(0.05, 1)


def framed(seed, bars, black=0.0, noise_codes=0.0):
    """L of a picture inside bars, stored at 8 bit with noise."""
    random = torch.Generator().manual_seed(seed + 1)
    inner = picture(seed, HEIGHT - bars.top - bars.bottom, WIDTH - bars.left - bars.right)
    frame = torch.full((HEIGHT, WIDTH), black)
    frame[bars.top : HEIGHT - bars.bottom, bars.left : WIDTH - bars.right] = inner
    frame = frame + noise_codes / 255 * torch.randn(HEIGHT, WIDTH, generator=random)
    return lightness_of_gray((frame * 255).round().clamp(0, 255) / 255)


def sides(length):
    return st.just(0) | st.integers(2, int(0.38 * length))


random_bars = st.builds(Bars, sides(HEIGHT), sides(HEIGHT), sides(WIDTH), sides(WIDTH))
blacks = st.floats(0, 8 / 255)
noises = st.floats(0, 2)


def assert_near(found, bars):
    for side in ("top", "bottom", "left", "right"):
        assert abs(getattr(found, side) - getattr(bars, side)) <= 1, (found, bars)


@given(st.integers(0, 10**6), random_bars, blacks, noises)
@settings(max_examples=60)
def test_bars_are_found(seed, bars, black, noise):
    assert_near(find_bars(framed(seed, bars, black, noise)), bars)


@given(st.integers(0, 10**6), st.floats(0.02, 0.5))
def test_noise_frames_have_none(seed, spread):
    luma = 0.4 + spread * torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))
    assert not find_bars(lightness_of_gray(luma.clamp(0, 1)))


@given(st.integers(0, 10**6), st.floats(0, 0.03), st.floats(0, 0.02))
def test_dark_frames_have_none(seed, level, noise):
    luma = level + noise * torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed)).abs()
    assert not find_bars(lightness_of_gray(luma))


def test_a_lamp_in_the_night_has_no_bars():
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    lamp = torch.exp(-((y - 40) ** 2 + (x - 50) ** 2) / 150.0)
    assert not find_bars(lightness_of_gray(0.8 * lamp))


def test_the_moon_has_no_bars():
    y, x = torch.meshgrid(torch.arange(360), torch.arange(480), indexing="ij")
    moon = (y - 150) ** 2 + (x - 250) ** 2 < 60**2
    assert not find_bars(lightness_of_gray(0.8 * moon))


def test_a_vignette_is_no_bar():
    across = torch.linspace(0, 1, WIDTH).sub(0.1).clamp_min(0).mul(3).clamp_max(1) ** 2
    assert not find_bars(lightness_of_gray(across * picture(3, HEIGHT, WIDTH)))


def test_grey_borders_are_not_black():
    assert not find_bars(framed(1, Bars(10, 10, 0, 0), black=0.15))


def test_ringing_and_a_logo_do_no_harm():
    bars = Bars(left=20, right=20)
    frame = framed(5, bars)
    frame[:, 17:20] = torch.tensor([1.2, 0.3, 1.4])
    frame[80:84, 3:18] = 60
    assert_near(find_bars(frame), bars)


def test_bars_of_a_clip_are_those_of_every_frame():
    wide, small = Bars(left=20, right=16), Bars(left=10, right=16)
    black = torch.zeros(HEIGHT, WIDTH)
    samples = [framed(7, wide), black, framed(8, small), framed(9, wide)]
    assert_near(find_bars_in_clip(samples), small)
    assert find_bars_in_clip(samples) == find_bars(torch.stack(samples)[:, None])
    assert not find_bars_in_clip([black, black])


def test_cropping_and_restoring():
    bars = Bars(3, 4, 5, 6)
    planes = torch.rand(1, 2, 30, 40)
    cropped = bars.crop(planes)
    assert cropped.shape == (1, 2, 23, 29)
    restored = bars.restore(cropped)
    assert restored.shape == planes.shape
    assert torch.equal(bars.crop(restored), cropped)
    assert restored.sum().item() == pytest.approx(cropped.sum().item(), rel=1e-4)
    assert torch.equal(Bars().restore(planes), planes)


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="No frames"):
        find_bars_in_clip([])
    with pytest.raises(InputError, match="one size"):
        find_bars_in_clip([torch.zeros(4, 4), torch.zeros(4, 5)])
    with pytest.raises(InputError, match="floating-point"):
        find_bars(torch.zeros(4, 4, dtype=torch.uint8))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bw_devc_v32", Bars(left=81, right=80)),  # a 4:3 film in 16:9, a logo across the left bar
        ("bw_street_1950s", Bars()),  # dark rounded corners
        ("davis_car_shadow", Bars()),
    ],
)
def test_real_clips(name, expected):
    av = pytest.importorskip("av")
    path = CLIPS / f"{name}.mp4"
    if not path.exists():
        pytest.skip(f"the clips are not in {CLIPS}")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][::10]
    found = find_bars_in_clip(lightness_of_gray(torch.from_numpy(frame).float() / 255) for frame in frames)
    assert_near(found, expected)


def test_real_photographs_have_none():
    image_module = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    folder = CLIPS / "bw_devc_v32_refs"
    if not folder.exists():
        pytest.skip(f"the photographs are not in {CLIPS}")
    for path in sorted(folder.glob("*.jpg")):
        with image_module.open(path) as image:
            luma = torch.from_numpy(numpy.asarray(image.convert("L"), dtype=numpy.float32)) / 255
        assert not find_bars(lightness_of_gray(luma)), path.name
