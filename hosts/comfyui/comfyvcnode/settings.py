"""From widgets to the core's settings."""

from typing import cast

from torch import Tensor

from vcnode.color import Enlarging
from vcnode.errors import InputError
from vcnode.sequence import Direction, Settings

from .coloring import Coloring
from .models import ColorModel
from .references import ReferencePlan, reference_plan


def coloring(
    model: ColorModel,
    references: ReferencePlan | Tensor,
    working_size: int,
    saturation: float,
    scene_cut: float,
    look_ahead: int,
    upsampling: str,
    direction: str,
) -> Coloring:
    """Understand what is connected to a colouring node, and its widgets.

    Raises:
        InputError: A value is out of range, or a reference cannot be used.
    """
    if not 0 <= scene_cut < 1:
        raise InputError(f"scene_cut is {scene_cut}: give 0 for off, or a number below 1, such as 0.4.")
    settings = Settings(
        working_size=working_size or None,
        look_ahead=look_ahead or None,
        saturation=saturation,
        upsampling=cast(Enlarging, upsampling),  # checked there
        precision=model.precision,
        direction=cast(Direction, direction),  # checked there
    )
    return Coloring(reference_plan(references), settings, scene_cut or None, model.states)
