"""Frozen dataclasses from plain values: each is checked against its field's type, each mistake is a sentence."""

import re
import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from yaml.constructor import ConstructorError

from vcnode.errors import InputError

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", Path: "a path"}
_GREATEST = {int: 2**63 - 1, float: sys.float_info.max}  # a seed has 64 bits; NaN and infinity exceed any


def read_settings[T](kind: type[T], values: object, where: str = "") -> T:
    """Build a dataclass from a mapping; what it leaves out keeps its default.

    Args:
        kind: The dataclass. Fields may be numbers, words, paths, choices, tuples, dataclasses, and any of these or
            None. A class with a `from_dict` of its own is read by that.
        values: As YAML or JSON has it.
        where: The key under which it stands, for messages.

    Raises:
        InputError: A key is unknown or missing, or its value is not allowed.
    """
    place = f"'{where}'" if where else "the configuration"
    if not isinstance(values, Mapping):
        raise InputError(f"The setting {place} is {values!r}: give a mapping of names to values.")
    own = getattr(kind, "from_dict", None)
    if own is not None:
        made: T = own(values)
        return made
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise InputError(f"There is no setting '{_join(where, key)}': in {place} there are {', '.join(known)}.")
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"The setting '{_join(where, name)}' is missing: add it, or start from a preset.")
    hints = get_type_hints(kind)
    return kind(**{key: _read(hints[key], value, _join(where, key)) for key, value in values.items()})


def plain(settings: object) -> Any:
    """Turn settings into plain values, for YAML and JSON: the inverse of `read_settings`."""
    if is_dataclass(settings) and not isinstance(settings, type):
        own = getattr(settings, "to_dict", None)
        return own() if own else {field.name: plain(getattr(settings, field.name)) for field in fields(settings)}
    if isinstance(settings, list | tuple):
        return [plain(value) for value in settings]
    return settings.as_posix() if isinstance(settings, Path) else settings


def load_yaml(text: str) -> Any:
    """Read YAML of plain values, in which `1e-4` is a number, as people mean it.

    Raises:
        yaml.YAMLError: It is none.
    """
    return yaml.load(text, _Loader)  # which is a safe one


class _Loader(yaml.SafeLoader):
    """PyYAML follows YAML 1.1, which takes numbers with an exponent but no point or no sign in it for words.

    Of a key that is given twice it would drop the first value.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key, _ in node.value if keys.count(key.value) > 1), None)
        if twice is not None:
            raise ConstructorError(None, None, f"the key {twice.value!r} is given twice", twice.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        is_tree = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if is_tree else value  # type: ignore[arg-type]
    return result


def parse_change(text: str) -> dict[str, Any]:
    """Turn `optimization.rates.head=1e-4` into a tree of settings; the value is YAML.

    Raises:
        InputError: There is no `=`, or the value is no YAML.
    """
    key, equals, value = text.partition("=")
    try:
        tree: Any = load_yaml(value)
    except yaml.YAMLError as error:
        raise InputError(f"The value in {text!r} cannot be read: quote it as in YAML.") from error
    if not equals or not all(key.split(".")):
        raise InputError(f"{text!r} is no setting: write key=value, such as optimization.batch=8.")
    for name in reversed(key.split(".")):
        tree = {name: tree}
    changes: dict[str, Any] = tree
    return changes


def _read(hint: Any, value: Any, where: str) -> Any:
    hint = getattr(hint, "__value__", hint)  # of a `type` alias
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _read(next(kind for kind in arguments if kind is not type(None)), value, where)
    if origin is Literal:
        if value in arguments:
            return value
        raise _refusal(where, value, f"one of {', '.join(map(str, arguments))}")
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if is_dataclass(hint):
        return read_settings(hint, value, where)  # type: ignore[arg-type]
    return _read_scalar(hint, value, where)


def _read_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _refusal(where, value, "a list")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _refusal(where, value, f"a list of {len(kinds)}")
    return tuple(_read(kind, each, where) for kind, each in zip(kinds, value, strict=True))


def _read_scalar(kind: type, value: Any, where: str) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind in (int, float):
        return _read_number(kind, value, where)
    if isinstance(value, kind):
        return value
    raise _refusal(where, value, _WORDS[kind])


def _read_number(kind: type, value: Any, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and value % 1):
        raise _refusal(where, value, _WORDS[kind])
    if not abs(value) <= _GREATEST[kind]:
        raise _refusal(where, value, "a finite number" if kind is float else "a number below 2^63")
    return kind(value)


def _refusal(where: str, value: object, allowed: str) -> InputError:
    return InputError(f"The setting '{where}' is {value!r}: give {allowed}.")


def _join(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)
