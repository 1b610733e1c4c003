import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.training.data.clip import draw, forward_flow, whole_view
from vcnode.training.data.smooth_fields import spline_surface

HEIGHT, WIDTH = 40, 56
WHOLE = whole_view(HEIGHT, WIDTH, torch.device("cpu"))


def affine(zoom, angle, across, down):
    middle = torch.tensor([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]).view(2, 1, 1)
    turn = zoom * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return torch.einsum("ij,bjhw->bihw", turn, WHOLE - middle) + middle + torch.tensor([across, down]).view(2, 1, 1)


views = st.builds(affine, st.floats(0.6, 1.2), st.floats(-0.3, 0.3), st.floats(-9, 9), st.floats(-9, 9))


def test_the_whole_view_shows_the_whole_picture():
    picture = torch.rand(2, 3, HEIGHT, WIDTH)
    assert torch.allclose(draw(picture, WHOLE.expand(2, -1, -1, -1)), picture, atol=1e-5)
    halved = torch.nn.functional.avg_pool2d(picture, 2)
    half_view = whole_view(HEIGHT // 2, WIDTH // 2, torch.device("cpu")).expand(2, -1, -1, -1)
    assert torch.allclose(draw(picture, half_view), halved, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(views, views)
def test_the_flow_leads_to_the_point_that_was_seen(before, after):
    flow, visible = forward_flow(before, after)
    place = WHOLE + flow
    inside = ((place >= 0) & (place <= torch.tensor([WIDTH - 1, HEIGHT - 1]).view(2, 1, 1))).all(1, keepdim=True)
    assert not (visible & ~inside).any()
    # `after` as a formula, at the places found
    origin, across, down = after[:, :, :1, :1], *(after[:, :, 1:2, :1], after[:, :, :1, 1:2])
    shown = origin + (down - origin) * place[:, :1] + (across - origin) * place[:, 1:]
    assert ((shown - before) * visible).abs().max() < 0.06


@settings(max_examples=20, deadline=None)
@given(st.floats(-7, 7), st.floats(-7, 7))
def test_what_leaves_the_picture_is_not_visible(across, down):
    flow, visible = forward_flow(WHOLE, WHOLE + torch.tensor([across, down]).view(2, 1, 1))
    x = WHOLE[:, :1] - across
    y = WHOLE[:, 1:] - down
    stays = (x > 0.01) & (x < WIDTH - 1.01) & (y > 0.01) & (y < HEIGHT - 1.01)
    leaves = (x < -0.01) | (x > WIDTH - 0.99) | (y < -0.01) | (y > HEIGHT - 0.99)
    assert visible[stays].all()
    assert not visible[leaves].any()
    assert ((flow + torch.tensor([across, down]).view(2, 1, 1)) * visible).abs().max() < 0.06


@pytest.mark.parametrize("strength", [3.0, 8.0])
def test_bent_pictures_are_followed(strength):
    random = torch.Generator().manual_seed(0)
    bends = strength * torch.randn(2, 2, 5, 7, generator=random)
    before, after = (WHOLE + spline_surface(bend[None], HEIGHT, WIDTH) for bend in bends)
    flow, visible = forward_flow(before, after)
    assert visible.float().mean() > 0.5
    assert ((draw(after, WHOLE + flow, "border") - before) * visible).abs().max() < 0.08


def test_where_a_picture_folds_nothing_is_claimed_and_nothing_breaks():
    folded = WHOLE.clone()
    folded[:, 0] = 20 * torch.sin(WHOLE[:, 0] / 6)
    flow, visible = forward_flow(WHOLE, folded)
    assert torch.isfinite(flow).all()
    assert flow.abs().max() <= WIDTH
    assert ((draw(folded, WHOLE + flow, "border") - WHOLE) * visible).abs().max() < 0.06
