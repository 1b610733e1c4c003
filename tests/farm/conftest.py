from pathlib import Path

import pytest
from rendering.films import luma, write_pictures, write_reference

from vcnode.farm import FarmJob

FIRST = 1001
SHOTS = """\
version: 1
shots:
  - {first: 1, last: 2, references: [r.png]}
  - {first: 4, references: [{image: r.png, frame: 5, weight: 0.5}]}
"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A folder with seven frames, a reference and a plan of two shots with frames around them."""
    write_pictures(tmp_path / "in", luma(7), first=FIRST)
    write_reference(tmp_path / "r.png")
    (tmp_path / "shots.yaml").write_text(SHOTS)
    return tmp_path


@pytest.fixture
def job(film: Path) -> FarmJob:
    return FarmJob(film / "shots.yaml", film / "in" / "in.####.png", film / "out" / "out.####.png", device="cpu")
