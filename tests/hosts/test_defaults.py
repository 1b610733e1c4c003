"""What a host leaves as it is comes out as from the Python library, on every kind of device."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.hosts.comfyui.conftest import comfy, pack  # noqa: F401  # fixtures
from tests.hosts.nuke.conftest import plate_and_node, terminal  # noqa: F401  # a fixture
from vcnode import Settings
from vcnode.worker.request import read_request

PICTURE = np.linspace(0, 1, 64 * 96 * 3, dtype=np.float32).reshape(64, 96, 3) ** [1, 2, 3]


@pytest.fixture
def settled(monkeypatch):
    """The settings that were completed for a model and its device, as they were before."""
    found, complete = [], Settings.on

    def on(settings, model):
        found.append(settings)
        return complete(settings, model)

    monkeypatch.setattr(Settings, "on", on)
    return found


def in_comfyui(request):
    nodes, settled = request.getfixturevalue("pack"), request.getfixturevalue("settled")
    images = torch.from_numpy(PICTURE).float()[None]
    nodes.run("VCNode_Colorize", images=images, model=nodes.model, references=nodes.references(images))
    return settled[0]


def in_vapoursynth(request):
    vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")
    from vcnode import Reference
    from vsvcnode import colorize

    settled, model = request.getfixturevalue("settled"), request.getfixturevalue("tiny_model")
    for format in (vs.GRAY8, vs.GRAYH):
        colorize(vs.core.std.BlankClip(format=format, width=96, height=64), Reference(PICTURE), model=model)
    assert len({each.precision for each in settled}) == 1, "the format of a clip has no say"
    return settled[0]


def in_nuke(request):
    node, folder = plate_and_node(request.getfixturevalue("terminal")), request.getfixturevalue("tmp_path")
    from vcnode_client.job import build
    from vcnode_nuke.nodes import controller_of

    node["quality"].setValue("normal")
    host = controller_of(node).host
    source, result = f"{folder}/in.%04d.exr", f"{folder}/out.%04d.exr"
    job = build(host.settings(), host.clip(), "clip", source, {1: f"{folder}/ref.exr"}, result, None)
    problems = []
    chosen = read_request(job, problems).settings
    assert not problems
    assert chosen.direction == "both", "there it is the default of the node, as its manual says"
    return replace(chosen, direction="forward")


@pytest.mark.parametrize("of_host", [in_comfyui, in_vapoursynth, in_nuke])
def test_defaults_are_those_of_the_library(request, of_host, tiny_model, tiny_devc, monkeypatch):
    chosen = of_host(request)
    for device, capability in (("cpu", None), ("mps", None), ("cuda", (7, 5)), ("cuda", (8, 0)), ("cuda", (9, 0))):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        for config in (tiny_model.config, tiny_devc.config):
            parameter = SimpleNamespace(device=torch.device(device))
            model = SimpleNamespace(config=config, parameters=lambda found=parameter: iter([found]))
            assert chosen.on(model) == Settings().on(model), (device, capability, config.color_net)
