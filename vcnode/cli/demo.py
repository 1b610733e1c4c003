"""`vcnode demo`: the sample clip, coloured with the embedded model."""

import argparse
import sys
from importlib import resources
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vcnode.cli.parser import Commands, command_parser
from vcnode.errors import MediaError
from vcnode.media import probe, read_image, write_png
from vcnode.rendering import RenderedFrame, RenderJob, render
from vcnode.rendering.contact_sheet import Row, contact_sheet
from vcnode.sequence import Reference

_ROWS = 3  # frames on the sheet


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(commands, "demo", "colour the sample clip with the embedded model")
    parser.add_argument("--output", type=Path, default=Path("demo"), metavar="FOLDER", help="default: ./demo")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default: auto)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Colour the sample and draw its contact sheet.

    Raises:
        MediaError: The folder or the files cannot be written.
        DeviceError: The device is not there.
    """
    folder: Path = options.output
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"The folder {folder} cannot be made ({error.strerror}): give another --output.") from error
    with resources.as_file(resources.files("vcnode") / "sample") as sample:
        clip, picture = sample / "dog_gray.mp4", sample / "dog_reference.jpg"
        total = probe(clip).frame_count or 0
        shown = {round(number) for number in np.linspace(0, total - 1, _ROWS)}
        reference = read_image(picture).rgb
        rows: list[Row] = []
        job = RenderJob(
            clip,
            folder / "dog_coloured.mp4",
            (Reference(picture),),
            device=options.device,
            overwrite=True,
            resume=False,
        )
        with tqdm(total=total, unit="frame", desc="colouring", file=sys.stderr) as bar:

            def on_frame(rendered: RenderedFrame) -> None:
                bar.update()
                if rendered.colored.number in shown:
                    rows.append(Row(rendered.colored.to("cpu"), reference))

            result = render(
                job, on_start=lambda start: bar.set_postfix_str(f"{start.model} on {start.device}"), on_frame=on_frame
            )
    sheet = folder / "contact_sheet.png"
    write_png(sheet, np.asarray(contact_sheet(rows)))
    print(f"coloured clip:  {result.output.resolve()}")
    print(f"contact sheet:  {sheet.resolve()}")
