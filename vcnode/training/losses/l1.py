"""How far colours are from the truth, where the truth is to be reached."""

from torch import Tensor

from vcnode.training.losses.precision import at_least_float32


def l1_loss(ab: Tensor, truth: Tensor, same_scene: Tensor, *, divided_twice: bool = False) -> Tensor:
    """The paper's `L_L1 = || x~^ab - x^ab ||_1`, for samples whose reference shows their own scene.

    With `e_b` the mean absolute difference in sample b and `s_b` its flag: `sum_b s_b e_b / sum_b s_b`, and 0 where no
    sample is flagged. The authors' form, `sum_b s_b e_b / (B (sum_b s_b + 1e-5))`, divides by the batch size as well
    (`train.py`: a mean over elements of what was already divided by the number of flags), so that the term fades as
    batches grow.

    Args:
        ab: Predicted colours `(B, 2, H, W)`, -128..127.
        truth: True colours, same shape.
        same_scene: 1 where the reference shows the frame's own scene, else 0, `(B,)`.
        divided_twice: Take the authors' form.

    Returns:
        A scalar, in ab units.
    """
    ab, truth, same_scene = map(at_least_float32, (ab, truth, same_scene))
    per_sample = (ab - truth).abs().flatten(1).mean(dim=1)
    if divided_twice:
        return (per_sample * same_scene).mean() / (same_scene.sum() + 1e-5)
    return (per_sample * same_scene).sum() / same_scene.sum().clamp(min=1)
