"""The shots file, one plan of shots and references that every host reads.

    version: 1
    shots:
      - first: 0
        last: 119          # included; left out: to the end of the clip
        references:
          - day.png        # paths count from the folder of this file
          - {image: night.png, frame: 60, weight: 0.5, mask: sky.png}

YAML is read as nodes, not values: nodes know their line, and numbers stay decimal (YAML 1.1 reads 010 as 8).
"""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from vcnode.errors import InputError
from vcnode.sequence.reference import Reference
from vcnode.sequence.shots import Shot, check_shots
from vcnode.whole_files import write_whole

_VERSION = 1


def load_shots(path: str | os.PathLike[str]) -> tuple[Shot, ...]:
    """Read a shots file.

    Args:
        path: The YAML file. Relative paths of images in it count from its folder.

    Raises:
        InputError: The file or an image in it does not exist, or the content is not as above; the message
            names the line.
    """
    path = Path(path)
    try:
        root = yaml.compose(path.read_bytes(), Loader=yaml.SafeLoader)
    except OSError as error:
        raise InputError(f"The shots file {path} cannot be read ({error.strerror}): check the path.") from error
    except RecursionError as error:
        raise InputError(f"{path} nests too deeply for a shots file: see the manual.") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line} is not valid YAML ({error.problem}): correct it there.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not valid YAML ({str(error).splitlines()[0]}): save it as UTF-8.") from error
    if root is None:
        raise InputError(f"{path} is empty: give 'version: {_VERSION}' and a list of 'shots'.")
    return _Reader(path).shots(root)


def save_shots(shots: Sequence[Shot], path: str | os.PathLike[str]) -> None:
    """Write a shots file; images under its folder are named relative to it, others in full.

    Raises:
        InputError: The shots overlap or are out of order, or the file cannot be written.
    """
    path = Path(path)
    folder = path.absolute().parent
    plan = {"version": _VERSION, "shots": [_shot_plan(shot, folder) for shot in check_shots(shots)]}
    text = yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)
    try:
        write_whole(path, text.encode(), flush_to_device=True)
    except OSError as error:
        raise InputError(f"The shots file {path} cannot be written ({error.strerror}): choose another.") from error


class _Reader:
    """Turns nodes into shots; every complaint names the file and the line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.absolute().parent

    def shots(self, node: yaml.Node) -> tuple[Shot, ...]:
        fields = self.mapping(node, required=("version", "shots"))
        version = self.integer(fields["version"])
        if version != _VERSION:
            raise self.error(fields["version"], f"version is {version}, and this vcnode reads version {_VERSION}")
        shots = [self.shot(item) for item in self.sequence(fields["shots"])]
        return self.checked(fields["shots"], lambda: check_shots(shots))

    def shot(self, node: yaml.Node) -> Shot:
        fields = self.mapping(node, required=("first", "references"), optional=("last",))
        first = self.integer(fields["first"])
        last = self.integer(fields["last"]) if "last" in fields else None
        references = tuple(self.reference(item) for item in self.sequence(fields["references"]))
        return self.checked(node, lambda: Shot(first, last, references))

    def reference(self, node: yaml.Node) -> Reference:
        if isinstance(node, yaml.ScalarNode):
            return Reference(self.file(node))
        fields = self.mapping(node, required=("image",), optional=("frame", "weight", "mask"))
        image = self.file(fields["image"])
        frame = self.integer(fields["frame"]) if "frame" in fields else None
        weight = self.number(fields["weight"]) if "weight" in fields else 1.0
        mask = self.file(fields["mask"]) if "mask" in fields else None
        return self.checked(node, lambda: Reference(image, frame, weight, mask))

    def mapping(
        self, node: yaml.Node, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        """Return the fields of a mapping; an optional field that is left empty counts as left out."""
        allowed = ", ".join((*required, *optional))
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"here belong fields (allowed: {allowed})")
        fields: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode) or name not in (*required, *optional):
                raise self.error(key, f"unknown field {name!r} (allowed: {allowed})")
            if name in fields:
                raise self.error(key, f"field {name!r} appears twice")
            fields[name] = value
        for name in required:
            if name not in fields:
                raise self.error(node, f"field {name!r} is missing")
        return {name: value for name, value in fields.items() if name in required or not _is_null(value)}

    def sequence(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, "here belongs a list (lines that begin with '- ', or [one, two])")
        return list(node.value)

    def integer(self, node: yaml.Node) -> int:
        if not isinstance(node, yaml.ScalarNode) or not re.fullmatch("[0-9]{1,15}", node.value):
            raise self.error(node, f"here belongs a whole number from 0, not {_shown(node)}")
        return int(node.value)

    def number(self, node: yaml.Node) -> float:
        try:
            return float(node.value) if isinstance(node, yaml.ScalarNode) else float("")
        except ValueError as error:
            raise self.error(node, f"here belongs a number, not {_shown(node)}") from error

    def file(self, node: yaml.Node) -> Path:
        if not isinstance(node, yaml.ScalarNode) or _is_null(node) or not node.value:
            raise self.error(node, f"here belongs the path of an image file, not {_shown(node)}")
        path = self.folder / str(node.value)
        if not os.path.isfile(path):
            raise self.error(node, f"there is no file {path}")
        return path

    def checked[T](self, node: yaml.Node, make: Callable[[], T]) -> T:
        try:
            return make()
        except InputError as error:
            raise self.error(node, str(error).rstrip(".")) from error

    def error(self, node: yaml.Node, problem: str) -> InputError:
        return InputError(f"{self.path}, line {node.start_mark.line + 1}: {problem}.")


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list or fields"


def _shot_plan(shot: Shot, folder: Path) -> dict[str, object]:
    last = {} if shot.last is None else {"last": shot.last}
    return {
        "first": shot.first,
        **last,
        "references": [_reference_plan(item, folder) for item in shot.references],
    }


def _reference_plan(reference: Reference, folder: Path) -> str | dict[str, object]:
    plan: dict[str, object] = {"image": _file_plan(reference.path, folder)}
    if reference.frame is not None:
        plan["frame"] = reference.frame
    if reference.weight != 1.0:
        plan["weight"] = float(reference.weight)
    if reference.mask is not None:
        plan["mask"] = _file_plan(Reference(reference.mask).path, folder)
    return plan if len(plan) > 1 else str(plan["image"])


def _file_plan(path: Path, folder: Path) -> str:
    path = path.absolute()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
