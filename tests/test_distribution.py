"""What the wheel and the source archive bring along."""

import re
import tomllib
from pathlib import Path

from packaging.licenses import canonicalize_license_expression

from vcnode.weights import load_registry

ROOT = Path(__file__).parents[1]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = CONFIGURATION["project"]


def test_the_licence_of_everything_inside_is_named_and_there():
    expression = PROJECT["license"]
    assert canonicalize_license_expression(expression) == expression
    files = [file for pattern in PROJECT["license-files"] for file in ROOT.glob(pattern)]
    texts = "\n".join(file.read_text(encoding="utf-8") for file in files)
    marks = {
        "MIT": "MIT License",
        "Apache-2.0": "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
        "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    }
    assert set(expression.split(" AND ")) == set(marks)
    assert all(mark in texts for mark in marks.values())


def test_embedded_weights_name_the_licence_of_their_encoder():
    assert "Apache-2.0" in load_registry()["lite"].licence


def test_the_two_commands_of_the_readme_work_in_the_source_archive():
    scripts = re.findall(r"\./([\w-]+\.sh)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert scripts
    included = CONFIGURATION["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"Makefile", *scripts} <= set(included)
