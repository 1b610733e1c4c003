"""Prompts in ComfyUI's API format, written with names."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Node:
    """A node of a prompt; `node["images"]` is its output of that name, `node[0]` its first."""

    id: str
    outputs: tuple

    def __getitem__(self, output):
        return [self.id, output if isinstance(output, int) else self.outputs.index(output)]


class Graph:
    """A prompt that grows node by node.

    Args:
        nodes: The nodes there are, as `/object_info` tells of them.
        folder: For the files that bring images in and take results out.

    Attributes:
        prompt: As ComfyUI takes it.
    """

    def __init__(self, nodes, folder):
        self.nodes, self.folder = nodes, Path(folder)
        self._number = 0
        self.prompt = {}

    def add(self, kind, **inputs):
        """Add a node; widgets that are not named get what the editor would give them."""
        info = self.nodes[kind]
        values = {}
        for name, (of_type, *options) in {
            **info["input"].get("required", {}),
            **info["input"].get("optional", {}),
        }.items():
            options = options[0] if options else {}
            choices = of_type if isinstance(of_type, list) else options.get("options")
            if "default" in options:
                values[name] = options["default"]
            elif choices:
                values[name] = choices[0]
        self._number += 1
        node = Node(str(self._number), tuple(self.nodes[kind]["output_name"]))
        self.prompt[node.id] = {"class_type": kind, "inputs": values | inputs}
        return node

    def inputs(self, kind):
        """A node's inputs as ComfyUI describes them: name to type and options."""
        groups = self.nodes[kind]["input"]
        return {**groups.get("required", {}), **groups.get("optional", {})}

    def change(self, node, **inputs):
        """Give a node other inputs."""
        self.prompt[node.id]["inputs"].update(inputs)

    def images(self, array, dtype="float32"):
        """Images `(B, H, W, C)` from nowhere; the output "mask" is the same array as a MASK `(B, H, W)`."""
        file = self.folder / f"in_{len(list(self.folder.glob('in_*.npy')))}.npy"
        np.save(file, np.asarray(array, np.float32))
        return self.add("VCProbe_Images", file=str(file), dtype=dtype)

    def keep(self, value, name):
        """Take a value out under a name; see `Kept`."""
        return self.add("VCProbe_Keep", value=value, folder=str(self.folder / name))

    def kept(self, name):
        """What came out under a name, one entry a time it came."""
        return [
            Kept(json.loads(file.read_text(encoding="utf-8")), np.load(array) if array.exists() else None)
            for file in sorted((self.folder / name).glob("*.json"), key=lambda file: int(file.stem))
            for array in [file.with_suffix(".npy")]
        ]

    def array(self, name):
        """The array that came out under a name, which must have come once."""
        (kept,) = self.kept(name)
        return kept.array


@dataclass(frozen=True)
class Kept:
    """A value that came out: what the probe tells of it, and its array, for a video that of its frames."""

    told: dict
    array: np.ndarray | None
