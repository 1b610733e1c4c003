import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vcnode.errors import MediaError
from vcnode.training import recording
from vcnode.training.recording import Recorder

PICTURE = np.full((4, 6, 3), 200, np.uint8)


def steps(folder):
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def without_tensorboard(monkeypatch):
    monkeypatch.setattr(recording, "_tensorboard_writer", lambda: None)


def test_figures_are_lines_of_a_log_and_sheets_are_pictures(tmp_path, without_tensorboard):
    recorder = Recorder(tmp_path / "run", 0)
    recorder.figures(1, {"loss": 2.5})
    recorder.sheet(1, PICTURE)
    recorder.close()
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8")) == {"step": 1, "loss": 2.5}
    with Image.open(tmp_path / "run" / "sheets" / "step_00000001.png") as sheet:
        assert np.array_equal(np.asarray(sheet), PICTURE)
    assert not (tmp_path / "run" / "tensorboard").exists()


def test_what_a_resumed_run_does_again_is_dropped_before(tmp_path, without_tensorboard):
    recorder = Recorder(tmp_path, 0)
    for step in (1, 2, 3, 4):
        recorder.figures(step, {"loss": 0.0})
    with (tmp_path / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 5, "lo')  # killed while writing
    Recorder(tmp_path, 2).figures(3, {"loss": 1.0})
    assert steps(tmp_path) == [1, 2, 3]


def test_what_is_no_finite_number_is_null_in_the_log(tmp_path, without_tensorboard):
    Recorder(tmp_path, 0).figures(1, {"loss": 2.5, "loss gradient": math.nan, "other": math.inf})
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert json.loads(log, parse_constant=pytest.fail) == {"step": 1, "loss": 2.5, "loss gradient": None, "other": None}


def test_a_full_disk_does_not_cost_the_log_of_a_run_that_is_gone_on_with(tmp_path, without_tensorboard, monkeypatch):
    Recorder(tmp_path, 0).figures(1, {"loss": 0.0})

    def full(path, *arguments, **names):
        path.open("w").close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        for name in ("write_text", "write_bytes"):
            patched.setattr(Path, name, full)
        with pytest.raises(MediaError, match="No space left on device"):
            Recorder(tmp_path, 1)
    assert steps(tmp_path) == [1]


def test_tensorboard_gets_the_same(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    recorder = Recorder(tmp_path, 0)
    recorder.figures(7, {"loss": 2.5})
    recorder.sheet(7, PICTURE)
    recorder.close()
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(7, 2.5)]
    assert events.Tags()["images"] == ["samples"]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MediaError, match=r"record of the training run .* cannot be written"):
        Recorder(tmp_path / "file", 0)
