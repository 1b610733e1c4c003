"""The Python that has vcnode, as an artist would choose it on the tab Worker."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def find(folder):
    """This interpreter where vcnode is installed in it; else a script that lets it find the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    asked = subprocess.run([sys.executable, "-c", "import vcnode"], cwd=folder, env=environment, capture_output=True)
    if asked.returncode == 0 or os.name == "nt":
        return sys.executable
    path = Path(folder) / "python"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return str(path)
