"""The alpha of a picture on Ref1 to Ref4, in the real Natron: it masks as that of a file does."""

import numpy as np
import pytest
from PIL import Image

from tests.hosts.nuke import plates
from tests.hosts.nuke.fake_nuke.operators import to_srgb
from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.films import FIRST

RUN = """
node = make(app, read(app, given["plate"]), None, given)
put(node, bit_depth="float", range_last=given["first"] + 1)
for path, as_file in given["references"]:
    node.disconnectInput(1)
    if not as_file:
        node.connectInput(1, read(app, path))
    put(node, ref1_file=path if as_file else "")
    node.getParam("run").trigger()
    told.setdefault("statuses", []).append(status(node))
"""


@pytest.fixture
def colored_after(natron, listening, tmp_path):
    """Gives the second frame's colours after each of these pictures, on Ref1 or as a file."""
    given = {
        "plate": films.make_plate(tmp_path),
        "first": FIRST,
        "cache": str(tmp_path / "cache"),
        "address": f"127.0.0.1:{listening['port']}",
        "token": listening["token"],
    }

    def run(*references):
        told = natron.run(tmp_path, RUN, **given, references=references)
        assert all(status.startswith("done") for status in told["statuses"]), told
        results = [f"cache/v{number:03d}/colored.{FIRST + 1}.exr" for number, _ in enumerate(references, 1)]
        return [films.rgb(films.read(tmp_path / each)) for each in results]

    return run


@pytest.fixture
def cut_out():
    return plates.cut_out()


def written(path, rgb, **others):
    films.write(path, {**{name: rgb[..., number] for number, name in enumerate("RGB")}, **others})
    return path


def test_what_is_cut_out_is_masked_as_in_a_file(colored_after, cut_out, tmp_path):
    shown = plates.colored(FIRST) * cut_out[..., None]
    path = written(tmp_path / "cut_out.exr", shown, A=cut_out)
    connected, file, black = colored_after((path, False), (path, True), (written(tmp_path / "black.exr", shown), False))
    np.testing.assert_array_equal(connected, file)
    assert np.abs(connected - black).max() > 0.01, "black would have counted as a colour"


def test_an_alpha_that_says_nothing_of_the_colours_masks_nothing(colored_after, cut_out, tmp_path):
    """None at all; black everywhere; or a matte beside which the colours show."""
    colors = plates.colored(FIRST)
    paths = [written(tmp_path / "none.exr", colors)]
    paths += [
        written(tmp_path / f"{name}.exr", colors, A=alpha) for name, alpha in (("0", 0 * cut_out), ("matte", cut_out))
    ]
    expected, *others = colored_after(*((path, False) for path in paths))
    for other in others:
        np.testing.assert_array_equal(other, expected)


def test_a_png_that_is_cut_out_counts_where_it_is_opaque(colored_after, cut_out, tmp_path):
    """Natron multiplies its colours with alpha, whatever lies beneath the hole."""
    codes = (np.clip(to_srgb(plates.colored(FIRST)), 0, 1) * 255 + 0.5).astype(np.uint8)
    alpha = (cut_out * 255).astype(np.uint8)
    paths = []
    for name, beneath in (("white", 255), ("green", (0, 200, 0))):
        pixels = np.where((cut_out == 0)[..., None], beneath, codes).astype(np.uint8)
        paths.append(tmp_path / f"{name}.png")
        Image.fromarray(np.dstack([pixels, alpha])).save(paths[-1])
    np.testing.assert_array_equal(*colored_after(*((path, False) for path in paths)))
