"""Schema, node class and node result: the other part of `comfy_api.latest.io`."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Hidden(str, Enum):  # noqa: UP042 - as ComfyUI has it: str() gives the member's name
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"


class HiddenValues:
    """What a node finds in `cls.hidden`: None for everything that its schema does not ask for."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def __getattr__(self, name):
        return None


@dataclass
class Schema:
    node_id: str
    display_name: str = None
    category: str = "sd"
    inputs: list = None
    outputs: list = None
    hidden: list = None
    description: str = ""
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_api_node: bool = False
    not_idempotent: bool = False
    enable_expand: bool = False

    def finished(self):
        """With the hidden inputs of output nodes and ids for outputs without; refuses ids that meet twice."""
        self.inputs, self.outputs = self.inputs or [], self.outputs or []
        self.hidden = list(self.hidden or [])
        if self.is_output_node:
            self.hidden += [one for one in (Hidden.prompt, Hidden.extra_pnginfo) if one not in self.hidden]
        for position, output in enumerate(self.outputs):
            output.id = output.id or f"_{position}_{output.io_type}_"
        ids = [one.id for one in (*self.inputs, *self.outputs)]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{self.node_id}: the ids of inputs and outputs must differ, but they are {ids}.")
        return self

    def ordered_inputs(self):
        """As the editor shows them and as workflows store their widgets: required ones first."""
        return sorted(self.inputs, key=lambda one: bool(one.optional))


class NodeOutput:
    def __init__(self, *args: Any, ui=None, expand=None, block_execution=None):
        self.args, self.ui, self.expand, self.block_execution = args, ui, expand, block_execution


class ComfyNode:
    hidden = None

    @classmethod
    def GET_SCHEMA(cls):
        return cls.define_schema().finished()

    @classmethod
    def define_schema(cls):
        raise NotImplementedError(f"{cls.__name__} has no define_schema.")

    @classmethod
    def execute(cls, **inputs):
        raise NotImplementedError(f"{cls.__name__} has no execute.")


class ComfyExtension(ABC):
    @abstractmethod
    async def get_node_list(self): ...


def locked(node, hidden):
    """The class as `execute` gets it: a subclass whose attributes cannot be set."""

    class Locked(type(node)):
        def __setattr__(cls, name, value):
            raise AttributeError(f"A node keeps no state: {name!r} cannot be set on {node.__name__}.")

    return Locked(node.__name__, (node,), {"hidden": HiddenValues(**hidden)})
