"""Command lines by either system's rules, whichever this one is."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.bench.command_line import fill_in
from vcnode.errors import InputError

FRAMES = {"frames": r"C:\Users\A B\Temp\frames2"}


def test_values_are_never_taken_for_syntax():
    values = {"frames": "/x {output}", "output": "it's $HOME; {frames}"}
    filled = fill_in("run '{frames}/a b' --out={output}", values, windows=False)
    assert filled == ["run", "/x {output}/a b", "--out=it's $HOME; {frames}"]
    values = {"frames": 'x" {output} \\', "output": "%PATH% {frames}"}
    assert fill_in('run "{frames}/a b" --out={output}', values, windows=True) == [
        *("run", 'x" {output} \\/a b', "--out=%PATH% {frames}")
    ]


@pytest.mark.parametrize("place", ["{frames}", '"{frames}"'])
def test_places_may_be_quoted_on_windows_or_not(place):
    filled = fill_in(rf'"C:\Program Files\Tool\run.exe" {place} --in={place}\x', FRAMES, windows=True)
    assert filled == [r"C:\Program Files\Tool\run.exe", FRAMES["frames"], rf"--in={FRAMES['frames']}\x"]


@pytest.mark.parametrize(
    ("command", "parts"),
    [  # the table of Microsoft's "Parsing C command-line arguments", and what it leaves out
        (r'"a b c" d e', ["a b c", "d", "e"]),
        (r'"ab\"c" "\\" d', ['ab"c', "\\", "d"]),
        (r'a\\\b d"e f"g h', [r"a\\\b", "de fg", "h"]),
        (r"a\\\"b c d", [r"a\"b", "c", "d"]),
        (r'a\\\\"b c" d e', [r"a\\b c", "d", "e"]),
        (r'a"b"" c d"', ['ab" c d']),
        ('a "" b', ["a", "", "b"]),
        ("it's  a\tb ", ["it's", "a", "b"]),
    ],
)
def test_windows_rules_are_those_of_its_c_runtime(command, parts):
    assert fill_in(command, {}, windows=True) == parts


@given(st.lists(st.text('ab \t\\"{}', max_size=6), min_size=1))
def test_what_python_quotes_for_windows_is_read_again(parts):
    assert fill_in(subprocess.list2cmdline(parts), {}, windows=True) == parts


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize(("command", "sentence"), [('run "it', "quotes"), ("", "empty"), (" ", "empty")])
def test_commands_that_are_none_are_explained(command, sentence, windows):
    with pytest.raises(InputError, match=sentence):
        fill_in(command, {}, windows=windows)
