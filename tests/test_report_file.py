"""Reports are whole at any time, and what is in their way is said before the work."""

import errno
import os
import stat

import pytest

from vcnode.errors import MediaError
from vcnode.report_file import check_writable, write_report


def test_a_report_replaces_the_one_before(tmp_path):
    path = tmp_path / "deep" / "report.html"
    for text in ("one", "zwei ä"):
        check_writable(path)
        write_report(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_replaced_stays_and_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("before")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MediaError, match=r"The report .*report\.json cannot be written \(No space left on device\)"):
        write_report(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no files that are devices or pipes")
def test_a_device_or_pipe_is_refused_and_stays_what_it_is(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(MediaError, match="is a folder or a device: give a file's path"):
        check_writable(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match=r"cannot be written .*: give another path"):
        check_writable(tmp_path / "file" / "report.json")
