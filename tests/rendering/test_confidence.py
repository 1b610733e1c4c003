from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.rendering import weak_frames
from vcnode.rendering.confidence import ConfidenceLog, mean_confidence
from vcnode.sequence import ColoredFrame
from vcnode.sequence.frame import gray_frame


def test_the_worst_of_each_weak_stretch_is_named():
    values = dict.fromkeys(range(100), 0.9)
    values |= {20: 0.6, 21: 0.4, 22: 0.7, 80: 0.2}
    assert weak_frames(values) == (21, 80)


def test_a_clip_that_fits_has_no_weak_frames():
    assert weak_frames({number: 0.9 + 0.001 * (number % 7) for number in range(50)}) == ()
    assert weak_frames({}) == ()


def test_a_clip_that_fits_nowhere_is_weak_as_a_whole():
    assert weak_frames({0: 0.3, 1: 0.2, 2: 0.3}) == (1,)


@given(st.dictionaries(st.integers(0, 500), st.floats(0, 1), max_size=200))
def test_weak_frames_are_few_and_in_order(values):
    frames = weak_frames(values)
    assert len(frames) <= 20
    assert list(frames) == sorted(frames)
    assert set(frames) <= set(values)


def test_bars_do_not_count():
    lightness = torch.zeros(1, 1, 4, 4)
    assert mean_confidence(gray_frame(0, lightness)) is None
    reference = torch.full((1, 1, 4, 4), -1, dtype=torch.int16)
    reference[..., 1:3, :] = 0
    confidence = torch.where(reference >= 0, 0.75, 0.0)
    ab = torch.zeros(1, 2, 4, 4)
    assert mean_confidence(ColoredFrame(0, lightness, ab, confidence, reference, ab)) == pytest.approx(0.75)


def test_a_log_is_taken_up_by_the_same_render_alone(tmp_path: Path):
    log = ConfidenceLog(tmp_path, "one")
    log.add(0, 0.5)
    log.add(1, 0.25)
    log.path.write_text(log.path.read_text("utf-8") + "[2, 0.", "utf-8")  # cut off by a crash
    assert set(ConfidenceLog(tmp_path, "one").values) <= {0, 1}
    log = ConfidenceLog(tmp_path, "one")
    log.add(5, 0.125)
    assert ConfidenceLog(tmp_path, "one").values[5] == 0.125
    assert ConfidenceLog(tmp_path, "other").values == {}
