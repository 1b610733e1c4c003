"""The alpha of a picture on Ref1 to Ref4, in Nuke: it masks as that of a file does."""

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node
from tests.hosts.nuke.fake_nuke import Picture, read_exr, write_exr
from tests.hosts.nuke.test_bake import shown


@pytest.fixture
def node(terminal, listening):
    node = attach_to(plate_and_node(terminal), listening)
    node["bit_depth"].setValue("float")
    return node


@pytest.fixture
def cut_out():
    return plates.cut_out()


def coloured_after(node, picture):
    """The result with a picture on Ref1."""
    node._session.pictures[node.input(1)] = lambda frame, view: picture
    node["run"].execute()
    return shown(node).rgb


def test_what_is_cut_out_is_masked_as_in_a_file(node, tmp_path, cut_out):
    picture = Picture.of_rgb(plates.colored(1001) * cut_out[..., None], **{"rgba.alpha": cut_out})
    connected = coloured_after(node, picture)
    write_exr(str(tmp_path / "cut_out.exr"), picture, picture.channels, half=False)
    node["ref1_file"].setValue((tmp_path / "cut_out.exr").as_posix())
    node["run"].execute()
    np.testing.assert_array_equal(connected, shown(node).rgb)
    node["ref1_file"].setValue("")
    without_alpha = coloured_after(node, Picture.of_rgb(picture.rgb))
    assert np.abs(connected - without_alpha).max() > 0.01, "black would have counted as a colour"


def test_an_alpha_that_says_nothing_of_the_colours_masks_nothing(node, cut_out):
    """Black everywhere, as in a stream without alpha; or a matte beside which the colours show."""
    colors = plates.colored(1001)
    expected = coloured_after(node, Picture.of_rgb(colors))
    for alpha in (0 * cut_out, cut_out, 1 + 0 * cut_out):
        np.testing.assert_array_equal(coloured_after(node, Picture.of_rgb(colors, **{"rgba.alpha": alpha})), expected)


def test_the_plate_is_written_without_its_alpha(node, terminal):
    node["keep_input"].setValue(True)
    node["run"].execute()
    assert "rgba.alpha" not in read_exr(terminal.written[0].replace("v001.tmp", "v001")).channels
