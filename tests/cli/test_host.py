import errno
import os
from pathlib import Path

import pytest

from vcnode.cli import main
from vcnode.hosting import PACKS, HostPack, install


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    folder = tmp_path / "ComfyUI"
    (folder / "custom_nodes" / "other_pack").mkdir(parents=True)
    (folder / "custom_nodes" / "other_pack" / "__init__.py").write_text("mine = 1\n", "utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def folders_in(comfyui: Path) -> list[str]:
    return sorted(folder.name for folder in (comfyui / "custom_nodes").iterdir())


@pytest.mark.parametrize("named", ["ComfyUI", "ComfyUI/custom_nodes", "."])
def test_the_pack_is_copied_to_where_comfyui_looks(
    comfyui: Path, tmp_path: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["host", "install", "comfyui", str(tmp_path / named)]) == 0
    assert "installed" in capsys.readouterr().out
    pack = comfyui / "custom_nodes" / "vcnode"
    assert {"__init__.py", "pyproject.toml", "requirements.txt"} <= set(contents(pack))
    assert (pack / "web" / "docs" / "VCNode_Colorize.md").is_file()
    assert not [name for name in contents(pack) if "__pycache__" in name]
    assert folders_in(comfyui) == ["other_pack", "vcnode"]


def test_an_older_copy_is_replaced_as_a_whole(comfyui: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["host", "install", "comfyui", str(comfyui)])
    pack = comfyui / "custom_nodes" / "vcnode"
    fresh = contents(pack)
    (pack / "old_node.py").write_text("left over\n", "utf-8")
    (pack / "__init__.py").write_text("old\n", "utf-8")
    capsys.readouterr()
    assert main(["host", "install", "comfyui", str(comfyui)]) == 0
    assert "replaced" in capsys.readouterr().out
    assert contents(pack) == fresh
    assert folders_in(comfyui) == ["other_pack", "vcnode"]


@pytest.mark.parametrize("what", ["folder", "file"])
def test_something_else_of_that_name_is_left_alone(
    comfyui: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = comfyui / "custom_nodes" / "vcnode"
    if what == "folder":
        pack.mkdir()
        (pack / "notes.txt").write_text("mine\n", "utf-8")
    else:
        pack.write_text("mine\n", "utf-8")
    assert main(["host", "install", "comfyui", str(comfyui)]) == 1
    assert "was not made by this command" in capsys.readouterr().err
    assert pack.is_file() if what == "file" else contents(pack) == {"notes.txt": b"mine\n"}
    assert folders_in(comfyui) == ["other_pack", "vcnode"]


def test_a_link_to_a_checkout_is_left_alone(comfyui: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = comfyui / "custom_nodes" / "vcnode"
    try:
        link.symlink_to(PACKS["comfyui"].sources()[0][0], target_is_directory=True)
    except OSError:
        pytest.skip("this account may not make symbolic links")
    assert main(["host", "install", "comfyui", str(comfyui)]) == 1
    assert "is a link to" in capsys.readouterr().err
    assert link.is_symlink()


def test_other_folders_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", "install", "comfyui", str(tmp_path)]) == 1
    assert "holds no custom_nodes folder" in capsys.readouterr().err
    assert main(["host", "install", "comfyui", str(tmp_path / "absent")]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["comfyui", "nuke"])
def test_a_path_that_may_not_be_read_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "is_dir", refuse)  # as it does in Python 3.12 for what the account may not look into
    monkeypatch.setattr(HostPack, "sources", lambda pack: [(tmp_path, ".")])
    assert main(["host", "install", host, str(tmp_path)]) == 1
    assert f"{tmp_path} cannot be read (Permission denied): check the permissions" in capsys.readouterr().err


def test_the_home_of_nobody_is_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", "install", "nuke", "~nobody-of-this-name/.nuke"]) == 1
    assert "~nobody-of-this-name/.nuke is no folder" in capsys.readouterr().err


def test_unknown_hosts_are_answered_with_known_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", "install", "photoshop", str(tmp_path)]) == 2
    assert "comfyui" in capsys.readouterr().err


def test_a_failure_leaves_what_was_there(comfyui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("comfyui", comfyui)
    before = contents(comfyui)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if target.name == "vcnode" and not path.name.endswith("-old.disabled"):
            raise PermissionError(13, "in use")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Exception, match="cannot be written"):
        install("comfyui", comfyui)
    assert contents(comfyui) == before


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_every_adapter_is_part_of_this_installation(pack: object) -> None:
    assert all(any(part.iterdir()) for part, _ in pack.sources())  # type: ignore[attr-defined]


def test_nuke_and_natron_get_their_node_and_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", "install", "nuke", str(tmp_path)]) == 0
    assert "pluginAddPath" in capsys.readouterr().out
    node = contents(tmp_path / "VCNode")
    assert {"init.py", "menu.py", "gizmos/VCNode.gizmo", "python/vcnode_client/controller.py"} <= set(node)
    assert main(["host", "install", "natron", str(tmp_path)]) == 0
    assert "NATRON_PLUGIN_PATH" in capsys.readouterr().out
    assert {"natron/VCNode/VCNode.py", "vcnode_client/controller.py"} <= set(contents(tmp_path / "vcnode"))
    assert main(["host", "install", "nuke", str(tmp_path / "absent")]) == 1
    assert "is no folder" in capsys.readouterr().err
