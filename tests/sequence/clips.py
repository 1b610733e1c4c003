"""Small clips and pictures, and stores that can be looked into."""

from dataclasses import fields

import numpy as np
import torch

from vcnode import Reference, Settings, Shot, colorize
from vcnode.network import Model

HEIGHT, WIDTH = 64, 96


def texture(seed, height=HEIGHT, width=WIDTH, channels=1):
    """Smooth random patterns `(height, width, channels)`, 0..1."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / HEIGHT
    planes = []
    for _ in range(channels):
        waves = random.normal(0, 6, (6, 2)) @ np.stack((rows.ravel(), columns.ravel()))
        plane = np.sin(waves + random.uniform(0, 6, (6, 1))).sum(axis=0).reshape(height, width)
        planes.append(0.5 + 0.16 * plane)
    return np.stack(planes, axis=-1).clip(0, 1).astype(np.float32)


def clip(count, seed=0, height=HEIGHT, width=WIDTH):
    """Luma frames `(height, width)` of a texture that moves two pixels a frame."""
    wide = texture(seed, height, width + 2 * count)[..., 0]
    return [wide[:, 2 * number : 2 * number + width].copy() for number in range(count)]


def picture(seed, height=HEIGHT, width=WIDTH):
    """RGB `(height, width, 3)`."""
    return texture(seed + 1000, height, width, channels=3)


def reference(seed=0, **options):
    return Reference(picture(seed), **options)


def differences(one, other):
    """Names of the attributes in which two coloured frames are not the same bit for bit."""
    return [
        field.name
        for field in fields(one)
        if field.name not in ("number", "state")
        and not torch.equal(getattr(one, field.name), getattr(other, field.name))
    ]


def same(one, other):
    return one.number == other.number and not differences(one, other)


def straight(model, frames, shots, **options):
    """A straight run that no cache helps."""
    shots = [Shot(0, None, tuple(shots))] if isinstance(shots[0], Reference) else shots
    return list(colorize(frames, shots=shots, model=model, settings=Settings(**options)))


def collect(run, done):
    """Append one by one what a run gives, so that it is there when the run fails."""
    for frame in run:
        done.append(frame)


class OpenStore:
    """A store of states that tells what it was asked, and whose entries can be taken away."""

    def __init__(self):
        self.entries = {}
        self.stored = []

    def get(self, key):
        found = self.entries.get(key)
        return None if found is None else {name: tensor.clone() for name, tensor in found.items()}

    def put(self, key, tensors, *, index):
        self.stored.append(index)
        self.entries[key] = {name: tensor.clone() for name, tensor in tensors.items()}

    def __contains__(self, key):
        return key in self.entries

    def info(self):
        raise NotImplementedError

    def clear(self):
        self.entries.clear()


class Watched:
    """Within it, counts what the network is asked to do."""

    def __init__(self, monkeypatch):
        self.calls = {"encode_references": 0, "prepare": 0, "advance": 0}
        for name in self.calls:
            monkeypatch.setattr(Model, name, self._counting(name, getattr(Model, name)))

    def _counting(self, name, method):
        def counted(*args, **options):
            self.calls[name] += 1
            return method(*args, **options)

        return counted
