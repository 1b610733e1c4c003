"""Where ComfyUI is, and a base directory for it with the packs under test."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PACK = Path(__file__).parents[4] / "hosts" / "comfyui"
PROBE = Path(__file__).parent / "probe"
REPOSITORY = PACK.parents[1]
FOLDERS = ("models", "custom_nodes", "input", "output", "temp", "user")


@dataclass(frozen=True)
class Installation:
    """A checkout of ComfyUI and the Python that can run it."""

    folder: Path
    python: str

    @classmethod
    def find(cls):
        """What the environment names; a sentence for the user where it names nothing that can be used."""
        given = os.environ.get("COMFYUI_DIR")
        if not given:
            return "COMFYUI_DIR is not set: name a checkout of ComfyUI to run the tests in it"
        folder = Path(given).expanduser().resolve()
        if not (folder / "execution.py").is_file():
            return f"COMFYUI_DIR is {folder}, which is no checkout of ComfyUI"
        return cls(folder, os.environ.get("COMFYUI_PYTHON", sys.executable))

    @property
    def video_helper_suite(self):
        """Its folder, or None."""
        found = sorted((self.folder / "custom_nodes").glob("*VideoHelperSuite*"))
        return found[0] if found else None

    def environment(self):
        """Of processes in ComfyUI's Python: as this one, with the vcnode under test."""
        return os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1", "DO_NOT_TRACK": "1"}

    def make_base(self, base, packs=()):
        """A base directory: the pack under test, the probe and further packs, as copies."""
        for name in FOLDERS:
            (base / name).mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__", ".git")
        for name, pack in [("vcnode", PACK), ("vcnode_probe", PROBE), *((pack.name, pack) for pack in packs)]:
            shutil.copytree(pack, base / "custom_nodes" / name, ignore=ignored)
        return base
