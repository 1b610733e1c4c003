from pathlib import Path
from typing import Any

import pytest

from rendering.films import luma, write_film, write_reference
from vcnode.rendering import RenderJob
from vcnode.sequence import Reference


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_reference(tmp_path / "reference.png")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten gray frames."""
    return write_film(tmp_path / "film.mkv", luma(10))


@pytest.fixture
def job(tmp_path: Path, film: Path, reference: Path, tiny_model: Any) -> RenderJob:
    """The film to be coloured without loss, on the CPU."""
    return RenderJob(film, tmp_path / "out.mkv", (Reference(reference),), model=tiny_model, segment_frames=4)
