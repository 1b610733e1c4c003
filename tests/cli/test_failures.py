"""Whatever is wrong is told in one sentence, and nothing is lost or left behind."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from rendering.films import luma, planes, write_film, write_pictures

from vcnode.cli import main
from vcnode.network import Model

type Colorize = Callable[..., int]
type Told = pytest.CaptureFixture[str]


def refused(capsys: Told, code: int, expected: int, pattern: str) -> None:
    told = capsys.readouterr()
    assert re.search(pattern, told.err), told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert code == expected


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(0).bytes(count)


INPUTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "no.mkv", "no.mkv: the file or its folder does not exist"),
    "empty": (lambda folder: write(folder / "no.mkv", b""), "no.mkv: the file is empty"),
    "not a film": (lambda folder: write(folder / "no.mp4", random_bytes(9999)), "no.mp4: it is not a video"),
    "no picture": (lambda folder: folder / "no.png", r"there is no .*no.png; give a folder of pictures or a pattern"),
    "asterisk": (lambda folder: folder / "no.*.png", r"a pattern such as no\.####\.png"),
    "one picture": (lambda folder: folder / "reference.png", "reference.png is a single picture"),
    "no frames": (lambda folder: _film_without_frames(folder / "no.mp4"), "not one frame .* can be decoded"),
    "empty folder": (lambda folder: _folder(folder / "no"), "no holds no numbered pictures"),
    "no pictures": (lambda folder: folder / "no.####.png", "no file is called like"),
}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _film_without_frames(path: Path) -> Path:
    """An MP4 whose header is whole and whose pictures are zeros."""
    content = write_film(path, luma(1), "yuv420p", codec="libx264").read_bytes()
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    return write(path, content[:begin] + bytes(end - begin) + content[end:])


@pytest.mark.parametrize("name", INPUTS)
def test_input(colorize: Colorize, tmp_path: Path, capsys: Told, reference: Path, name: str) -> None:
    make, pattern = INPUTS[name]
    refused(capsys, colorize(INPUT=make(tmp_path)), 1, pattern)
    assert not (tmp_path / "out.mkv").exists()


REFERENCES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda folder: folder / "no.png", "no.png' does not exist"),
    "not a picture": (lambda folder: write(folder / "no.png", random_bytes(999)), "no.png: .*not a picture"),
    "gray": (lambda folder: _gray(folder / "gray.png"), "gray.png is gray: give an image in colour"),
    "outside the clip": (lambda folder: f"{folder / 'reference.png'}@6", "for frame 6, but .* has the frames 0 to 5"),
}


def _gray(path: Path) -> Path:
    PIL.Image.fromarray(luma(1)[0]).save(path)
    return path


@pytest.mark.parametrize("name", REFERENCES)
def test_reference(colorize: Colorize, tmp_path: Path, capsys: Told, name: str) -> None:
    make, pattern = REFERENCES[name]
    refused(capsys, colorize(reference=make(tmp_path)), 1, pattern)
    assert not list(tmp_path.glob("*out*")) + list(tmp_path.glob(".out*"))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("version: 1\nshots:\n- {first: 0, referenzes: [reference.png]}\n", "line 3: unknown field 'referenzes'"),
        ("version: 1\nshots: [\n", "line 3 is not valid YAML"),
        ("version: 1\nshots:\n- {first: 0, last: 99, references: [reference.png]}\n", "reaches beyond the clip"),
        ("version: 1\nshots:\n- {first: 0, references: [no.png]}\n", "line 3: there is no file .*no.png"),
    ],
)
def test_shots_file(colorize: Colorize, tmp_path: Path, capsys: Told, text: str, pattern: str) -> None:
    path = write(tmp_path / "shots.yaml", text)
    refused(capsys, colorize(reference=None, shots=path), 1, pattern)


def test_gray_reference_of_a_later_shot_is_found_before_work_begins(
    colorize: Colorize, tmp_path: Path, capsys: Told
) -> None:
    _gray(tmp_path / "gray.png")
    text = (
        "version: 1\nshots:\n- {first: 0, last: 2, references: [reference.png]}\n- {first: 3, references: [gray.png]}"
    )
    refused(capsys, colorize(reference=None, shots=write(tmp_path / "shots.yaml", text)), 1, "gray.png is gray")
    assert not list(tmp_path.glob(".out*"))


def test_unknown_model(colorize: Colorize, capsys: Told) -> None:
    refused(capsys, colorize(model="lit"), 1, r"no model 'lit' \(did you mean 'lite'\?\)")


def test_damaged_weights(colorize: Colorize, weights: Path, tmp_path: Path, capsys: Told) -> None:
    damaged = write(tmp_path / "damaged.safetensors", weights.read_bytes()[:-1000])
    refused(capsys, colorize(model=damaged), 1, "damaged.safetensors is not a readable safetensors file")


def test_target_that_exists(colorize: Colorize, tmp_path: Path, capsys: Told) -> None:
    target = write(tmp_path / "out.mkv", "precious")
    refused(capsys, colorize(), 1, "out.mkv exists already; choose another name or allow overwriting")
    assert target.read_bytes() == b"precious"
    assert colorize(overwrite=True) == 0
    assert len(planes(target)) == 6


def test_target_that_another_program_keeps_open_on_windows(
    colorize: Colorize, tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, replace = write(tmp_path / "out.mkv", "precious"), os.replace

    def refuse(source: Path, place: Path) -> None:
        if Path(place) == target:
            error = PermissionError(13, "Permission denied")
            error.winerror = 32  # type: ignore[misc,unused-ignore]
            raise error
        replace(source, place)

    monkeypatch.setattr(os, "replace", refuse)
    refused(capsys, colorize(overwrite=True), 1, "out.mkv: another program has it open")
    assert target.read_bytes() == b"precious"
    monkeypatch.undo()
    assert colorize(overwrite=True) == 0
    assert len(planes(target)) == 6


def test_target_that_is_an_input(colorize: Colorize, film: Path, reference: Path, tmp_path: Path, capsys: Told) -> None:
    before = film.read_bytes()
    same = film.parent / "." / film.name
    refused(capsys, colorize(output=same, overwrite=True), 1, "is the input .*inputs are never replaced")
    refused(capsys, colorize(confidence=film, overwrite=True), 1, "is the input")
    refused(capsys, colorize(output=tmp_path / "o.mkv", confidence=tmp_path / "o.mkv"), 1, "give two names")
    assert film.read_bytes() == before
    pictures = write_pictures(tmp_path / "in", luma(2))
    refused(capsys, colorize(INPUT=pictures.parent, output=pictures, overwrite=True), 1, "would replace the pictures")


def test_pictures_of_a_name_that_differs_in_case_alone(colorize: Colorize, tmp_path: Path, capsys: Told) -> None:
    pictures = write_pictures(tmp_path / "in", luma(2))
    same = pictures.with_name(pictures.name.upper())
    first = next(pictures.parent.iterdir())
    if not first.with_name(first.name.upper()).exists():  # as on Windows and on Macs: one file, both names
        for file in list(pictures.parent.iterdir()):
            os.link(file, file.with_name(file.name.upper()))
    refused(capsys, colorize(INPUT=pictures, output=same, overwrite=True), 1, "would replace the pictures")


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({"output": "no/out.mkv"}, "cannot write .*out.mkv: the file or its folder does not exist"),
        ({"output": "."}, r"cannot write .*: it is a folder; name the file in it, such as .*film\.mkv"),
        ({"output": "out.gif"}, "neither a video .* nor an image sequence"),
        ({"output": "out.mp4", "codec": "prores"}, "prores is written to .mov or .mkv"),
        ({"output": "out.mp4", "depth": 12}, "h264 cannot hold 12-bit codes"),
        ({"quality": 20}, "quality is 20"),
        ({"output": "out.##.png", "codec": "h264"}, "codec h264 is for videos"),
        ({"size": 10}, "working size is 10 pixels"),
        ({"saturation": 9}, "saturation is 9"),
        ({"look_ahead": 0}, "look-ahead is 0 frames"),
        ({"device": "abacus"}, "device 'abacus' is not known"),
        ({"cache": "reference.png"}, "cache folder .* cannot be used"),
    ],
)
def test_options(colorize: Colorize, tmp_path: Path, capsys: Told, options: dict[str, Any], pattern: str) -> None:
    for name in ("output", "cache"):
        if name in options:
            options = options | {name: tmp_path / options[name]}
    refused(capsys, colorize(**options), 1, pattern)
    assert not list(tmp_path.glob("*out*")) + list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("place", [".", Path.cwd().anchor])
def test_an_output_without_a_name(colorize: Colorize, capsys: Told, place: str) -> None:
    refused(capsys, colorize(output=place), 1, "it is a folder; name the file in it")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there(colorize: Colorize, capsys: Told) -> None:
    refused(capsys, colorize(device="cuda"), 1, "CUDA was asked for but no CUDA GPU can be used")


def test_size_that_changes_inside(colorize: Colorize, tmp_path: Path, capsys: Told) -> None:
    source = write_pictures(tmp_path / "in", [*luma(4), luma(1, width=80)[0]])
    refused(capsys, colorize(INPUT=source), 1, "is 80x64 .*, but the first is 96x64 .* frames finished so far are in")
    assert len(planes(tmp_path / "out.partial.mkv")) == 4


def test_pixels_that_are_not_numbers(colorize: Colorize, tmp_path: Path, capsys: Told) -> None:
    openexr = pytest.importorskip("OpenEXR")
    (tmp_path / "in").mkdir()
    picture = np.full((64, 96, 3), 0.5, np.float32)
    picture[3, 4, 1] = np.nan
    header = {"compression": openexr.ZIP_COMPRESSION, "type": openexr.scanlineimage}
    with openexr.File(header, {"RGB": picture}) as file:
        file.write(str(tmp_path / "in" / "in.0001.exr"))
    refused(capsys, colorize(INPUT=tmp_path / "in"), 1, "has 1 pixels that are NaN or infinite")


def test_out_of_memory_names_a_size(
    colorize: Colorize, tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*arguments: object, **options: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8000000000 bytes.")

    source = write_film(tmp_path / "large.mkv", luma(1, height=160, width=200))
    monkeypatch.setattr(Model, "prepare", too_much)
    refused(capsys, colorize(INPUT=source), 1, "ran out of memory when 7629 MiB .* working size 160: --size 96 should")


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        (["colorize", "a.mkv", "-o", "b.mkv"], "give --reference or --references, or else --shots"),
        (["colorize", "a.mkv", "-o", "b.mkv", "--reference", "a.png", "--shots", "s.yaml"], "or else --shots"),
        (["colorize", "a.mkv", "-o", "b.mkv", "--shots", "s.yaml", "--cuts", "3"], "--cuts go with references"),
        (["colorize", "a.mkv"], "required: -o/--output"),
        (["colorize", "a.mkv", "-o", "b.mkv", "--cuts", "x"], "'x' is not a list of frames"),
        (["colorize", "a.mkv", "-o", "b.mkv", "--sise", "3"], "unrecognized arguments: --sise"),
        (["colourize"], "invalid choice: 'colourize'"),
        ([], "COMMAND"),
    ],
)
def test_usage(capsys: Told, line: list[str], pattern: str) -> None:
    refused(capsys, main(line), 2, pattern)


def test_programs_get_failures_as_json(colorize: Colorize, tmp_path: Path, capsys: Told) -> None:
    assert colorize(INPUT=tmp_path / "no.mkv", json=True) == 1
    told = capsys.readouterr()
    assert "no.mkv" in json.loads(told.out)["error"]
    assert told.err == ""
    assert main(["colorize", "--json"]) == 2
    assert "required" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("line", [["evaluate", "--json", "figures.json"], ["train", "lite", "--json"]])
def test_json_that_is_no_flag_of_the_command_leaves_usage_errors_to_people(capsys: Told, line: list[str]) -> None:
    refused(capsys, main(line), 2, "arguments")


def test_an_unforeseen_failure_is_one_sentence_and_a_report(
    colorize: Colorize, tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("seven by\nnothing")

    monkeypatch.setattr("platformdirs.user_log_dir", lambda *names, **options: str(tmp_path / "logs"))
    monkeypatch.setattr(Model, "prepare", broken)
    refused(capsys, colorize(), 1, r"unforeseen failure .*\(ZeroDivisionError: seven by nothing\).*failure-.*\.log")
    (report,) = (tmp_path / "logs").iterdir()
    assert "in broken" in report.read_text("utf-8")
    colorize(debug=True)
    assert "Traceback" in capsys.readouterr().err
