import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.network.box_filter import box_mean


@settings(max_examples=30)
@given(st.integers(0, 12), st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(1, 3), st.integers(0, 10**6))
def test_every_pixel_gets_the_mean_of_its_window(radius, size, channels, seed):
    x = torch.randn(2, channels, *size, generator=torch.Generator().manual_seed(seed))
    rows, columns = (torch.arange(-radius, side + radius).clamp(0, side - 1) for side in size)
    repeated = x[:, :, rows][:, :, :, columns]
    expected = F.avg_pool2d(repeated, 2 * radius + 1, 1)
    assert torch.allclose(box_mean(x, radius), expected, atol=1e-5)
