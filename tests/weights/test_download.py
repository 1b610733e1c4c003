import shutil
import zipfile
from pathlib import Path

import pytest

from vcnode.errors import InputError, ModelError
from vcnode.weights import RegistryEntry, find, get, load_weights

from .conftest import EXPECTED, Server

Registry = dict[str, RegistryEntry]


def test_nothing_is_fetched_unless_asked(registry: Registry, server: Server) -> None:
    with pytest.raises(ModelError, match="vcnode models get"):
        find("remote", registry=registry)
    assert server.requests == []


def test_a_single_file_is_fetched_once(
    registry: Registry, server: Server, remote_bytes: bytes, user_models: Path
) -> None:
    server.files["remote.safetensors"] = remote_bytes
    path = get("remote", registry=registry)
    assert path == user_models / "remote.safetensors" == find("remote", registry=registry).weights
    assert path.read_bytes() == remote_bytes
    get("remote", registry=registry)
    assert len(server.requests) == 1
    get("remote", replace=True, registry=registry)
    assert len(server.requests) == 2
    assert [entry.name for entry in user_models.rglob("*") if entry.is_file()] == ["remote.safetensors"]


def test_a_wrong_hash_installs_nothing(
    registry: Registry, server: Server, remote_bytes: bytes, user_models: Path
) -> None:
    server.files["remote.safetensors"] = remote_bytes[:-1] + b"x"
    with pytest.raises(ModelError, match="SHA-256"):
        get("remote", registry=registry)
    assert [entry for entry in user_models.rglob("*") if entry.is_file()] == []
    server.files["remote.safetensors"] = remote_bytes
    get("remote", registry=registry)


def test_an_interrupted_get_is_continued(registry: Registry, server: Server, remote_bytes: bytes) -> None:
    server.files["remote.safetensors"] = remote_bytes
    server.cut = 50_000
    with pytest.raises(ModelError, match="to continue"):
        get("remote", registry=registry)
    get("remote", registry=registry)
    assert server.requests[-1][1] == "bytes=50000-"


def test_a_mirror_serves_the_same_names(registry: Registry, server: Server, remote_bytes: bytes) -> None:
    server.files["mirror/remote.safetensors"] = remote_bytes
    server.files["mirror/nowhere.safetensors"] = remote_bytes
    get("remote", source=f"{server.url}/mirror/", registry=registry)
    get("nowhere", source=f"{server.url}/mirror", registry=registry)
    assert [path for path, _ in server.requests] == [
        "/mirror/remote.safetensors",
        "/mirror/nowhere.safetensors",
    ]


def test_an_archive_is_fetched_unpacked_and_converted(
    registry: Registry, server: Server, release: Path, user_models: Path
) -> None:
    server.files["release.zip"] = release.read_bytes()
    told: list[tuple[int, int | None]] = []
    path = get("parts", expected=EXPECTED, progress=lambda *values: told.append(values), registry=registry)
    assert [wanted for wanted, _ in server.requests] == ["/release.zip"]
    assert told[-1] == (release.stat().st_size, release.stat().st_size)
    assert {key.partition(".")[0] for key in load_weights(path)[0]} == set(EXPECTED)
    assert [entry for entry in user_models.rglob("*") if entry.is_file()] == [path]
    assert find("parts", registry=registry).weights == path


def test_a_page_instead_of_the_archive_is_a_sentence(
    registry: Registry, server: Server, release: Path, user_models: Path
) -> None:
    server.files["release.zip"] = b"<html>please log in</html>"
    with pytest.raises(ModelError, match="cannot be unpacked"):
        get("parts", expected=EXPECTED, registry=registry)
    server.files["release.zip"] = release.read_bytes()
    get("parts", expected=EXPECTED, registry=registry)


@pytest.mark.parametrize("form", ["zip", "folder", "folder with the zip", "one of the files"])
def test_local_files_need_no_network(
    registry: Registry, server: Server, release: Path, checkpoints: Path, tmp_path: Path, form: str
) -> None:
    sources: dict[str, Path | str] = {"zip": release, "folder": str(checkpoints)}
    if form == "folder with the zip":
        (tmp_path / "stick").mkdir()
        shutil.copy(release, tmp_path / "stick" / "release.zip")
        sources[form] = tmp_path / "stick"
    if form == "one of the files":
        for path in checkpoints.rglob("*.pth"):
            shutil.move(path, checkpoints / path.name)
        sources[form] = checkpoints / "vgg19_conv.pth"
    path = get("parts", source=sources[form], expected=EXPECTED, registry=registry)
    assert find("parts", registry=registry).weights == path
    assert server.requests == []
    assert release.is_file()


def test_of_a_folder_it_is_told_which_files_are_taken(registry: Registry, release: Path, checkpoints: Path) -> None:
    (checkpoints / "data" / "vgg19_conv.pth").rename(checkpoints / "vgg19_conv.pth")
    below = "checkpoints/video_moredata_l1"
    for source, folder in ((checkpoints / "vgg19_conv.pth", f"{below}/"), (checkpoints, f"{below}/"), (release, "")):
        taken: list[Path] = []
        get("parts", source=source, expected=EXPECTED, on_file=taken.append, registry=registry)
        names = ("nonlocal_net_iter_76000.pth", "colornet_iter_76000.pth")
        assert taken == [Path("vgg19_conv.pth"), *(Path(f"{folder}{name}") for name in names)]


def test_a_file_that_is_no_part_of_the_model_is_refused_though_its_folder_has_them(
    registry: Registry, checkpoints: Path, user_models: Path
) -> None:
    (checkpoints / "finetuned.pth").write_bytes(b"")
    with pytest.raises(ModelError, match=r"finetuned\.pth is none of the files of 'parts': give one called vgg19_conv"):
        get("parts", source=checkpoints / "finetuned.pth", expected=EXPECTED, registry=registry)
    assert not list(user_models.glob("*.safetensors"))


def test_a_local_single_file_is_checked_and_copied(registry: Registry, tmp_path: Path, remote_bytes: bytes) -> None:
    source = tmp_path / "from a colleague.safetensors"
    source.write_bytes(remote_bytes)
    assert get("remote", source=source, registry=registry).read_bytes() == remote_bytes
    source.write_bytes(remote_bytes[:100])
    for name, told in (("remote", "bytes instead of"), ("nowhere", "not a readable safetensors file")):
        with pytest.raises(ModelError, match=told):
            get(name, source=source, registry=registry)
    assert find("remote", registry=registry).weights.read_bytes() == remote_bytes


def test_a_malicious_archive_installs_nothing(registry: Registry, release: Path, user_models: Path) -> None:
    with zipfile.ZipFile(release, "a") as opened:
        opened.writestr("../../vgg19_conv.pth", b"evil")
    with pytest.raises(ModelError, match="refused"):
        get("parts", source=release, expected=EXPECTED, registry=registry)
    assert list(user_models.iterdir()) == []


def test_what_cannot_be_got_is_a_sentence(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model 'unknown'"):
        get("unknown", registry=registry)
    with pytest.raises(ModelError, match="knows no address"):
        get("nowhere", registry=registry)
    with pytest.raises(ModelError, match="does not exist"):
        get("remote", source=tmp_path / "absent", registry=registry)
    with pytest.raises(ModelError, match=r"no remote\.safetensors below"):
        get("remote", source=tmp_path, registry=registry)
    with pytest.raises(InputError, match="neither an http"):
        get("remote", source="ftp://127.0.0.1/x", registry=registry)
    with pytest.raises(InputError, match="expected shapes"):
        get("parts", registry=registry)


def test_a_folder_that_cannot_be_made_is_a_sentence(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VCNODE_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match="VCNODE_MODELS"):
        get("remote", registry=registry)
