"""ComfyUI's IMAGE and MASK tensors."""

from collections.abc import Iterator

from torch import Tensor

from vcnode.errors import InputError

_CHANNELS = (1, 3, 4)


def check_images(images: Tensor, what: str) -> Tensor:
    """Return an IMAGE batch `(B, H, W, C)` if it is one: gray, RGB or RGBA, of any float type.

    Args:
        images: From a socket.
        what: They are, for messages.

    Raises:
        InputError: It is empty or has another shape.
    """
    if images.ndim != 4 or images.shape[-1] not in _CHANNELS or not images.is_floating_point():
        raise InputError(
            f"{what} have the shape {tuple(images.shape)} and the type {images.dtype}: give an IMAGE batch "
            "(frames, height, width, channels) of floats with 1, 3 or 4 channels."
        )
    if images.numel() == 0:
        raise InputError(f"{what} are empty (shape {tuple(images.shape)}): give one frame or more.")
    return images


def frames_of(images: Tensor) -> Iterator[Tensor]:
    """Take a batch's frames as `(3, H, W)` or `(1, H, W)`, without copying; alpha is left out."""
    return (rgb_of(image) for image in images)


def rgb_of(image: Tensor) -> Tensor:
    """Take an image `(H, W, C)` as `(3, H, W)` or `(1, H, W)`, without copying; alpha is left out."""
    return image[..., :3].movedim(-1, 0)


def masks_of(masks: Tensor | None, count: int) -> list[Tensor | None]:
    """Find the mask `(H, W)` of each image of a batch; None where it has none.

    Args:
        masks: MASK batch `(B, H, W)`, or one mask for all. ComfyUI's loaders give 64x64 zeros for "no mask".
        count: Images in the batch.

    Raises:
        InputError: There are masks for another number of images, or one is black everywhere.
    """
    if masks is None:
        return [None] * count
    if masks.ndim == 2:
        masks = masks[None]
    if masks.ndim != 3 or len(masks) not in (1, count):
        raise InputError(
            f"The mask has the shape {tuple(masks.shape)} for {count} images: give one mask, or one for each image."
        )
    found = [_mask_or_none(mask) for mask in masks]
    return found * count if len(found) == 1 else found


def _mask_or_none(mask: Tensor) -> Tensor | None:
    if bool(mask.any()):
        return mask
    if tuple(mask.shape) == (64, 64):
        return None
    raise InputError("The mask is black everywhere: make white what may be used of the reference, or give no mask.")
