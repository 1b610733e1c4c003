"""The node pack as ComfyUI has it loaded, over a stand-in for ComfyUI, and a clip to colour."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.hosts.comfyui.stub import Host, installed, run_node, with_defaults
from tests.hosts.comfyui.stub.folders import Folders
from tests.hosts.comfyui.stub.installation import load_pack

PACK = Path(__file__).parents[3] / "hosts" / "comfyui"
sys.path.append(str(PACK))  # modules that know no ComfyUI are imported plainly; in ComfyUI the pack is their parent
SIZE = 64  # the network's short side in these tests: the smallest, for speed


@dataclass
class Pack:
    module: ModuleType
    nodes: dict

    def run(self, node_id, *, unique_id="1", prompt=None, validated=True, **inputs):
        """A node's results by name, with the editor's defaults for widgets not named."""
        node = self.nodes[node_id]
        inputs = with_defaults(node, inputs)
        results = run_node(node, inputs, unique_id=unique_id, prompt=prompt, validated=validated)
        names = [one.display_name for one in node.GET_SCHEMA().outputs]
        return dict(zip(names, results, strict=True))

    @cached_property
    def model(self):
        """The embedded model."""
        return self.run("VCNode_LoadModel")["model"]

    def references(self, image, **inputs):
        return self.run("VCNode_Reference", image=image, **inputs)["references"]

    def colorize(self, images, references, **inputs):
        inputs = {"model": self.model, "working_size": SIZE} | inputs
        return self.run("VCNode_Colorize", images=images, references=references, **inputs)


@pytest.fixture
def comfy(tmp_path):
    """The host, installed for one test."""
    with installed(Host(Folders(tmp_path / "comfy"))) as host:
        yield host


@pytest.fixture
def pack(comfy):
    """The pack, loaded afresh."""
    return Pack(*load_pack(PACK))


def colored_clip(count=4, height=64, width=96):
    """A red disc that moves over a blue-green ground, `(count, height, width, 3)`, 0..1."""
    y, x = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    ground = torch.stack([0.2 + 0.1 * x, 0.3 + 0.3 * y, 0.6 - 0.3 * y], dim=-1)
    frames = []
    for number in range(count):
        inside = ((x - 0.3 - 0.04 * number) ** 2 + (y - 0.5) ** 2 < 0.04)[..., None]
        frames.append(torch.where(inside, torch.tensor([0.8, 0.3, 0.2]), ground))
    return torch.stack(frames)


def gray_clip(count=4, height=64, width=96):
    """The same without its colours."""
    luma = colored_clip(count, height, width) @ torch.tensor([0.2126, 0.7152, 0.0722])
    return luma[..., None].repeat(1, 1, 1, 3).round(decimals=4)


def as_images(frames):
    """Gray arrays `(H, W)`, 0..1, as an IMAGE batch."""
    return torch.stack([torch.from_numpy(frame)[..., None].expand(-1, -1, 3) for frame in frames])


class Stop(Exception):
    """What a host raises where its user stops the work, an exception that vcnode does not know."""


def chroma(images):
    """How far the channels differ, per frame."""
    return (images.amax(-1) - images.amin(-1)).mean((1, 2))
