"""From decoded pictures to what is trained on: motion, references and film look, all at once on the device."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from vcnode.color import rgb_to_lab
from vcnode.training.batch import Batch
from vcnode.training.data.clip import Clip
from vcnode.training.data.config import DataConfig
from vcnode.training.data.cut import Cut
from vcnode.training.data.film import in_other_light, on_film
from vcnode.training.data.pseudo_motion import pseudo_motion
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.raw import RawBatch, RawGroup
from vcnode.training.data.scenes import moving_scene
from vcnode.training.flow_visibility import visibility
from vcnode.training.optical_flow import FlowEstimator, estimate_flow

_MIRRORED = 0.5  # of references that show the same scene, as the authors


@torch.no_grad()
def augment(
    raw: RawBatch, config: DataConfig, device: torch.device | str, flow_estimator: FlowEstimator | None = None
) -> Batch:
    """Make a batch; everything drawn follows from the samples' seeds.

    Args:
        raw: Decoded samples.
        config: Settings.
        device: Where to work.
        flow_estimator: Needed where there are videos.

    Returns:
        A batch on `device`, in the samples' order.
    """
    parts = [_augment_group(group, config, torch.device(device), flow_estimator) for group in raw.groups]
    order = torch.tensor([place for group in raw.groups for place in group.places], device=device).argsort()
    return Batch(*(torch.cat(tensors)[order] for tensors in zip(*parts, strict=True)))


def _augment_group(
    group: RawGroup, config: DataConfig, device: torch.device, flow_estimator: FlowEstimator | None
) -> tuple[Tensor, ...]:
    random = SampleRandom(group.seeds, device)
    images, given = (_rgb(codes, device) for codes in (group.images, group.references))
    reference = rgb_to_lab(given)
    size = (config.frames, config.height, config.width)
    if group.kind == "video":
        assert flow_estimator is not None
        clip = _real_clip(images, [cut for cut in group.cuts if cut is not None], reference, flow_estimator)
    elif group.kind == "scenes":
        clip = moving_scene(_lab(images), random, *size)
    else:
        clip = pseudo_motion(_lab(images)[:, 0], random, *size)
    kinds = group.reference_kinds
    reference = _where(kinds, "same_scene", _mirrored_at_random(clip.other_view, random), reference)
    reference = in_other_light(reference, config.film, random)
    reference = _where(kinds, "ground_truth", _noisy(clip.truth[:, -1], config.film.reference_noise, random), reference)
    same_scene = torch.tensor([float(kind != "retrieved") for kind in kinds], device=device)
    lightness = on_film(clip.truth[:, :, :1], config.film, random)
    return lightness, clip.truth, reference, same_scene, clip.flow, clip.visible


def _real_clip(images: Tensor, cuts: Sequence[Cut], other_view: Tensor, estimator: FlowEstimator) -> Clip:
    """Parts of a video's frames with estimated motion, which is found between whole frames: it can be kept then."""
    motion = []
    for first, second in pairwise(images.unbind(1)):
        forward, backward = (
            torch.stack([cut.flow(flow) for cut, flow in zip(cuts, estimate_flow(*pair, estimator), strict=True)])
            for pair in ((first, second), (second, first))
        )
        motion.append((forward, visibility(forward, backward)))
    shown = torch.stack([cut.picture(frames) for cut, frames in zip(cuts, images, strict=True)])
    return Clip.join(_lab(shown).unbind(1), motion, other_view)


def _mirrored_at_random(lab: Tensor, random: SampleRandom) -> Tensor:
    return torch.where(random.chance(_MIRRORED, 1, 1, 1), lab.flip(-1), lab)


def _noisy(lab: Tensor, deviation: float, random: SampleRandom) -> Tensor:
    """The paper's Gaussian noise on a reference that is the frame itself, so that copying it is not enough."""
    noisy = lab + random.normal(deviation, *lab.shape[1:])
    return torch.cat((noisy[:, :1].clamp(0, 100), noisy[:, 1:].clamp(-128, 127)), dim=1)


def _where(kinds: tuple[str, ...], kind: str, then: Tensor, otherwise: Tensor) -> Tensor:
    chosen = torch.tensor([each == kind for each in kinds], device=then.device)
    return torch.where(chosen.view(-1, 1, 1, 1), then, otherwise)


def _rgb(codes: Tensor, device: torch.device) -> Tensor:
    return codes.to(device, non_blocking=True).float() / 255


def _lab(images: Tensor) -> Tensor:
    """Convert `(B, N, 3, h, w)` from RGB to Lab."""
    return rgb_to_lab(images.flatten(0, 1)).view_as(images)
