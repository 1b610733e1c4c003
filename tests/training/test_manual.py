"""docs/training.md lists all settings with their defaults."""

import re
from pathlib import Path

from vcnode.training.config import read_config
from vcnode.training.settings import load_yaml, plain

MANUAL = (Path(__file__).parents[2] / "docs" / "training.md").read_text("utf-8")


def names(tree):
    return {name: names(below) if isinstance(below, dict) else None for name, below in tree.items()}


def test_the_manual_lists_all_settings_with_their_defaults():
    (block,) = re.findall(r"## All settings.*?```yaml\n(.*?)```", MANUAL, re.DOTALL)
    listed, defaults = load_yaml(block), plain(read_config({"model": "lite"}))
    assert plain(read_config(listed)) == defaults
    del defaults["data"]["seed"]  # that of the run
    assert names(listed) == names({**defaults, "model": "lite"})
