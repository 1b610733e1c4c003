"""docs/worker.md says what the worker does."""

import json
import re
from pathlib import Path

import pytest

from vcnode.worker.connection import Connection
from vcnode.worker.request import read_request

MANUAL = (Path(__file__).parents[2] / "docs" / "worker.md").read_text("utf-8")
FIELDS = re.findall(r"^\| (`[^|]*) \|", MANUAL.partition("## A job")[2], re.MULTILINE)


@pytest.mark.skipif(not Path("/").is_absolute(), reason="the manual's example has POSIX paths")
def test_its_job_can_be_sent_as_it_is():
    text = re.search(r'"job": (\{.*?\}\})\}\n```', MANUAL, re.DOTALL)
    problems = []
    assert read_request(json.loads(text[1]), problems) is not None
    assert problems == []


def test_its_table_names_every_field():
    problems = []
    read_request({name: {"": 0} for name in ("frames", "options", "output")} | {"": 0}, problems)
    given = {each.field: each.problem for each in problems if "only" in each.problem}
    assert len(given) == 4
    for place, said in given.items():
        for name in re.search(r"only (.*)\.$", said)[1].split(", "):
            part = place.rstrip(".").rpartition(".")[0] or place.rstrip(".")
            whole = name if not part else f"{part}.{name}"
            known = " ".join(FIELDS)
            assert (
                f"`{whole}" in known or f"`.{name}`" in known or any(each.startswith(f"`{whole}.") for each in FIELDS)
            )


def test_it_names_every_message():
    for name in Connection.messages:
        assert f'{{"type": "{name}"' in MANUAL
