"""Putting the stand-in where `import comfy` finds it, and loading a pack as ComfyUI does."""

import asyncio
import importlib.util
import os
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

from . import nodes, sockets, ui, video
from .folders import folder_paths
from .host import ModelPatcher, model_management, utils


def modules(host):
    """Every module by its name."""
    io = ModuleType("comfy_api.latest.io")
    for part in (sockets, nodes):
        own = {name: value for name, value in vars(part).items() if getattr(value, "__module__", "") == part.__name__}
        io.__dict__.update({name: value for name, value in own.items() if not name.startswith("_")})
    latest = ModuleType("comfy_api.latest")
    latest.io, latest.ui, latest.ComfyExtension = io, ui, nodes.ComfyExtension
    latest.InputImpl = SimpleNamespace(VideoFromFile=video.VideoFromFile, VideoFromComponents=video.VideoFromComponents)
    latest.Types = SimpleNamespace(VideoComponents=video.VideoComponents)
    comfy, api, patcher = ModuleType("comfy"), ModuleType("comfy_api"), ModuleType("comfy.model_patcher")
    comfy.__path__, api.__path__ = [], []
    patcher.ModelPatcher = ModelPatcher
    comfy.model_patcher, comfy.model_management, comfy.utils = patcher, model_management(host), utils(host)
    api.latest = latest
    found = (comfy, api, latest, patcher, comfy.model_management, comfy.utils, folder_paths(host.folders))
    return {module.__name__: module for module in found}


@contextmanager
def installed(host):
    """Makes the stand-in importable; afterwards `sys.modules` and `sys.path` are as before."""
    before, path = dict(sys.modules), list(sys.path)
    _remove(_is_host)
    sys.modules.update(modules(host))
    try:
        yield host
    finally:
        _remove(lambda name: _is_host(name) or (os.sep in name and name not in before))  # packs are named by their path
        sys.modules.update({name: module for name, module in before.items() if _is_host(name)})
        sys.path[:] = path


def _is_host(name):
    return name.split(".")[0] in ("comfy", "comfy_api", "folder_paths")


def _remove(wanted):
    for name in [name for name in sys.modules if wanted(name)]:
        del sys.modules[name]


def load_pack(folder):
    """A pack's module, and its node classes by id: by file path, under a name that is the path."""
    name = str(folder).replace(".", "_x_")
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if hasattr(module, "NODE_CLASS_MAPPINGS"):
        raise TypeError("With NODE_CLASS_MAPPINGS, ComfyUI ignores comfy_entrypoint: export one of them.")
    extension = module.comfy_entrypoint()
    if not isinstance(extension, nodes.ComfyExtension):
        raise TypeError(f"comfy_entrypoint gave {extension!r}, not a ComfyExtension.")
    found = asyncio.run(extension.get_node_list())
    if not isinstance(found, list):
        raise TypeError(f"get_node_list gave {type(found).__name__}, not a list.")
    return module, {node.GET_SCHEMA().node_id: node for node in found}
