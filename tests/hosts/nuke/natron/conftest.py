import os
import sys
from pathlib import Path

import pytest

from tests.hosts.nuke.conftest import HOST
from tests.hosts.nuke.natron.natron import Natron

NATRON = HOST / "natron"
sys.path[:0] = [str(NATRON)]


@pytest.fixture(scope="session")
def natron(tmp_path_factory):
    """The real NatronRenderer."""
    renderer = os.environ.get("NATRON_RENDERER")
    if not renderer:
        pytest.skip("set NATRON_RENDERER to a real NatronRenderer (and OFX_PLUGIN_PATH to its plugins) for these tests")
    return Natron(Path(renderer), NATRON / "VCNode", tmp_path_factory.mktemp("natron"))
