import shutil
import urllib.request
from collections import namedtuple
from pathlib import Path

import pytest

from vcnode.errors import Cancelled, ModelError
from vcnode.weights import fetch as fetch_module
from vcnode.weights.fetch import fetch

from .conftest import Server

CONTENT = bytes(range(256)) * 40


def test_a_file_is_fetched_with_progress(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch_module, "CHUNK", 1000)
    server.files["f"] = CONTENT
    told: list[tuple[int, int | None]] = []
    target = fetch(f"{server.url}/f", tmp_path / "new" / "f", progress=lambda *values: told.append(values))
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["f"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert capfd.readouterr().out == ""


def test_an_interrupted_download_is_continued(server: Server, tmp_path: Path) -> None:
    server.files["f"] = CONTENT
    server.cut = 4000
    with pytest.raises(ModelError, match=r"4000 of 10240 bytes.*to continue"):
        fetch(f"{server.url}/f", tmp_path / "f")
    assert not (tmp_path / "f").exists()
    with pytest.raises(ModelError, match="8000 of 10240 bytes"):
        fetch(f"{server.url}/f", tmp_path / "f")
    server.cut = None
    told: list[int] = []
    fetch(f"{server.url}/f", tmp_path / "f", progress=lambda done, total: told.append(done))
    assert [wanted for _, wanted in server.requests] == [None, "bytes=4000-", "bytes=8000-"]
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert told == [len(CONTENT)]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.files["f"] = CONTENT
    server.cut = 4000
    with pytest.raises(ModelError):
        fetch(f"{server.url}/f", tmp_path / "f")
    server.cut = None
    server.files["f"] = CONTENT[::-1]
    assert fetch(f"{server.url}/f", tmp_path / "f").read_bytes() == CONTENT[::-1]


def test_a_part_that_is_too_long_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.files["f"] = CONTENT
    server.cut = 4000
    with pytest.raises(ModelError):
        fetch(f"{server.url}/f", tmp_path / "f")
    server.cut = None
    (tmp_path / "f.part").write_bytes(CONTENT + b"more")
    assert fetch(f"{server.url}/f", tmp_path / "f").read_bytes() == CONTENT


def test_stopping_keeps_the_part(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "CHUNK", 1000)
    server.files["f"] = CONTENT

    def stop(done: int, total: int | None) -> None:
        if done >= 3000:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        fetch(f"{server.url}/f", tmp_path / "f", progress=stop)
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:3000]
    assert fetch(f"{server.url}/f", tmp_path / "f").read_bytes() == CONTENT
    assert server.requests[-1][1] == "bytes=3000-"


def test_what_the_server_refuses_is_a_sentence(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"does not have it \(404\)"):
        fetch(f"{server.url}/absent", tmp_path / "f")
    server.status = 503
    with pytest.raises(ModelError, match="answered 503"):
        fetch(f"{server.url}/absent", tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/f", "http:///f", "http://127.0.0.1:99999999/f", "http://../f"])
def test_no_network_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(ModelError, match=r"cannot be fetched.*another machine"):
        fetch(url, tmp_path / "f")


def test_too_little_room_is_a_sentence(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 5000, 5000))
    server.files["f"] = CONTENT
    with pytest.raises(ModelError, match="make room"):
        fetch(f"{server.url}/f", tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(server: Server, tmp_path: Path) -> None:
    server.files["f"] = CONTENT
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        fetch(f"{server.url}/f", tmp_path / "file" / "f")


def test_an_encrypted_address_may_not_lead_to_an_open_one(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["f"] = CONTENT
    urlopen = urllib.request.urlopen
    monkeypatch.setattr(urllib.request, "urlopen", lambda request, **kw: urlopen(f"{server.url}/f", **kw))
    with pytest.raises(ModelError, match="not encrypted"):
        fetch("https://example.org/f", tmp_path / "f")
    assert list(tmp_path.iterdir()) == []
