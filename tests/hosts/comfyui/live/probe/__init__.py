"""Nodes of the tests' own: they bring images into a run and take results out of it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from comfy.comfy_types import IO

emitted = []  # every tensor that went into a run, with its digest


def digest(tensor):
    return hashlib.sha256(tensor.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()


def changed():
    """How many tensors are not what they were when this was last asked, or when they went in."""
    now = [digest(tensor) for tensor, _ in emitted]
    count = sum(one != before for one, (_, before) in zip(now, emitted, strict=True))
    emitted[:] = [(tensor, one) for one, (tensor, _) in zip(now, emitted, strict=True)]
    return count


class Images:
    """An IMAGE batch, or with three dimensions a MASK, from an .npy file."""

    CATEGORY, FUNCTION, RETURN_TYPES, RETURN_NAMES = "vcnode_probe", "load", ("IMAGE", "MASK"), ("images", "mask")

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"file": ("STRING", {}), "dtype": (["float32", "float16"],)}}

    def load(self, file, dtype):
        tensor = torch.from_numpy(np.load(file)).to(getattr(torch, dtype))
        emitted.append((tensor, digest(tensor)))
        return (tensor, tensor)


class Text:
    """A text that comes over a link."""

    CATEGORY, FUNCTION, RETURN_TYPES, RETURN_NAMES = "vcnode_probe", "give", ("STRING",), ("text",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {})}}

    def give(self, text):
        return (text,)


class Keep:
    """Writes what arrives into a folder: 0.npy and 0.json, then 1.npy and 1.json, and so on."""

    CATEGORY, FUNCTION, RETURN_TYPES, OUTPUT_NODE = "vcnode_probe", "keep", (), True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (IO.ANY, {}), "folder": ("STRING", {})}}

    def keep(self, value, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("*.json")))
        told = {"type": type(value).__name__, "text": str(value)[:2000], "inference": torch.is_inference_mode_enabled()}
        if hasattr(value, "get_components"):
            source = value.get_stream_source() if told["type"] == "VideoFromFile" else ""
            told["path"] = source if isinstance(source, str) else ""
            components = value.get_components()
            audio = components.audio
            told["rate"] = str(components.frame_rate)
            told["samples"] = 0 if audio is None else audio["waveform"].shape[-1]
            value = components.images
        if isinstance(value, torch.Tensor):
            told |= {"dtype": str(value.dtype), "inference_tensor": value.is_inference(), "device": value.device.type}
            told["contiguous"] = value.is_contiguous()
            np.save(folder / f"{number}.npy", value.detach().cpu().numpy())
        (folder / f"{number}.json").write_text(json.dumps(told), encoding="utf-8")
        return ()


class Spoil:
    """Writes into its input, which no node may: shows that the tests would see it."""

    CATEGORY, FUNCTION, RETURN_TYPES = "vcnode_probe", "spoil", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"images": ("IMAGE",)}}

    def spoil(self, images):
        images[0, 0, 0, 0] += 0.25
        return (images,)


NODE_CLASS_MAPPINGS = {"VCProbe_Images": Images, "VCProbe_Text": Text, "VCProbe_Keep": Keep, "VCProbe_Spoil": Spoil}
