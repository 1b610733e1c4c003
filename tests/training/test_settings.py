from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.training.settings import load_yaml, merged, parse_change, plain, read_settings


@dataclass(frozen=True)
class Wheel:
    size: int = 26
    spokes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Bicycle:
    name: str
    kind: Literal["road", "cargo"] = "road"
    weight: float = 12.0
    bell: bool = True
    gears: tuple[float, float] = (1.0, 2.0)
    owner: str | None = None
    manual: Path | None = None
    front: Wheel = field(default_factory=Wheel)


bicycles = st.builds(
    Bicycle,
    name=st.text(),
    kind=st.sampled_from(["road", "cargo"]),
    weight=st.floats(allow_nan=False, allow_infinity=False),
    bell=st.booleans(),
    gears=st.tuples(*2 * [st.floats(allow_nan=False, allow_infinity=False)]),
    owner=st.none() | st.text(),
    front=st.builds(Wheel, size=st.integers(-1000, 1000), spokes=st.lists(st.integers(0, 99)).map(tuple)),
)


@given(bicycles)
def test_settings_survive_as_plain_values(bicycle):
    assert read_settings(Bicycle, plain(bicycle)) == bicycle


def test_paths_are_words_in_plain_values():
    assert read_settings(Bicycle, {"name": "x", "manual": "a/b"}).manual == Path("a/b")
    assert plain(Bicycle("x", manual=Path("a", "b")))["manual"] == "a/b"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "setting 'name' is missing"),
        ({"name": "x", "wieght": 1}, "no setting 'wieght': in the configuration there are name, kind, weight"),
        ({"name": "x", "front": {"sise": 1}}, "no setting 'front.sise': in 'front' there are size, spokes"),
        ({"name": "x", "weight": "heavy"}, "'weight' is 'heavy': give a number"),
        ({"name": "x", "weight": True}, "'weight' is True: give a number"),
        ({"name": "x", "weight": float("nan")}, "'weight' is nan: give a finite number"),
        ({"name": "x", "weight": 10**400}, "give a finite number"),
        ({"name": "x", "gears": [1, float("-inf")]}, "'gears' is -inf: give a finite number"),
        ({"name": "x", "front": {"size": True}}, "'front.size' is True: give a whole number"),
        ({"name": "x", "front": {"size": float("inf")}}, "'front.size' is inf: give a whole number"),
        ({"name": "x", "front": {"size": 2**63}}, "'front.size' is 9223372036854775808: give a number below"),
        ({"name": "x", "bell": 1}, "'bell' is 1: give true or false"),
        ({"name": 3}, "'name' is 3: give a word"),
        ({"name": "x", "kind": "racing"}, "'kind' is 'racing': give one of road, cargo"),
        ({"name": "x", "gears": [1]}, "'gears' is \\[1\\]: give a list of 2"),
        ({"name": "x", "gears": 1}, "'gears' is 1: give a list"),
        ({"name": "x", "front": 3}, "'front' is 3: give a mapping"),
        ({"name": "x", "front": {"size": 2.5}}, "'front.size' is 2.5: give a whole number"),
        ({"name": "x", "front": {"spokes": ["a"]}}, "'front.spokes' is 'a': give a whole number"),
        ({"name": None}, "'name' is None: give a word"),
        ([1], "the configuration is \\[1\\]: give a mapping"),
    ],
)
def test_a_mistake_is_named_with_its_key(values, told):
    with pytest.raises(InputError, match=told):
        read_settings(Bicycle, values)


def test_numbers_with_an_exponent_are_numbers():
    assert load_yaml("[1e-4, 2E3, -1e+2, 1.5e1, e5, 1e, 1e5x]") == [1e-4, 2000.0, -100.0, 15.0, "e5", "1e", "1e5x"]
    assert parse_change("a=1e-4") == {"a": 1e-4}
    assert read_settings(Bicycle, {"name": "x", "front": {"size": 1e2}}).front.size == 100


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3", "{a: {b: 1, b: 1}}"])
def test_a_key_that_is_given_twice_is_refused(text):
    with pytest.raises(yaml.YAMLError, match=r"the key '[ab]' is given twice"):
        load_yaml(text)


def test_trees_are_laid_over_one_another():
    below = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    assert merged(below, {"a": {"c": {"d": 4}}, "e": {"f": 5}}) == {"a": {"b": 1, "c": {"d": 4}}, "e": {"f": 5}}
    assert below == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}


def test_a_change_is_a_dotted_key_and_a_yaml_value():
    assert parse_change("a.b.c=[1, x]") == {"a": {"b": {"c": [1, "x"]}}}
    assert parse_change("a=") == {"a": None}
    assert parse_change("a=b=c") == {"a": "b=c"}


@pytest.mark.parametrize("text", ["", "a", "=1", "a..b=1", "a=[1"])
def test_what_is_no_change_is_refused(text):
    with pytest.raises(InputError, match=r"setting|value"):
        parse_change(text)
