import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rendering.films import (
    luma,
    planes,
    read_pictures,
    same_film,
    two_scenes,
    write_film,
    write_pictures,
    write_reference,
)

from vcnode.cli import main

type Colorize = Callable[..., int]


def test_a_film_is_coloured_and_nothing_but_its_path_is_on_stdout(
    colorize: Colorize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert colorize() == 0
    told = capsys.readouterr()
    assert told.out == f"{tmp_path / 'out.mkv'}\n"
    assert "model lite on cpu in float32, working size 224, 1 frame at once, 1 reference, " in told.err
    assert "96x64 to ffv1, 8 bits, chroma 444" in told.err
    assert "6 frames in" in told.err
    for (y, cb, _), before in zip(planes(tmp_path / "out.mkv"), luma(6), strict=True):
        assert np.array_equal(y, before)
        assert cb.std() > 0.5


def test_quiet_says_the_path_alone(colorize: Colorize, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert colorize(quiet=True) == 0
    assert capsys.readouterr() == (f"{tmp_path / 'out.mkv'}\n", "")


def test_programs_get_json_lines(colorize: Colorize, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert colorize(json=True, confidence=tmp_path / "confidence.mkv") == 0
    told = capsys.readouterr()
    events = [json.loads(line) for line in told.out.splitlines()]
    assert events[0] | {"format": None} == {
        "event": "start",
        "model": "lite",
        "device": "cpu",
        "working_size": 224,
        "look_ahead": 1,
        "precision": "float32",
        "references": 1,
        "shots": 1,
        "width": 96,
        "height": 64,
        "format": None,
        "begin": 0,
        "first": 0,
        "frames": 6,
        "cuts": [],
    }
    assert all(event["event"] == "progress" for event in events[1:-1])
    result = events[-1]
    assert (result["event"], result["frames"], result["rendered"]) == ("result", 6, 6)
    assert result["output"] == str(tmp_path / "out.mkv")
    assert result["confidence_output"] == str(tmp_path / "confidence.mkv")
    assert result["seconds"] > 0
    assert result["fps"] > 0
    assert 0 < result["confidence"] <= 1
    assert isinstance(result["add_a_reference_at"], list)
    assert told.err == ""


def test_confidence_is_a_second_gray_film(colorize: Colorize, tmp_path: Path) -> None:
    assert colorize(confidence=tmp_path / "confidence.mp4") == 0
    frames = planes(tmp_path / "confidence.mp4")
    assert len(frames) == 6
    for _, cb, cr in frames:
        assert np.abs(cb.astype(int) - 128).max() <= 1
        assert np.abs(cr.astype(int) - 128).max() <= 1


def test_confidence_may_be_pictures(colorize: Colorize, tmp_path: Path) -> None:
    assert colorize(confidence=tmp_path / "c.##.png") == 0
    pictures = read_pictures(tmp_path, "c")
    assert len(pictures) == 6
    assert all((np.ptp(picture, axis=-1) == 0).all() and picture.std() > 0 for picture in pictures)


@pytest.mark.parametrize(
    ("target", "options", "expected"),
    [
        ("out.mp4", {}, "h264, 8 bits, chroma 420"),
        ("out.mov", {}, "prores, 10 bits, chroma 422"),
        ("out.mkv", {"codec": "hevc", "depth": 10}, "hevc, 10 bits, chroma 420"),
        ("out.mkv", {"chroma": "420", "depth": 16}, "ffv1, 16 bits, chroma 420"),
        ("out.####.tif", {}, "tif, 8 bits"),
    ],
)
def test_the_ending_and_the_options_choose_the_format(
    colorize: Colorize,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    target: str,
    options: dict[str, object],
    expected: str,
) -> None:
    assert colorize(output=tmp_path / target, **options) == 0
    assert expected in capsys.readouterr().err


def test_references_come_from_a_folder_and_shots_from_cuts_or_a_file(colorize: Colorize, tmp_path: Path) -> None:
    folder = tmp_path / "references"
    folder.mkdir()
    write_reference(folder / "ref_000001.png")
    write_reference(folder / "ref_000004.png", width=80)
    assert colorize(reference=None, references=folder, cuts="3", output=tmp_path / "cuts.mkv") == 0
    (folder / "shots.yaml").write_text(
        "version: 1\nshots:\n- {first: 0, last: 2, references: [{image: ref_000001.png, frame: 1}]}\n"
        "- {first: 3, references: [{image: ref_000004.png, frame: 4}]}\n"
    )
    assert colorize(reference=None, shots=folder / "shots.yaml", output=tmp_path / "file.mkv") == 0
    assert colorize(reference=f"{folder / 'ref_000001.png'}@1", output=tmp_path / "one.mkv") == 0
    assert same_film(tmp_path / "cuts.mkv", tmp_path / "file.mkv")
    assert not same_film(tmp_path / "cuts.mkv", tmp_path / "one.mkv")


def test_some_frames_are_rendered(colorize: Colorize, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for frames, count in [("2-4", 3), ("4-", 2), ("5", 1)]:
        assert colorize(frames=frames, output=tmp_path / f"{frames}.mkv") == 0
        assert len(planes(tmp_path / f"{frames}.mkv")) == count
        assert "resuming" not in capsys.readouterr().err
    assert colorize(frames="3-4", output=tmp_path / "json.mkv", json=True) == 0
    start, *_, result = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (start["begin"], start["first"], start["frames"], result["frames"]) == (3, 3, 2, 2)


def test_cuts_are_looked_for(colorize: Colorize, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = write_film(tmp_path / "cut.mkv", two_scenes(3, 3))
    assert colorize(INPUT=film, cuts="3", output=tmp_path / "given.mkv") == 0
    assert "cuts found" not in capsys.readouterr().err
    for cuts in ("auto", "auto:0.2"):
        assert colorize(INPUT=film, cuts=cuts, output=tmp_path / "found.mkv", overwrite=True) == 0
        told = capsys.readouterr().err
        assert "cuts found at 3\n" in told
        assert "in 2 shots" in told
        assert same_film(tmp_path / "given.mkv", tmp_path / "found.mkv")
    assert colorize(cuts="auto", output=tmp_path / "none.mkv") == 0
    assert "no cuts found" in capsys.readouterr().err
    assert colorize(INPUT=film, cuts="auto", output=tmp_path / "json.mkv", json=True) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert next(event for event in events if event["event"] == "start")["cuts"] == [3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"frames": "a-b"}, "'a-b' is not a range of frames such as 100-250 or 100-"),
        ({"frames": "9-12"}, "has the frames 0 to 5"),
        ({"cuts": "auto:x"}, "'auto:x' is neither auto nor auto with a number such as auto:0.3"),
        ({"cuts": "auto:2"}, "The threshold for cuts is 2.0: give a number between 0 and 1"),
        ({"cuts": "automatic"}, "'automatic' is not a list of frames such as 100,250, nor auto"),
    ],
)
def test_frames_and_cuts_that_are_none_are_refused(
    colorize: Colorize, capsys: pytest.CaptureFixture[str], options: dict[str, str], sentence: str
) -> None:
    assert colorize(**options) in (1, 2)
    assert sentence in capsys.readouterr().err


def test_settings_reach_the_picture(colorize: Colorize, tmp_path: Path) -> None:
    assert colorize(output=tmp_path / "plain.mkv") == 0
    plain = planes(tmp_path / "plain.mkv")
    for number, options in enumerate([{"saturation": 0}, {"compat": "devc"}]):
        target = tmp_path / f"{number}.mkv"
        assert colorize(output=target, **options) == 0
        other = planes(target)
        assert np.array_equal(plain[3][0], other[3][0])
        assert not np.array_equal(plain[3][1], other[3][1])
        if "saturation" in options:
            assert (other[3][1] == 128).all()


def test_colors_run_backward_and_the_display_says_so(
    colorize: Colorize, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyframe = {"reference": f"{reference}@4"}
    assert colorize(**keyframe, output=tmp_path / "forward.mkv") == 0
    capsys.readouterr()
    assert colorize(**keyframe, direction="both", output=tmp_path / "both.mkv", json=True) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["event"] for event in events[1:-1]} <= {"backward", "progress"}
    assert all(0 <= event["frame"] <= 4 for event in events if event["event"] == "backward")
    forward, both = (planes(tmp_path / name) for name in ("forward.mkv", "both.mkv"))
    changed = [not np.array_equal(one[1], other[1]) for one, other in zip(forward, both, strict=True)]
    assert changed == [True, True, True, True, False, False]


def test_a_cache_gives_the_same_pixels(colorize: Colorize, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        assert colorize(cache=tmp_path / "states", output=tmp_path / f"{number}.mkv") == 0
    assert same_film(tmp_path / "0.mkv", tmp_path / "1.mkv")
    capsys.readouterr()
    assert main(["cache", "info", "--cache", str(tmp_path / "states")]) == 0
    assert "6 states" in capsys.readouterr().out
    assert main(["cache", "clear", "--cache", str(tmp_path / "states")]) == 0
    assert "6 states removed" in capsys.readouterr().out


def test_a_picture_sequence_goes_to_a_film(colorize: Colorize, tmp_path: Path) -> None:
    source = write_pictures(tmp_path / "in", luma(3))
    assert colorize(INPUT=source, frame_rate=25) == 0
    assert len(planes(tmp_path / "out.mkv")) == 3
    assert colorize(INPUT=source.parent, output=tmp_path / "again.mkv") == 0
