"""The sheet shows each picture in its column."""

import numpy as np
import pytest
import torch

from vcnode.rendering.contact_sheet import Row, contact_sheet, heat
from vcnode.sequence import ColoredFrame


def frame(number, height=90, width=160, ab=(0.0, 0.0), confidence=1.0):
    plane = torch.full((1, 1, height, width), 60.0)
    colors = torch.tensor(ab).view(1, 2, 1, 1).expand(1, 2, height, width)
    return ColoredFrame(number, plane, colors, plane * 0 + confidence, plane.to(torch.int16) * 0, colors)


def test_columns_show_gray_reference_coloured_and_confidence():
    reference = np.zeros((50, 50, 3), np.float32)
    reference[..., 2] = 1
    sheet = np.asarray(contact_sheet([Row(frame(3, ab=(50.0, 30.0)), reference)])).astype(int)
    centres = [sheet[26 + 90, 8 + number * 328 + 160] for number in range(4)]
    gray, blue, red, bright = centres
    assert np.ptp(gray) <= 1
    assert blue.tolist() == [0, 0, 255]
    assert red[0] > red[1] + 40
    assert bright.min() > 150


def test_rows_of_other_shapes_fit():
    reference = np.zeros((10, 300, 3), np.float32)
    rows = [Row(frame(0), reference), Row(frame(1, height=200, width=100), reference)]
    assert contact_sheet(rows).size[1] > 2 * 640


def test_heat_brightens_with_confidence():
    steps = heat(torch.linspace(-1, 2, 31).view(1, 1, 1, 31)).sum(axis=-1)[0]
    assert (np.diff(steps) >= -1e-6).all()
    assert steps[0] == pytest.approx(steps[10])  # nothing below zero
    assert steps[20] == pytest.approx(steps[30])  # nothing above one
