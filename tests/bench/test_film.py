import pytest
import torch

from vcnode.bench.film import read_film, write_colored, write_film


@pytest.mark.parametrize(("width", "height"), [(66, 64), (67, 64), (66, 65), (67, 65)])
def test_films_of_even_and_odd_sizes_are_written_read_and_painted(tmp_path, width, height):
    gray = write_film(tmp_path / "gray.mp4", width, height, 3)
    write_colored(tmp_path / "colored.mp4", gray, [torch.full((1, 2, height, width), 20.0)] * 3)
    for path in (gray, tmp_path / "colored.mp4"):
        assert [tuple(luma.shape) for luma in read_film(path)] == [(1, height, width)] * 3
