"""What schemas are written with: our socket types, inputs that nodes share, and keywords of newer ComfyUI versions."""

import inspect
from collections.abc import Callable
from typing import Any

from comfy_api.latest import io

from ..choices import DIRECTIONS, UPSAMPLINGS

CATEGORY = "vcnode"

Model = io.Custom("VCNODE_MODEL")
References = io.Custom("VCNODE_REFS")
Frames = io.Custom("VCNODE_FRAMES")
State = io.Custom("VCNODE_STATE")
MetaBatch = io.Custom("VHS_BatchManager")

_NEWER = frozenset({"advanced", "search_aliases"})
_LARGEST = 2**31 - 1


def fitting(make: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Call `make` without those keywords that only newer versions of ComfyUI know."""
    known = inspect.signature(make).parameters
    return make(*given, **{name: value for name, value in options.items() if name in known or name not in _NEWER})


def schema(node_id: str, display_name: str, description: str, **options: Any) -> Any:
    """A node's schema."""
    return fitting(
        io.Schema,
        node_id=node_id,
        display_name=display_name,
        category=CATEGORY,
        description=description,
        **options,
    )


def model_input() -> Any:
    """The network that colours."""
    return Model.Input("model", tooltip="The colorization model, from Load Colorization Model.")


def references_input() -> Any:
    """Pictures, plainly or with all that is known about them."""
    return io.MultiType.Input(
        "references",
        types=[References, io.Image],
        tooltip="What to color after: images, plainly connected (a batch gives several), or Color Reference nodes, "
        "which also say which frame a reference shows, its weight and its mask.",
    )


def setting_inputs(first_frame: str) -> list[Any]:
    """The choices that both colouring nodes offer, in the order in which workflows store them.

    Args:
        first_frame: Tooltip of start_frame.
    """
    return [
        io.Int.Input(
            "working_size",
            default=0,
            min=0,
            max=2160,
            step=8,
            tooltip="Short side in pixels at which the network works, 64 or more; 0 is the model's own. Larger finds "
            "smaller things and takes more time and memory. The picture itself always keeps its full size.",
        ),
        io.Float.Input(
            "saturation",
            default=1.0,
            min=0.0,
            max=4.0,
            step=0.05,
            tooltip="Factor on the finished colors: 1 leaves them as they are, 0 is gray. A clip of some hundred "
            "frames that was colored before is not sent through the network again for it.",
        ),
        io.Float.Input(
            "scene_cut",
            default=0.0,
            min=0.0,
            max=0.95,
            step=0.05,
            tooltip="Start colors afresh where the picture changes by more than this, so that they do not run on "
            "across a cut: 0.4 suits most films, 0 is off. Leave it off where references or shots say themselves "
            "where scenes begin.",
        ),
        io.Int.Input("start_frame", default=0, min=0, max=_LARGEST, step=1, tooltip=first_frame),
        fitting(
            io.Int.Input,
            "look_ahead",
            default=0,
            min=0,
            max=64,
            step=1,
            advanced=True,
            tooltip="Frames prepared together as one batch: 0 takes 4 on a GPU and 1 on the CPU. More can be faster "
            "on a GPU and takes more memory; colors stay the same up to rounding.",
        ),
        fitting(
            io.Combo.Input,
            "upsampling",
            options=list(UPSAMPLINGS),
            default=UPSAMPLINGS[0],
            advanced=True,
            tooltip="How colors are brought to full size. adaptive keeps the detail of colors that are known and "
            "holds doubtful ones to the edges of the picture, bilateral does the latter with all, bicubic the former; "
            "guided also cleans noisy color, bilinear is fast and bleeds a little.",
        ),
    ]


def direction_input(remark: str = "") -> Any:
    """Which way colors run. The last input, and optional: workflows that were saved before it was there lack it.

    Args:
        remark: What else the node's tooltip says.
    """
    return fitting(
        io.Combo.Input,
        "direction",
        options=list(DIRECTIONS),
        default=DIRECTIONS[0],
        optional=True,
        advanced=True,
        tooltip="Colors run forward from each reference that has a frame, or backward to the frames before it; both "
        "blends the two between one such reference and the next, and colors what lies before the first from there. "
        f"Leave it at forward where no reference has a frame: the others take up to twice the time. {remark}".strip(),
    )


def state_input() -> Any:
    """Where an earlier run ended."""
    return State.Input(
        "state",
        optional=True,
        tooltip="Where an earlier run ended. The frames then follow those of that run, with the same pixels as if all "
        "had been colored at once. Keep model, references and settings; saturation, upsampling and scene_cut are no "
        "part of the state, so that the node cannot say where they differ.",
    )


def state_output() -> Any:
    """Where this run ended."""
    return State.Output(
        "state_after",
        display_name="state",
        tooltip="Where this run ended: connect it to the node that colors the next frames, or save it.",
    )
