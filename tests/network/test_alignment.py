import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.network.alignment import estimate_flow, warp

HEIGHT, WIDTH = 96, 128
BORDER = 16


def film(seed=0, height=HEIGHT, width=WIDTH):
    """L of waves, the longer the stronger as in nature; a formula, so that it can be sampled anywhere."""
    random = torch.Generator().manual_seed(seed)
    count = 60
    lengths, angles, phases = torch.rand(3, count, generator=random)
    lengths = 8 * 16**lengths  # pixels, 8 to 128
    directions = torch.stack((torch.cos(2 * math.pi * angles), torch.sin(2 * math.pi * angles)), dim=1)
    waves = 2 * math.pi / lengths[:, None] * directions
    amplitudes = lengths.view(-1, 1, 1) / 15

    def sample(columns, rows):
        turns = waves[:, 0].view(-1, 1, 1) * columns + waves[:, 1].view(-1, 1, 1) * rows
        return (50 + (amplitudes * torch.sin(turns + 2 * math.pi * phases.view(-1, 1, 1))).sum(dim=0))[None, None]

    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return sample, columns, rows


def moved(displacement, seed=0):
    """A frame, the frame before it, and the true flow between them `(1, 2, H, W)`."""
    sample, columns, rows = film(seed)
    across, down = displacement(columns - WIDTH / 2, rows - HEIGHT / 2)
    flow = torch.stack((across.expand_as(columns), down.expand_as(rows)))[None]
    previous = sample(columns, rows)
    return sample(columns + across, rows + down), previous, flow


def error(flow, truth):
    inner = (flow - truth)[..., BORDER:-BORDER, BORDER:-BORDER]
    return torch.linalg.vector_norm(inner, dim=1)


@settings(max_examples=25)
@given(st.floats(-4, 4), st.floats(-4, 4), st.integers(0, 5))
def test_shifts_are_found_within_a_fifth_of_a_pixel(across, down, seed):
    current, previous, truth = moved(lambda x, y: (torch.tensor(across), torch.tensor(down)), seed)
    assert error(estimate_flow(current, previous), truth).mean() < 0.2


@settings(max_examples=15)
@given(st.floats(-8, 8), st.floats(-8, 8), st.integers(0, 5))
def test_fast_pans_are_found_within_a_pixel(across, down, seed):
    current, previous, truth = moved(lambda x, y: (torch.tensor(across), torch.tensor(down)), seed)
    assert error(estimate_flow(current, previous), truth).mean() < 1


@pytest.mark.parametrize(("zoom", "turn"), [(0.03, 0.0), (-0.03, 0.0), (0.0, 0.03), (0.0, -0.03), (0.02, 0.02)])
def test_zoom_and_rotation_are_found_too(zoom, turn):
    current, previous, truth = moved(lambda x, y: (zoom * x - turn * y + 1.5, turn * x + zoom * y - 0.5))
    assert error(estimate_flow(current, previous), truth).mean() < 0.2


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 12.0), (0.8, 0.0), (1.2, -8.0)])
def test_a_change_of_exposure_is_no_motion(gain, offset):
    current, previous, truth = moved(lambda x, y: (torch.tensor(2.0), torch.tensor(-1.0)))
    assert error(estimate_flow(current, previous * gain + offset), truth).mean() < 0.2


@settings(max_examples=15)
@given(st.integers(0, 100), st.sampled_from([(64, 64), (64, 96), (72, 200), (216, 384)]))
def test_where_nothing_moves_the_flow_is_nothing(seed, size):
    frame = 100 * torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(seed))
    assert estimate_flow(frame, frame).abs().max() < 1e-3


@pytest.mark.parametrize("level", [0.0, 50.0, 100.0])
def test_flat_frames_give_a_finite_flow(level):
    flat = torch.full((1, 1, 64, 96), level)
    assert not estimate_flow(flat, flat).any()
    noise = 100 * torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(0))
    for pair in ((flat, noise), (noise, flat), (flat, 100 - flat)):
        assert bool(torch.isfinite(estimate_flow(*pair)).all())


def test_a_batch_gives_what_its_frames_give_alone():
    pairs = [
        moved(lambda x, y, shift=shift: (torch.tensor(shift), torch.tensor(1.0)), seed)[:2]
        for seed, shift in enumerate((0.5, -3.0, 4.0))
    ]
    together = estimate_flow(*(torch.cat(frames) for frames in zip(*pairs, strict=True)))
    for flow, (current, previous) in zip(together, pairs, strict=True):
        assert torch.allclose(flow[None], estimate_flow(current, previous), atol=1e-4)


@pytest.mark.parametrize(("across", "down"), [(8, 0), (-8, 0), (0, 8), (0, -8)])
def test_a_small_thing_that_moves_fast_is_followed_to_its_outline(across, down):
    """Gradient steps alone, without what pixels borrow from each other, follow a quarter to a half of it."""
    background, columns, rows = film(0)
    texture, _, _ = film(6)

    def frame(time):
        x, y = columns - time * across, rows - time * down
        thing = (x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2 < 16**2
        return torch.where(thing, texture(x, y), background(columns, rows)), thing

    (previous, _), (current, thing) = frame(-0.5), frame(0.5)
    flow = estimate_flow(current, previous)[0][:, thing]
    off = torch.linalg.vector_norm(flow + torch.tensor([[float(across)], [float(down)]]), dim=0)
    assert (off < 1).float().mean() > 0.7


def test_the_previous_frame_warped_by_the_flow_is_the_current_one():
    current, previous, _ = moved(lambda x, y: (0.02 * x + 3, -0.02 * y - 2))
    found = warp(previous, estimate_flow(current, previous))
    still = (previous - current).abs()[..., BORDER:-BORDER, BORDER:-BORDER].mean()
    assert (found - current).abs()[..., BORDER:-BORDER, BORDER:-BORDER].mean() < 0.05 * still


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_warping_by_whole_pixels_moves_and_repeats_the_border(across, down):
    image = torch.rand(1, 2, 12, 16, generator=torch.Generator().manual_seed(0))
    flow = torch.tensor([float(across), float(down)]).view(1, 2, 1, 1).expand(1, 2, 12, 16)
    padded = F.pad(image, (5, 5, 5, 5), mode="replicate")
    expected = padded[..., 5 + down : 17 + down, 5 + across : 21 + across]
    assert torch.allclose(warp(image, flow), expected, atol=1e-5)


def test_warping_has_gradients_for_what_is_moved():
    image = torch.rand(1, 2, 12, 16, requires_grad=True)
    warp(image, torch.full((1, 2, 12, 16), 0.3)).sum().backward()
    assert image.grad.sum() == pytest.approx(image.numel(), rel=1e-4)


def test_half_precision_frames_are_compared_in_single():
    current, previous, truth = moved(lambda x, y: (torch.tensor(2.0), torch.tensor(-1.0)))
    flow = estimate_flow(current.half(), previous.half())
    assert flow.dtype == torch.float32
    assert error(flow, truth).mean() < 0.2
