"""The hosts that an adapter can be installed into, and where each looks for such things."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from vcnode.errors import InputError


@dataclass(frozen=True)
class HostPack:
    """An adapter that is a folder of files.

    Attributes:
        name: What users type.
        title: The host's own name.
        folder_name: What the folder is called at the host.
        place: Finds the folder that the adapter's folder goes into, from the path that a user gives; raises InputError.
        afterwards: What the user does next, one sentence.
    """

    name: str
    title: str
    folder_name: str
    place: Callable[[Path], Path]
    afterwards: str

    def source(self) -> Path:
        """Where the adapter lies: inside the installed package, or in a checkout beside it.

        Raises:
            InputError: The installation lacks it.
        """
        package = Path(str(resources.files("vcnode")))
        candidates = (package / "hosting" / self.name, package.parent / "hosts" / self.name)
        for folder in candidates:
            if folder.is_dir():
                return folder
        raise InputError(f"This installation of vcnode lacks its files for {self.title}: install vcnode again.")


@dataclass(frozen=True)
class Installed:
    """What was installed.

    Attributes:
        folder: The adapter at the host.
        replaced: Whether an older copy was there.
        afterwards: What the user does next, one sentence.
    """

    folder: Path
    replaced: bool
    afterwards: str


def comfyui_custom_nodes(given: Path) -> Path:
    """Find ComfyUI's folder of node packs.

    Args:
        given: ComfyUI's own folder (of the desktop version: its base folder), or its custom_nodes folder.

    Raises:
        InputError: It is neither.
    """
    for folder in (given, given / "ComfyUI"):  # the portable version holds ComfyUI in a folder of that name
        if (folder / "custom_nodes").is_dir():
            return folder / "custom_nodes"
    if given.name == "custom_nodes" and given.is_dir():
        return given
    problem = "does not exist" if not given.exists() else "holds no custom_nodes folder"
    raise InputError(f"{given} {problem}: give the folder of ComfyUI, or its custom_nodes folder.")


PACKS = {
    pack.name: pack
    for pack in (
        HostPack(
            "comfyui",
            "ComfyUI",
            "vcnode",
            comfyui_custom_nodes,
            "Restart ComfyUI; its Python needs vcnode too (pip install vcnode there).",
        ),
    )
}
