"""Colouring an IMAGE batch: one clip, or a piece of one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vcnode.network import Model
from vcnode.rendering.confidence import mean_confidence
from vcnode.sequence import ClipState, Settings, StateStore, colorize

from .backward import clip_at_hand, known_shots
from .images import check_images, frames_of, rgb_of
from .progress import Progress
from .references import ReferencePlan
from .states import in_main_memory

type Load = Callable[[int, int], Model]
"""Brings the network to its device, with room to colour frames of a height and a width."""


@dataclass(frozen=True)
class Coloring:
    """How to colour, everything but the frames themselves.

    Attributes:
        references: What to colour after.
        settings: The core's choices.
        scene_cut: Colours begin anew where the picture changes by more, 0..1; None: nowhere.
        states: Where the network's results are kept for other runs; None: nowhere.
    """

    references: ReferencePlan
    settings: Settings
    scene_cut: float | None = None
    states: StateStore | None = None


@dataclass(frozen=True)
class ColoredBatch:
    """A coloured piece of a clip.

    Attributes:
        images: IMAGE `(B, H, W, 3)`, float32.
        confidence: MASK `(B, H, W)`: greatest similarity with any reference, 0..1; None where it was not wanted.
        state: To go on after the last frame.
        means: Mean confidence of each coloured frame, by its number in the clip.
    """

    images: Tensor
    confidence: Tensor | None
    state: ClipState
    means: dict[int, float]


def color_batch(
    load: Load,
    images: Tensor,
    coloring: Coloring,
    *,
    state: ClipState | None = None,
    first: int = 0,
    whole: Tensor | None = None,
    more: bool = False,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    confidence: bool = True,
) -> ColoredBatch:
    """Colour a batch; the same pixels however a clip is cut into batches, if each is given the state of the one before.

    Args:
        load: See `Load`; called when everything else has been checked.
        images: IMAGE `(B, H, W, C)`: gray, RGB or RGBA, whose colours are not looked at. It is not changed.
        coloring: How.
        state: Of the batch before.
        first: Number of the first image in the clip, where there is no state.
        whole: IMAGE of the whole clip, where the images are a piece of it and all is at hand. Else colours can only
            run backward in images that are the whole clip.
        more: Whether other batches of the clip follow.
        device: Where results go.
        progress: Told of each frame; may stop the work.
        confidence: Whether it is wanted for every pixel, which takes a third of the memory of the images.

    Raises:
        InputError: Something cannot be used, or does not go with the state.
        MediaError: A reference cannot be read.
    """
    progress = progress or Progress()
    images = check_images(images, "The images")
    shots, cut_threshold, clip = coloring.references.shots, coloring.scene_cut, None
    if coloring.settings.direction != "forward":
        piece = whole is None and (more or first > 0 or state is not None)
        clip = clip_at_hand(images if whole is None else whole, piece)
        shots, cut_threshold = known_shots(coloring.references, coloring.scene_cut, clip, progress), None
    count, height, width = images.shape[:3]
    colored = torch.empty(count, height, width, 3, dtype=torch.float32, device=device)
    sure = torch.empty(count, height, width, dtype=torch.float32, device=device) if confidence else None
    means: dict[int, float] = {}
    network, finished = load(height, width), 0
    window = coloring.settings.on(network).window
    frames = colorize(
        frames_of(images),
        shots=shots,
        model=network,
        settings=coloring.settings,
        cache=coloring.states,
        state=state,
        first=None if state is not None else first,
        cut_threshold=cut_threshold,
        clip=clip,
        device=next(network.parameters()).device,
        cancelled=progress.stop_if_asked,
        on_backward=lambda number: progress.backward(finished, count, window),
    )
    for place, frame in enumerate(frames):
        finished = place + 1
        colored[place] = frame.rgb().permute(1, 2, 0)
        if sure is not None:
            sure[place] = frame.confidence[0, 0].clamp(0, 1)
        mean = mean_confidence(frame)
        if mean is not None:
            means[frame.number] = mean
        state = frame.state
        progress.frame(finished, count, partial(rgb_of, colored[place]))
    assert state is not None
    return ColoredBatch(colored, sure, in_main_memory(state), means)
