from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import MediaError
from vcnode.rendering.fingerprint import sampled_digest


@given(size=st.integers(1, 200_000), place=st.floats(0, 1, exclude_max=True))
def test_every_byte_of_a_small_file_counts(tmp_path_factory: pytest.TempPathFactory, size: int, place: float) -> None:
    path = tmp_path_factory.mktemp("files") / "film"
    content = bytearray(size)
    path.write_bytes(content)
    before = sampled_digest(path)
    content[int(place * size)] = 1
    path.write_bytes(content)
    assert sampled_digest(path) != before


def test_of_a_large_file_the_size_its_ends_and_samples_count(tmp_path: Path) -> None:
    path = tmp_path / "film"
    digests = set()
    for change in (None, 0, 20_000_000 - 1, "longer"):
        content = bytearray(20_000_000)
        if isinstance(change, int):
            content[change] = 1
        path.write_bytes(content + b"\0" * (change == "longer"))
        digests.add(sampled_digest(path))
    assert len(digests) == 4


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="film cannot be read"):
        sampled_digest(tmp_path / "film")
