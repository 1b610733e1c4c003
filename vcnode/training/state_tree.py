"""Nested state as tensors by name and JSON for the rest: what safetensors files can hold, without pickle."""

import json
from collections.abc import Mapping
from typing import Any

from torch import Tensor

_TENSOR, _ITEMS = "tensor:", "items"


def flatten(tree: Any) -> tuple[dict[str, Tensor], str]:
    """Take a tree of dicts, lists, tensors, numbers, words and None apart; `unflatten` puts it together again.

    Tuples become lists. Keys may be words or whole numbers.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, json.dumps(_encode(tree, "", tensors))


def unflatten(tensors: Mapping[str, Tensor], rest: str) -> Any:
    """Put together what `flatten` took apart.

    Raises:
        KeyError: A tensor is missing.
        ValueError: The rest is no JSON.
    """
    return _decode(json.loads(rest), tensors)


def _encode(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[path] = value
        return {_TENSOR: path}
    if isinstance(value, Mapping):
        return {_ITEMS: [[key, _encode(each, _below(path, key), tensors)] for key, each in value.items()]}
    if isinstance(value, list | tuple):
        return [_encode(each, _below(path, number), tensors) for number, each in enumerate(value)]
    return value


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if _TENSOR in value:
            return tensors[value[_TENSOR]]
        return {key: _decode(each, tensors) for key, each in value[_ITEMS]}
    if isinstance(value, list):
        return [_decode(each, tensors) for each in value]
    return value


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
