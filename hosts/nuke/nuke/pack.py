"""Makes a folder VCNode that works by itself, with the client inside: python pack.py TARGET."""

import argparse
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def pack(target: Path) -> Path:
    """Copy the node and its client.

    Args:
        target: Folder to put VCNode into; an earlier one there is replaced.
    """
    folder = target / "VCNode"
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(HERE / "VCNode", folder, ignore=_LEFT_OUT)
    shutil.copytree(HERE.parent / "vcnode_client", folder / "python" / "vcnode_client", ignore=_LEFT_OUT)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    print(pack(parser.parse_args().target))
