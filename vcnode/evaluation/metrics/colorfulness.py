"""How colourful a picture looks (Hasler & Suesstrunk, "Measuring colourfulness in natural images", SPIE 2003)."""

from torch import Tensor

from vcnode.evaluation.metrics._checks import rgb_pair, rgb_picture


def colorfulness(rgb: Tensor) -> Tensor:
    """`M3 = sigma + 0.3 mu` of the paper, over the opponent planes `R - G` and `(R + G) / 2 - B` in 8-bit units.

    Sigma and mu are the lengths of the planes' standard deviations and means. The paper's scale: 0 is not colourful,
    15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly, 109 extremely colourful. (A widespread script,
    ColorMNet's among them, takes the planes' absolute values first and gives other numbers.)

    Args:
        rgb: `(B, 3, H, W)`, 0..1 or uint8.

    Returns:
        `(B,)` in float64, 0 or more; neither high nor low is better in itself.

    Raises:
        InputError: It is no RGB picture, or not finite.
    """
    red, green, blue = (255 * rgb_picture(rgb, "The picture").detach().cpu().double()).flatten(2).unbind(1)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = (red_green.var(dim=1, correction=0) + yellow_blue.var(dim=1, correction=0)).sqrt()
    mean = (red_green.mean(dim=1).square() + yellow_blue.mean(dim=1).square()).sqrt()
    return spread + 0.3 * mean


def colorfulness_difference(result: Tensor, truth: Tensor) -> Tensor:
    """Absolute difference of the two pictures' colourfulness.

    Args:
        result: RGB `(B, 3, H, W)`, 0..1 or uint8.
        truth: Likewise, of the same shape.

    Returns:
        `(B,)` in float64, 0 or more, lower is better.

    Raises:
        InputError: The pictures are of different shape, not RGB, or not finite.
    """
    first, second = rgb_pair(result, truth)
    return (colorfulness(first) - colorfulness(second)).abs()
