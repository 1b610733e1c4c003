import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.worker.protocol import ProtocolError, decode_message, encode_message

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_a_message_is_one_line_that_reads_back(message):
    line = encode_message(message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_message(line) == message


@given(st.binary(max_size=60))
def test_whatever_comes_is_a_message_or_a_sentence(line):
    try:
        message = decode_message(line)
    except ProtocolError:
        return
    assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "a list"),
        (b"null", "null"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1', "no message"),
        (b'\xff{"a": 1}', "utf-8"),
        (b"[" * 100_000, "no message"),
        (b'{"a": 1} {"b": 2}', "no message"),
    ],
)
def test_what_is_no_message_is_refused_by_name(line, reason):
    with pytest.raises(ProtocolError, match=reason):
        decode_message(line)


def test_numbers_that_json_lacks_are_never_sent():
    with pytest.raises(ValueError, match="JSON"):
        encode_message({"fps": float("nan")})


def test_texts_of_any_alphabet_are_sent_as_ascii():
    assert json.loads(encode_message({"file": "/Überblende/映画.exr"})) == {"file": "/Überblende/映画.exr"}
    assert encode_message({"file": "映画"}).isascii()
