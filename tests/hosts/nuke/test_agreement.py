"""What client, node and core must say alike."""

import pytest

import vcnode
import vcnode_client
import vcnode_client.settings
from gizmo_source import panel
from vcnode.color.encodings import ENCODINGS
from vcnode.sequence import Settings
from vcnode.worker import protocol
from vcnode_client import encodings, messages
from vcnode_client.settings import DIRECTIONS, QUALITIES
from vcnode_natron.controls import OUTPUTS


def test_versions():
    assert vcnode_client.VERSION == panel.VERSION == vcnode.__version__
    assert messages.PROTOCOL == protocol.PROTOCOL
    assert messages.LONGEST == protocol.MAX_LINE


def test_encodings_and_their_luminance():
    assert encodings.LUMINANCE.keys() == ENCODINGS.keys()
    for name, weights in encodings.LUMINANCE.items():
        assert weights == pytest.approx(ENCODINGS[name].luminance_weights, abs=1e-8), name


def test_choices_on_the_panel():
    knobs = {each.name: each for each in panel.knobs()}
    assert set(knobs["quality"].choices) == QUALITIES.keys()
    for size in QUALITIES.values():
        Settings(working_size=size)
    assert knobs["direction"].choices == DIRECTIONS
    for direction in DIRECTIONS:
        Settings(direction=direction)
    assert knobs["direction"].value == vcnode_client.settings.Settings(1, 1).direction == "both"
    assert knobs["output"].choices == OUTPUTS, "nodes inside the Group go by these places"
    assert set(knobs["encoding"].choices) == {*ENCODINGS, "auto", "ocio"}
    assert (knobs["encoding"].choices[6:]) == ("srgb", "ocio"), "nodes inside the Group go by these places"
