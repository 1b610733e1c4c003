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
        parts: What the adapter is copied from, below the folder of all adapters, and where inside its own each goes.
        place: Finds the folder that the adapter's folder goes into, from the path that a user gives; raises InputError.
        afterwards: What the user does next, one sentence.
    """

    name: str
    title: str
    folder_name: str
    parts: tuple[tuple[str, str], ...]
    place: Callable[[Path], Path]
    afterwards: str

    def sources(self) -> list[tuple[Path, str]]:
        """Where the parts lie, inside the installed package or in a checkout beside it, and where each goes.

        Raises:
            InputError: The installation lacks one.
        """
        package = Path(str(resources.files("vcnode")))
        for folder in (package / "hosting", package.parent / "hosts"):
            found = [(folder / part, inside) for part, inside in self.parts]
            if all(part.is_dir() for part, _ in found):
                return found
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


def plugin_folder(given: Path) -> Path:
    """Take any folder that is there.

    Raises:
        InputError: It is not.
    """
    if given.is_dir():
        return given
    raise InputError(f"{given} is no folder: give one that the host looks into for plugins, or make it first.")


PACKS = {
    pack.name: pack
    for pack in (
        HostPack(
            "comfyui",
            "ComfyUI",
            "vcnode",
            (("comfyui", "."),),
            comfyui_custom_nodes,
            "Restart ComfyUI; its Python needs vcnode too (pip install vcnode there).",
        ),
        HostPack(
            "nuke",
            "Nuke",
            "VCNode",
            (("nuke/nuke/VCNode", "."), ("nuke/vcnode_client", "python/vcnode_client")),
            plugin_folder,
            'Put nuke.pluginAddPath("./VCNode") into the init.py there, or the folder on NUKE_PATH, and restart Nuke.',
        ),
        HostPack(
            "natron",
            "Natron",
            "vcnode",
            (("nuke/natron", "natron"), ("nuke/vcnode_client", "vcnode_client")),
            plugin_folder,
            "Put its folder natron/VCNode on NATRON_PLUGIN_PATH, and restart Natron.",
        ),
    )
}
