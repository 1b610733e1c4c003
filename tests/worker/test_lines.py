from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vcnode.worker.lines import read_lines


def read_in_pieces(pieces):
    """Like a pipe: gives what there is, nothing at the end."""
    waiting = [piece for piece in pieces if piece]
    return lambda size: waiting.pop(0) if waiting else b""


def cut(data, places):
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b""))), st.lists(st.integers(0, 200)))
def test_lines_do_not_depend_on_how_they_arrive(lines, places):
    data = b"".join(line + b"\n" for line in lines)
    expected = [line if len(line) <= 8 else None for line in lines]
    assert list(read_lines(read_in_pieces(cut(data, places)), limit=8)) == expected


def test_a_line_that_its_sender_did_not_finish_is_none():
    assert list(read_lines(read_in_pieces([b"one\ntw", b"o"]))) == [b"one"]


def test_an_endless_line_does_not_fill_the_memory():
    pieces = iter([b"x" * 1000] * 1000 + [b"\nok\n"])
    assert list(read_lines(lambda size: next(pieces, b""), limit=5000)) == [None, b"ok"]
