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
    visibility,
)


def texture(seed=0, height=96, width=128):
    """A smooth, distinctive RGB picture `(1, 3, H, W)`."""
    random = torch.from_numpy(np.random.default_rng(seed).random((1, 3, height // 8, width // 8), np.float32))
    return torch.nn.functional.interpolate(random, (height, width), mode="bicubic").clamp(0, 1)


def constant_flow(across, down, height=12, width=16):
    return torch.tensor([across, down], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, height, width).clone()


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
    with pytest.raises(ModelError, match="torchvision"):
        find_flow_estimator("raft.pth")


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
        estimate_flow(frames, frames, find_flow_estimator(tmp_path / "other.pth"))
    with pytest.raises(ModelError, match="does not exist"):
        estimate_flow(frames, frames, find_flow_estimator(tmp_path / "missing.pth"))


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


@settings(deadline=None)
@given(st.integers(-15, 15), st.integers(-11, 11))
def test_with_consistent_flows_just_what_leaves_the_picture_is_hidden(across, down):
    visible = visibility(constant_flow(across, down), constant_flow(-across, -down))
    expected = torch.zeros(12, 16)
    expected[max(0, -down) : 12 - max(0, down), max(0, -across) : 16 - max(0, across)] = 1
    assert torch.equal(visible[0, 0], expected)


@settings(deadline=None)
@given(st.floats(0, 3), st.floats(0, 6))
def test_the_threshold_is_sundarams(error, speed):
    squared, allowed = error**2, 0.01 * (speed**2 + (speed - error) ** 2) + 0.5
    if abs(squared - allowed) < 1e-3:
        return
    visible = visibility(constant_flow(speed, 0), constant_flow(error - speed, 0))
    assert float(visible[0, 0, 6, 3]) == (squared < allowed)


class Counting:
    """Says how often it was asked."""

    identity = "counting"

    def __init__(self):
        self.calls = 0

    def __call__(self, first, second):
        self.calls += 1
        return (second - first)[:, :2] * 100 / 3


def test_a_flow_is_computed_once_and_comes_back_alike(tmp_path):
    estimator = Counting()
    cached = CachedFlow(estimator, tmp_path / "flows")
    first, second = torch.cat((texture(1), texture(2))), torch.cat((texture(2), texture(3)))
    fresh = cached(first, second)
    assert estimator.calls == 2
    torch.testing.assert_close(fresh, estimator(first, second), rtol=1e-3, atol=1e-3)
    later = CachedFlow(Counting(), tmp_path / "flows")
    assert torch.equal(later(first, second), fresh)
    assert later.estimator.calls == 0


def test_order_frames_and_estimator_all_count(tmp_path):
    estimator = Counting()
    cached = CachedFlow(estimator, tmp_path / "flows")
    cached(texture(1), texture(2))
    cached(texture(2), texture(1))
    cached(texture(1), texture(2) * 0.999)
    assert estimator.calls == 3
    other = Counting()
    other.identity = "counting, another version"
    CachedFlow(other, tmp_path / "flows")(texture(1), texture(2))
    assert other.calls == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_a_damaged_entry_is_computed_again(tmp_path, damage):
    estimator = Counting()
    fresh = CachedFlow(estimator, tmp_path / "flows")(texture(1), texture(2))
    (entry,) = (path for path in (tmp_path / "flows").rglob("*") if path.is_file() and path.parent.name != "flows")
    entry.write_bytes(damage(entry.read_bytes()))
    again = CachedFlow(estimator, tmp_path / "flows")
    assert torch.equal(again(texture(1), texture(2)), fresh)
    assert estimator.calls == 2
    assert torch.equal(again(texture(1), texture(2)), fresh)
    assert estimator.calls == 2


def test_the_folder_stays_within_its_size(tmp_path):
    folder = tmp_path / "flows"
    cached = CachedFlow(Counting(), folder, size_limit=200_000)
    for seed in range(12):  # 49 kB each
        cached(texture(seed), texture(seed + 1))
    assert 49_000 < sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 200_000 + 1000


def test_a_copy_in_another_process_shares_the_folder(tmp_path, dis):
    cached = CachedFlow(dis, tmp_path / "flows")
    flow = cached(texture(1), texture(2))
    copy = pickle.loads(pickle.dumps(cached))
    assert torch.equal(copy(texture(1), texture(2)), flow)


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


def test_wrong_flows_are_refused():
    with pytest.raises(InputError, match="shapes"):
        visibility(constant_flow(0, 0), constant_flow(0, 0, width=9))
    with pytest.raises(InputError, match="not finite"):
        visibility(constant_flow(0, 0), constant_flow(torch.nan, 0))
