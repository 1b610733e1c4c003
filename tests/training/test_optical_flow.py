import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError, ModelError
from vcnode.training.flow_cache import CachedFlow
from vcnode.training.optical_flow import (
    DisFlow,
    RaftFlow,
    estimate_flow,
    find_flow_estimator,
    flow_and_visibility,
)


def texture(seed=0, height=96, width=128):
    """A smooth, distinctive RGB picture `(1, 3, H, W)`."""
    random = torch.from_numpy(np.random.default_rng(seed).random((1, 3, height // 8, width // 8), np.float32))
    return torch.nn.functional.interpolate(random, (height, width), mode="bicubic").clamp(0, 1)


@pytest.fixture
def dis():
    pytest.importorskip("cv2", reason="DIS flow needs the extra 'evaluate'")
    return DisFlow()


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@settings(deadline=None, max_examples=8)
@given(across=st.integers(-6, 6), down=st.integers(-5, 5))
def test_dis_says_where_what_the_first_frame_shows_is_in_the_second(across, down):
    pytest.importorskip("cv2", reason="DIS flow needs the extra 'evaluate'")
    wide = texture(1, 128, 160)
    first = wide[..., 16:112, 16:144]
    second = wide[..., 16 - down : 112 - down, 16 - across : 144 - across]
    flow = estimate_flow(torch.cat((first, second)), torch.cat((second, first)), DisFlow())
    middle = flow[:, :, 20:-20, 20:-20].mean(dim=(2, 3))
    assert middle[0].tolist() == pytest.approx([across, down], abs=0.25)
    assert middle[1].tolist() == pytest.approx([-across, -down], abs=0.25)


def test_without_weights_dis_is_taken(no_weights, dis):
    assert find_flow_estimator() == dis
    assert "medium" in dis.identity


def test_without_any_estimator_the_error_names_the_extra(no_weights, monkeypatch):
    monkeypatch.setattr("vcnode.training.optical_flow.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"vcnode\[evaluate\]"):
        find_flow_estimator()


@pytest.mark.parametrize("size", ["raft_small", "raft_large"])
def test_raft_runs_at_any_size_and_is_known_by_its_weights(tmp_path, size):
    models = pytest.importorskip("torchvision.models.optical_flow", reason="RAFT needs torchvision")
    path = tmp_path / f"{size}.pth"
    torch.save(getattr(models, size)(weights=None).state_dict(), path)
    raft = RaftFlow(path, updates=1)
    flow = estimate_flow(texture(1, 128, 131), texture(2, 128, 131), raft)
    assert flow.shape == (1, 2, 128, 131)
    assert torch.isfinite(flow).all()
    assert pickle.loads(pickle.dumps(raft)).identity == raft.identity
    assert RaftFlow(path, updates=2).identity != raft.identity


def test_raft_in_the_cache_of_downloads_is_preferred(no_weights, tmp_path):
    models = pytest.importorskip("torchvision.models.optical_flow", reason="RAFT needs torchvision")
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    path = cache / "raft_small_C_T_V2-01064c6d.pth"
    torch.save(models.raft_small(weights=None).state_dict(), path)
    assert find_flow_estimator() == RaftFlow(path)
    assert find_flow_estimator(device="meta", size=(128, 160)) == RaftFlow(path, "meta")
    pytest.importorskip("cv2", reason="DIS flow needs the extra 'evaluate'")
    assert find_flow_estimator(size=(64, 384)) == DisFlow()  # RAFT would refuse such frames


def test_weights_that_are_not_rafts_are_refused(tmp_path):
    pytest.importorskip("torchvision", reason="RAFT needs torchvision")
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    frames = texture(1, 128, 128)
    with pytest.raises(ModelError, match="RAFT"):
        estimate_flow(frames, frames, RaftFlow(tmp_path / "other.pth"))
    with pytest.raises(ModelError, match="does not exist"):
        estimate_flow(frames, frames, RaftFlow(tmp_path / "missing.pth"))


def test_what_a_passing_patch_hides_is_not_visible(dis):
    first = texture(3)
    second = first.clone()
    first, patch = first.clone(), texture(9, 32, 32) * 0.5
    first[..., 32:64, 20:52] = patch
    second[..., 32:64, 36:68] = patch
    _, visible = flow_and_visibility(first, second, dis)
    assert visible.shape == (1, 1, 96, 128)
    assert set(visible.unique().tolist()) <= {0.0, 1.0}
    hidden = visible[..., 36:60, 55:66]  # background that the patch is about to cover
    assert hidden.mean() < 0.5
    assert visible[..., 70:, :].mean() > 0.95


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (texture(1), texture(1, 88), "shapes"),
        (texture(1)[:, :1], texture(1)[:, :1], r"\(B, 3, H, W\)"),
        (texture(1) * torch.nan, texture(1), "not finite"),
        (texture(1) * 255, texture(1), "0..1"),
        (texture(1, 8, 64), texture(2, 8, 64), "at least 16x16"),
    ],
)
def test_wrong_frames_are_refused(dis, tmp_path, first, second, message):
    for estimator in (dis, CachedFlow(dis, tmp_path / "flows")):
        with pytest.raises(InputError, match=message):
            estimate_flow(first, second, estimator)
