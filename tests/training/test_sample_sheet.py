import numpy as np
import torch

from training.runs import Clips, settings
from vcnode.training.sample_sheet import COLUMNS, sample_sheet
from vcnode.training.unroll import Colored


def test_a_row_shows_reference_gray_matched_coloured_and_truth():
    batch = Clips(settings()).batch(range(3))
    truth = batch.truth[:, :, 1:]
    warped = torch.zeros(3, 2, 2, 16, 16)
    sheet = sample_sheet(batch, Colored(truth, warped), rows=2)
    assert sheet.shape == (2 * 64, len(COLUMNS) * 64, 3)
    assert sheet.dtype == np.uint8
    reference, gray, matched, coloured, true = np.split(sheet[:64].astype(int), 5, axis=1)
    assert np.ptp(gray, axis=2).max() <= 2
    assert np.array_equal(gray, matched)
    assert np.abs(coloured - true).mean() < 8  # the same colours under noisy luminance
    assert np.ptp(true, axis=2).mean() > 10
    assert np.abs(reference - true[:, ::-1]).max() <= 1  # these clips' references are mirrored


def test_references_of_another_size_and_short_batches_fit():
    batch = Clips(settings()).batch(range(1))
    batch = type(batch)(**{**vars(batch), "reference": torch.zeros(1, 3, 96, 128)})
    sheet = sample_sheet(batch, Colored(batch.truth[:, :, 1:], torch.zeros(1, 2, 2, 16, 16)), rows=4)
    assert sheet.shape == (64, 5 * 64, 3)
