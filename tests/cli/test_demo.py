"""`vcnode demo`, all but its colours."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest
import torch

from vcnode.cli import demo, main
from vcnode.rendering import RenderedFrame, RenderJob
from vcnode.sequence.frame import gray_frame


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A render that leaves all frames gray."""

    def render(job: RenderJob, *, on_frame: Callable[[RenderedFrame], None], **others: object) -> SimpleNamespace:
        for number in range(100):
            on_frame(RenderedFrame(gray_frame(number, torch.full((1, 1, 36, 64), 50.0)), None))
        return SimpleNamespace(output=job.output)

    monkeypatch.setattr(demo, "render", render)


def test_it_says_where_the_film_and_the_sheet_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 0
    sheet = tmp_path / "demo" / "contact_sheet.png"
    assert capsys.readouterr().out.splitlines() == [
        f"coloured clip:  {tmp_path / 'demo' / 'dog_coloured.mp4'}",
        f"contact sheet:  {sheet}",
    ]
    assert PIL.Image.open(sheet).size == (4 * 328 + 8, 26 + 3 * (180 + 34) + 8)


def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "contact_sheet.png").mkdir()
    assert main(["demo", "--output", str(tmp_path), "--debug"]) == 1
    told = capsys.readouterr()
    assert f"cannot write {tmp_path / 'contact_sheet.png'}" in told.err
    assert "unforeseen" not in told.err
    assert told.out == ""
