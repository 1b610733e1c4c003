"""Colours a folder of pictures: the program that others are compared with, run as `python -m vcnode.bench.program`."""

import argparse
from pathlib import Path

from vcnode.bench.models import model_to_time
from vcnode.rendering import RenderJob, render
from vcnode.sequence import Reference, Settings


def main() -> None:
    """Read `FRAMES/00000.png` and so on, and write pictures of the same names.

    Raises:
        VcnodeError: Whatever cannot be done.
    """
    parser = argparse.ArgumentParser(description="Colours a folder of pictures.")
    for name in ("frames", "reference", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--look-ahead", type=int, required=True)
    options = parser.parse_args()
    model, _ = model_to_time(options.model, options.device)
    render(
        RenderJob(
            source=options.frames,
            output=options.output / "#####.png",
            references=(Reference(options.reference),),
            model=model,
            settings=Settings(options.size, options.look_ahead, precision=options.precision),
        )
    )


if __name__ == "__main__":
    main()
