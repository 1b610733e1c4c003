import pytest
import torch

from vcnode.color import devc_finish, fast_global_smoother, lab_to_rgb
from vcnode.errors import InputError

from .golden import golden


def test_authors_smoother():
    guide, planes, smooth, other = golden("misc.npz", "fgs.guide", "fgs.src", "fgs.out", "fgs.out_lambda8_sigma20")
    guide, planes = guide.float()[None, None], planes[None, None]
    assert (fast_global_smoother(planes, guide) - smooth).abs().max() < 1e-3
    assert (fast_global_smoother(planes, guide, strength=8, sigma=20) - other).abs().max() < 1e-3


def test_opencv_smoother():
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "ximgproc"):
        pytest.skip("this OpenCV has no ximgproc")
    random = torch.Generator().manual_seed(6)
    guide = torch.randint(0, 256, (37, 50), generator=random, dtype=torch.uint8)
    planes = torch.randn(2, 3, 37, 50, generator=random) * 40
    result = fast_global_smoother(planes, guide.float().expand(2, 1, 37, 50), strength=120, sigma=30)
    for batch in range(2):
        for channel in range(3):
            expected = cv2.ximgproc.fastGlobalSmootherFilter(guide.numpy(), planes[batch, channel].numpy(), 120.0, 30.0)
            assert (result[batch, channel] - torch.from_numpy(expected)).abs().max() < 1e-3


def test_authors_finish():
    ab, expected, rgb = golden("post.npz", "post.ab_in_half", "post.ab_filtered_every4", "post.rgb_u8")
    (lightness,) = golden("inputs.npz", "frame0_L_432x768")
    lightness = lightness.float() / 32 + 50
    finished = devc_finish(ab, lightness)
    assert (finished[..., ::4, ::4] - expected).abs().max() < 1e-3
    codes = (lab_to_rgb(torch.cat((lightness, finished), 1)) * 255).trunc()[0].permute(1, 2, 0)
    difference = (codes - rgb).abs()
    assert difference.max() <= 1
    assert difference.mean() < 0.01


def test_constant_planes_and_strength_zero_change_nothing():
    random = torch.Generator().manual_seed(7)
    guide = torch.rand(1, 1, 11, 17, generator=random) * 255
    assert torch.allclose(fast_global_smoother(torch.full((1, 2, 11, 17), 9.0), guide), torch.tensor(9.0))
    planes = torch.rand(1, 2, 11, 17, generator=random)
    assert torch.allclose(fast_global_smoother(planes, guide, strength=0), planes)


def test_edges_of_the_guide_separate():
    guide = torch.zeros(1, 1, 20, 20)
    guide[..., 10:] = 200
    noise = torch.randn(1, 1, 20, 20, generator=torch.Generator().manual_seed(8))
    result = fast_global_smoother(noise + guide / 10, guide)
    assert result[..., :10].std() < 0.1
    assert (result[..., 10:].mean() - result[..., :10].mean()).item() == pytest.approx(20, abs=0.5)


def test_one_pixel_and_one_line():
    for size in ((1, 1), (1, 9), (9, 1)):
        planes = torch.rand(1, 2, *size)
        assert torch.isfinite(fast_global_smoother(planes, torch.rand(1, 1, *size))).all()


def test_wrong_settings_are_named():
    planes, guide = torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4)
    with pytest.raises(InputError, match="sigma"):
        fast_global_smoother(planes, guide, sigma=0)
    with pytest.raises(InputError, match="must agree"):
        fast_global_smoother(planes, torch.zeros(1, 1, 4, 5))
