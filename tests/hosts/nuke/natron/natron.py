"""Runs scripts in a real NatronRenderer, and trusts nothing that it says but files."""

import json
import os
import subprocess
from pathlib import Path

CONFIG = """ocio_profile_version: 1
search_path: luts
strictparsing: true
roles:
  default: raw
  reference: linear
  scene_linear: linear
  data: raw
  compositing_linear: linear
  rendering: linear
  color_picking: sRGB
displays:
  sRGB:
    - !<View> {name: sRGB, colorspace: sRGB}
active_displays: [sRGB]
active_views: [sRGB]
colorspaces:
  - !<ColorSpace> {name: linear, bitdepth: 32f, isdata: false, allocation: uniform}
  - !<ColorSpace> {name: raw, bitdepth: 32f, isdata: true, allocation: uniform}
  - !<ColorSpace>
    name: sRGB
    bitdepth: 32f
    isdata: false
    allocation: uniform
    from_reference: !<ExponentTransform> {value: [0.4545, 0.4545, 0.4545, 1]}
"""

PATIENCE = 150  # seconds until a Natron that hangs is killed

BEFORE = """import json, os, sys, traceback
sys.path.insert(0, {folder!r})
told = {{}}
try:
    from natron_side import *
    given = json.loads({given!r})
"""

AFTER = """
except BaseException:
    told["traceback"] = traceback.format_exc()
with open({answer!r}, "w") as file:
    json.dump(told, file)
sys.stdout.flush()
os._exit(0)
"""


class Natron:
    """A NatronRenderer.

    Args:
        renderer: The program.
        node_folder: With the node; given to scripts, not to plain renders.
        home: Where it keeps its settings and caches.
    """

    def __init__(self, renderer, node_folder, home):
        self.renderer, self.node_folder = renderer, node_folder
        self.config = home / "config.ocio"
        self.config.write_text(CONFIG)
        self.environment = {**os.environ, "HOME": str(home), "NATRON_HOME": str(home), "OCIO": str(self.config)}
        self.environment.pop("NATRON_PLUGIN_PATH", None)
        self.environment["QT_QPA_PLATFORM"] = "offscreen"

    @property
    def with_node(self):
        """The environment in which Natron has the node."""
        return {**self.environment, "NATRON_PLUGIN_PATH": str(self.node_folder)}

    def run(self, folder, script, **given):
        """Run lines of Python in Natron, with `natron_side` and `given`; gives what they put into `told`."""
        answer, path = folder / "answer.json", folder / "script.py"
        answer.unlink(missing_ok=True)
        lines = "".join(f"    {line}\n" for line in script.strip("\n").splitlines())
        beginning = BEFORE.format(folder=str(Path(__file__).parent), given=json.dumps(given, default=str))
        path.write_text(beginning + lines + AFTER.format(answer=str(answer)))
        said = self._call(["-t", path], self.with_node)
        assert answer.exists(), said
        told = json.loads(answer.read_text())
        assert "traceback" not in told, told["traceback"] + said
        return {**told, "said": said}

    def render(self, project, *arguments):
        """Render a saved project as a farm does: without the node, or anything else of ours; gives what it said."""
        return self._call([*arguments, project], self.environment)

    def _call(self, arguments, environment):
        command = [str(self.renderer), *map(str, arguments)]
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
        )
        return done.stdout.decode("utf-8", "replace")
