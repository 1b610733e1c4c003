import pickle

import pytest
import torch

from training.test_optical_flow import texture
from vcnode.training.flow_cache import CachedFlow, kept
from vcnode.training.optical_flow import DisFlow


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


def test_a_copy_in_another_process_shares_the_folder(tmp_path):
    pytest.importorskip("cv2", reason="DIS flow needs the extra 'evaluate'")
    cached = CachedFlow(DisFlow(), tmp_path / "flows")
    flow = cached(texture(1), texture(2))
    copy = pickle.loads(pickle.dumps(cached))
    assert torch.equal(copy(texture(1), texture(2)), flow)


def test_without_a_folder_nothing_is_kept(tmp_path):
    estimator = Counting()
    assert kept(estimator, None) is estimator
    assert kept(estimator, tmp_path / "flows") == CachedFlow(estimator, tmp_path / "flows")
