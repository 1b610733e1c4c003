import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering.films import luma, write_film, write_reference

from vcnode.cli import main
from vcnode.weights import save_weights


@pytest.fixture(scope="session")
def weights(tiny_model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small random model as a file that says what it is."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    return save_weights(path, tiny_model.state_dict(), {"config": json.dumps(tiny_model.config.to_dict())})


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mkv", luma(6))


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_reference(tmp_path / "reference.png")


@pytest.fixture
def arguments(film: Path, reference: Path, weights: Path, tmp_path: Path) -> dict[str, Any]:
    """A render that works; tests change one thing of it."""
    return {
        "INPUT": film,
        "--reference": reference,
        "--output": tmp_path / "out.mkv",
        "--model": weights,
        "--device": "cpu",
    }


def command(arguments: dict[str, Any]) -> list[str]:
    """The command line; True stands for an option without a value, None for one left out."""
    line = ["colorize"]
    for name, value in arguments.items():
        if value is None:
            continue
        line += [str(value)] if name == "INPUT" else [name] if value is True else [f"{name}={value}"]
    return line


@pytest.fixture
def colorize(arguments: dict[str, Any]) -> Callable[..., int]:
    """Run the command in this process, with some arguments changed."""

    def run(**changes: Any) -> int:
        named = {name if name == "INPUT" else "--" + name.replace("_", "-"): value for name, value in changes.items()}
        return main(command({**arguments, **named}))

    return run
