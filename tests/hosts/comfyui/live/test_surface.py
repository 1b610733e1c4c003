"""Every name of ComfyUI's that the pack uses exists in ComfyUI, and in the stand-in that other tests run against."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.hosts.comfyui.live import surface
from tests.hosts.comfyui.live.installation import PACK


@pytest.fixture(scope="module")
def uses():
    found = {use for file in PACK.rglob("*.py") for use in surface.uses_in(file.read_text(encoding="utf-8"))}
    assert len(found) > 20
    return sorted(found, key=str)


@pytest.fixture(scope="module")
def in_comfyui(installation, executor_base):
    """Asks ComfyUI."""

    def ask(uses):
        ran = subprocess.run(
            [installation.python, str(Path(surface.__file__)), str(installation.folder), str(executor_base)],
            input=json.dumps(uses),
            capture_output=True,
            encoding="utf-8",
            env=installation.environment(),
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])

    return ask


MISSING = [
    ("comfy_api.latest.io.Quaternion.Input", None),
    ("comfy.nowhere", None),
    ("folder_paths.get_output_directory", ("which",)),
]


def test_in_comfyui(in_comfyui, uses):
    found = in_comfyui([*uses, *MISSING])
    assert [one.split()[0].rstrip(":") for one in found] == [name for name, _ in MISSING], found


@pytest.mark.usefixtures("comfy")
def test_in_the_stand_in(uses):
    assert surface.problems(uses) == []
    assert len(surface.problems(MISSING)) == len(MISSING)


def test_what_counts_as_a_use():
    source = """
import comfy.utils
import comfy.model_management as mm
from comfy_api.latest import io, ui as shown
import io as streams

mm.get_torch_device()
comfy.utils.ProgressBar(3, node_id="4")
io.Custom("A").Input("a", tooltip="b")
shown.PreviewText("x")
streams.BytesIO()
"""
    assert surface.uses_in(source) == sorted(
        [
            ("comfy.model_management", None),
            ("comfy.model_management.get_torch_device", None),
            ("comfy.model_management.get_torch_device", ()),
            ("comfy.utils", None),
            ("comfy.utils.ProgressBar", None),
            ("comfy.utils.ProgressBar", ("node_id",)),
            ("comfy_api.latest.io", None),
            ("comfy_api.latest.io.Custom", None),
            ("comfy_api.latest.io.Custom", ()),
            ("comfy_api.latest.ui", None),
            ("comfy_api.latest.ui.PreviewText", None),
            ("comfy_api.latest.ui.PreviewText", ()),
        ],
        key=str,
    )
