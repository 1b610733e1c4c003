"""`vcnode models`: which models there are, where they come from, and how to get them."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import torch
from tqdm import tqdm

from vcnode.cli.messages import say
from vcnode.cli.parser import Commands, command_parser
from vcnode.network import Model, ModelConfig
from vcnode.weights import Progress, RegistryEntry, Shapes, digest, find, get, load_registry, locate, lookup


def add_parser(commands: Commands) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("models", help="list models, get them, or import their files")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    listing = command_parser(actions, "list", "list the known models and whether they are on this machine")
    listing.set_defaults(run=run_list)

    info = command_parser(actions, "info", "say what a model is, where it lies and where it comes from")
    info.add_argument("name", metavar="NAME", help="a model's name, or a weights file")
    info.set_defaults(run=run_info)

    getting = command_parser(actions, "get", "download a model, or take it from a mirror or a folder")
    getting.add_argument("name", metavar="NAME")
    getting.add_argument(
        "--from", dest="source", metavar="SOURCE", help="an address that mirrors the files, or a local file or folder"
    )
    getting.set_defaults(run=run_get)

    importing = command_parser(actions, "import", "convert a model's files that are on this machine already")
    importing.add_argument(
        "path", type=Path, metavar="PATH", help="the folder or zip, or one file, whose folder has the others"
    )
    importing.add_argument("--name", default="devc", help="which model they are of (devc)")
    importing.set_defaults(run=run_import)


def run_list(options: argparse.Namespace) -> None:
    """Print a line for each known model."""
    for name, entry in load_registry().items():
        here = "here" if locate(entry) is not None else "not here"
        print(f"{name:8} {here:9} {entry.description}")


def run_info(options: argparse.Namespace) -> None:
    """Print a model's facts.

    Raises:
        ModelError: It is not known.
    """
    registry = load_registry()
    if options.name in registry:
        entry = registry[options.name]
        path, configuration = locate(entry), entry.configuration()
        facts = {"model": entry.name, "description": entry.description}
        facts |= {"licence": entry.licence, "source": entry.source}
    else:
        files = find(options.name)
        path, configuration = files.weights, files.configuration
        facts = {"model": files.name}
    facts |= {key: str(value) for key, value in configuration.items() if key != "name"}
    if path is None:
        facts["weights"] = f"not on this machine: `vcnode models get {options.name}` fetches them"
    else:
        facts |= {"weights": str(path), "bytes": str(path.stat().st_size), "sha256": digest(path)}
    for key, value in facts.items():
        print(f"{key + ':':14} {value}")


def run_get(options: argparse.Namespace) -> None:
    """Install a model; the only command that uses the network.

    Raises:
        ModelError: It is unknown, cannot be fetched, or its files do not fit.
    """
    entry = lookup(options.name)
    if options.source is None and locate(entry) is None and entry.files[0].url is not None:
        say(f"fetching {entry.name} from {entry.source}; licence: {entry.licence}")
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr, leave=False, delay=0.5) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = _install(entry, options.source, show)
    print(path)


def run_import(options: argparse.Namespace) -> None:
    """Convert files that are here.

    Raises:
        ModelError: A file is missing, damaged, or does not fit the model.
    """
    print(_install(lookup(options.name), options.path, None))


def _install(entry: RegistryEntry, source: str | Path | None, progress: Progress | None) -> Path:
    """Install a model, and say what it is made of."""
    taken: list[Path] = []
    expected = expected_shapes(entry)
    path = get(entry.name, source=source, expected=expected, progress=progress, on_file=taken.append)
    if taken:
        say(f"{entry.name} is made of {', '.join(map(str, taken))}")
    return path


def expected_shapes(entry: RegistryEntry) -> Mapping[str, Shapes] | None:
    """Keys and shapes of each part of a model that is converted; None for one that is used as it comes."""
    if entry.is_single_file:
        return None
    with torch.device("meta"):  # shapes alone, no memory
        model = Model(ModelConfig.from_dict(entry.configuration()))
    parts: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for name, tensor in model.state_dict().items():
        part, _, key = name.partition(".")
        parts[part][key] = tuple(tensor.shape)
    return dict(parts)
