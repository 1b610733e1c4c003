"""`vcnode train`: train a network, fine-tune one on a film, index photos, or try the machinery out."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from vcnode.cli.failures import Stopped
from vcnode.cli.messages import say
from vcnode.cli.parser import Commands, UsageError, command_parser
from vcnode.cli.stopping import stop_request
from vcnode.cli.training_display import TrainingDisplay
from vcnode.counted import counted
from vcnode.errors import Cancelled, InputError
from vcnode.sequence.loading import choose_device
from vcnode.training.settings import merged, parse_change, read_settings

_SHORTCUTS = {  # option: the setting that it stands for
    "photos": "data.photos",
    "videos": "data.videos",
    "index": "data.index",
    "encoder": "encoder",
    "loss_network": "loss_network",
    "start": "start",
    "steps": "optimization.steps",
}
_TAKEN = {  # options by task; what only another one takes is refused, not ignored
    "CONFIG": f"output resume set {' '.join(_SHORTCUTS)}",
    "--finetune": "output resume set steps start encoder loss_network model clip keep_anyway",
    "index": "output set videos model",
    "--smoke": "",
}
_MODEL = "lite"
_INDEXED = ("filter", "unpaired", "neighbours")  # settings of `data` that decide what an index lists


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "train",
        "train a network, or fine-tune one on a film",
        "Trains a network by one YAML file or a preset (paper, authors, lite); `vcnode train index PHOTOS` finds "
        "similar photos for references first. A run that was stopped goes on with --resume. Several GPUs: "
        "`torchrun --nproc-per-node 4 -m vcnode train ...`.",
    )
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a YAML file, a preset, or the word index")
    parser.add_argument("index_photos", nargs="?", type=Path, metavar="PHOTOS", help="with index: folder of photos")
    parser.add_argument("-o", "--output", type=Path, help="folder of the run; a weights file with --finetune")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --output")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ... (auto)")
    parser.add_argument("--steps", type=int, metavar="N", help="of the whole run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting; may be repeated")
    material = parser.add_argument_group("material")
    material.add_argument("--photos", metavar="FOLDER", help="photos, laid out as class/photo.jpg")
    material.add_argument("--videos", metavar="FOLDER", help="clips: files, or folders of numbered frames")
    material.add_argument("--index", metavar="FILE", help="made by `vcnode train index`")
    material.add_argument("--start", metavar="MODEL", help="weights to go on from, by name or file")
    material.add_argument("--encoder", metavar="FILE", help="weights of the encoder alone")
    material.add_argument("--loss-network", metavar="FILE", help="VGG of the perceptual and contextual losses")
    film = parser.add_argument_group("one film")
    film.add_argument("--finetune", type=Path, metavar="FRAMES", help="folder of coloured frames of it, numbered")
    film.add_argument("--clip", type=Path, metavar="FILM", help="the gray film, for steadiness between the frames")
    film.add_argument("--model", metavar="NAME", help="with --finetune and index: the model (lite)")
    film.add_argument("--keep-anyway", action="store_true", help="keep what came of it even if it colours worse")
    parser.add_argument("--smoke", action="store_true", help="run every part once on made-up pictures, then stop")
    parser.add_argument("--quiet", action="store_true", help="nothing but failures and results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what was asked for.

    Raises:
        Stopped: By a signal.
        UsageError: Options that do not go together.
        VcnodeError: Whatever cannot be done.
    """
    task = _task(options)
    with stop_request() as stop:
        try:
            task(options, stop.asked)
        except (Cancelled, KeyboardInterrupt) as error:
            said = str(error) or "Stopped, as asked; --resume goes on from the last saved state, if there is one."
            raise Stopped(" ".join([said, *getattr(error, "__notes__", [])]), stop.exit_code) from error


def _task(options: argparse.Namespace) -> Any:
    from vcnode.training.distributed import process_count

    wanted = [options.smoke, options.finetune is not None, options.config is not None]
    if sum(wanted) != 1 and not (options.resume and not any(wanted)):
        raise UsageError("give one of CONFIG (a YAML file or preset), --finetune FRAMES, --smoke, or index PHOTOS.")
    if (options.config == "index") != (options.index_photos is not None):
        raise UsageError("`vcnode train index PHOTOS` takes a folder of photos, and nothing else does.")
    other = "index" if options.config == "index" else "CONFIG"
    name = "--smoke" if options.smoke else "--finetune" if options.finetune is not None else other
    for option in " ".join(_TAKEN.values()).split():
        if option not in _TAKEN[name].split() and getattr(options, option) not in (None, False, []):
            raise UsageError(f"--{option.replace('_', '-')} has no meaning for `vcnode train {name}`: leave it out.")
    if name != "CONFIG" and process_count() > 1:  # each would do it all, and write what the others write
        raise UsageError(f"`vcnode train {name}` is the work of one process: call it without torchrun.")
    return {"CONFIG": _train, "--finetune": _finetune, "index": _index, "--smoke": _smoke}[name]


def _train(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    from vcnode.training.config import load_config, saved_config
    from vcnode.training.distributed import joined_world
    from vcnode.training.run_setup import prepare_run

    if options.output is None:
        raise UsageError("give --output, a folder for the run.")
    changes = _changes(options)
    is_named = options.config is not None
    config = load_config(options.config, changes) if is_named else saved_config(options.output, changes)
    with joined_world(options.device) as (world, device):
        display = TrainingDisplay(quiet=options.quiet or world.rank > 0)
        trainer = prepare_run(config, options.output, choose_device(device), world=world, resume=options.resume)
        display.start(trainer)
        try:
            weights = trainer.run(display.step, cancelled)
        finally:
            display.close()
    if world.rank == 0:
        print(weights, flush=True)


def _finetune(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    from vcnode.training.finetune import finetune

    if options.output is None:
        raise UsageError("give --output, a weights file such as film.safetensors.")
    display = TrainingDisplay(quiet=options.quiet)
    try:
        result = finetune(
            options.finetune,
            options.output,
            model=options.model or _MODEL,
            clip=options.clip,
            device=choose_device(options.device),
            changes=_changes(options),
            resume=options.resume,
            keep_anyway=options.keep_anyway,
            on_start=display.start,
            on_step=display.step,
            cancelled=cancelled,
        )
    finally:
        display.close()
    count = len(result.kept_back)
    kept = "1 of the frames was kept back; its" if count == 1 else f"{count} of the frames were kept back; their"
    say(f"{kept} colours come to {result.before:.2f} dB ab-PSNR before and {result.after:.2f} dB after")
    if not result.is_tuned:
        say(
            f"that is no gain, so {result.weights} holds the weights of {options.model or _MODEL} as they were: give "
            "more frames, other --steps, or --keep-anyway"
        )
    elif result.after < result.before:
        say("it colours worse than before; it is kept because of --keep-anyway")
    print(result.weights, flush=True)


def _index(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    from vcnode.sequence.loading import load
    from vcnode.training.data import DataConfig, build_index
    from vcnode.training.data.filtering import VERDICTS

    output = options.output or Path(f"{options.index_photos.resolve().name}.index.safetensors")
    changes: dict[str, Any] = {}
    for text in options.set:
        changes = merged(changes, parse_change(text))
    data = changes.pop("data", {})
    settings = read_settings(DataConfig, data, "data")
    ignored = [*changes, *(f"data.{name}" for name in data if name not in _INDEXED)]
    if ignored:
        raise InputError(
            f"The setting {ignored[0]!r} has no meaning for an index: there are "
            f"{', '.join(f'data.{name}' for name in _INDEXED)}."
        )
    model = load(options.model or _MODEL, options.device)
    with tqdm(unit=" pictures", file=sys.stderr, leave=False, disable=options.quiet) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        index = build_index(
            options.index_photos,
            model,
            output,
            show,
            videos=options.videos,
            unpaired=settings.unpaired,
            neighbours=settings.neighbours,
            filter=settings.filter,
            cancelled=cancelled,
        )
    left_out = Counter(reason if reason in VERDICTS else "unreadable" for reason in index.left_out.values())
    reasons = f"; left out: {', '.join(f'{count} {reason}' for reason, count in left_out.items())}" if left_out else ""
    if not options.quiet:
        material = f"{counted(len(index.photos), 'photo')} and {counted(len(index.clips), 'clip')}"
        say(f"{material} with their most similar photos{reasons}")
    print(output, flush=True)


def _smoke(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    from vcnode.training.smoke import smoke

    with TemporaryDirectory(prefix="vcnode-smoke-") as folder:
        smoke(Path(folder), choose_device(options.device), say if not options.quiet else lambda line: None, cancelled)


def _changes(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Settings from options; those named by --set come last and win."""
    changes: list[dict[str, Any]] = []
    for option, setting in _SHORTCUTS.items():
        value = getattr(options, option)
        if value is not None:
            tree: Any = value
            for name in reversed(setting.split(".")):
                tree = {name: tree}
            changes.append(tree)
    return changes + [parse_change(text) for text in options.set]
