import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import ModelError
from vcnode.weights import archive
from vcnode.weights.archive import extract_members


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def _target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir(exist_ok=True)
    return tmp_path / "target"


def test_only_the_named_members_come_out(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"deep/er/a_1.pth": b"one", "win\\dows\\b.pth": b"two", "run.exe": b"no"})
    written = extract_members(path, ["a_*.pth", "b.pth"], _target(tmp_path))
    assert sorted(written) == sorted(_target(tmp_path).iterdir())
    assert {file.name: file.read_bytes() for file in written} == {"a_1.pth": b"one", "b.pth": b"two"}


@pytest.mark.parametrize(
    "name",
    ["../a.pth", "x/../../a.pth", "/a.pth", "C:\\a.pth", "\\\\share\\x\\a.pth", "..\\a.pth", "a.pth:hidden"],
)
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = _zip(tmp_path / "a.zip", {"good.pth": b"good", name: b"evil"})
    with pytest.raises(ModelError, match="refused"):
        extract_members(path, ["*.pth"], _target(tmp_path))
    assert list(_target(tmp_path).iterdir()) == []
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.zip", "target"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.sampled_from(["..", ".", "", "a", "b.pth", "/", "\\", "C:"]), min_size=1, max_size=6))
def test_nothing_is_ever_written_outside(tmp_path: Path, parts: list[str]) -> None:
    target = _target(tmp_path)
    for left in target.iterdir():
        left.unlink()
    path = _zip(tmp_path / "a.zip", {"/".join(parts): b"content"})
    try:
        written = extract_members(path, ["*"], target)
    except ModelError:
        written = []
    assert sorted(written) == sorted(target.iterdir())
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.zip", "target"}


def test_repeated_names_are_a_sentence(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"one/a.pth": b"1", "two/a.pth": b"2"})
    with pytest.raises(ModelError, match=r"a\.pth more than once"):
        extract_members(path, ["a.pth"], _target(tmp_path))


def test_members_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBER_LIMIT", 1000)
    path = _zip(tmp_path / "a.zip", {"a.pth": bytes(1001)})
    with pytest.raises(ModelError, match="1000 are allowed"):
        extract_members(path, ["a.pth"], _target(tmp_path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 0.999), value=st.integers(0, 255), cut=st.booleans())
def test_damage_never_gives_other_contents(tmp_path: Path, position: float, value: int, cut: bool) -> None:
    target = _target(tmp_path)
    for left in target.iterdir():
        left.unlink()
    content = bytes(range(256)) * 4
    path = _zip(tmp_path / "a.zip", {"a.pth": content})
    damaged = bytearray(path.read_bytes())
    index = int(position * len(damaged))
    if cut:
        del damaged[index:]
    else:
        damaged[index] = value
    path.write_bytes(damaged)
    try:
        written = extract_members(path, ["a.pth"], target)
    except ModelError:
        return
    assert all(file.read_bytes() == content for file in written)


def test_absent_and_other_files_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "page.zip").write_text("<html>please log in</html>")
    for name in ("page.zip", "absent.zip"):
        with pytest.raises(ModelError, match="cannot be unpacked"):
            extract_members(tmp_path / name, ["*"], _target(tmp_path))
