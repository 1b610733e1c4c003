"""What the editor shows of the nodes, and what saved workflows rely on."""

import inspect
import re

import pytest

from tests.hosts.comfyui.conftest import PACK

IDS = (
    "VCNode_LoadModel",
    "VCNode_Reference",
    "VCNode_ReferencesAt",
    "VCNode_LoadShots",
    "VCNode_Colorize",
    "VCNode_ColorizeVideo",
    "VCNode_SaveState",
    "VCNode_LoadState",
    "VCNode_PickKeyframes",
)


def test_exactly_these_nodes(pack):
    assert sorted(pack.nodes) == sorted(IDS)


@pytest.fixture(params=IDS)
def node(request, pack):
    return pack.nodes[request.param]


@pytest.fixture
def schema(node):
    return node.GET_SCHEMA()


def test_names(schema):
    assert schema.display_name
    assert not schema.display_name.startswith("VCNode")
    assert schema.category.split("/")[0] == "vcnode"
    assert schema.description.strip().endswith(".")


def test_everything_has_a_tooltip(schema):
    for one in (*schema.inputs, *schema.outputs):
        assert one.tooltip, one.id
        assert len(one.tooltip) > 15, one.id


def test_outputs_have_names(schema):
    assert all(re.fullmatch(r"[a-z][a-z_]*", one.display_name or "") for one in schema.outputs)


def test_types_of_our_own_are_prefixed(schema):
    core = {"IMAGE", "MASK", "VIDEO", "AUDIO", "INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "VHS_BatchManager"}
    for one in (*schema.inputs, *schema.outputs):
        assert all(kind in core or kind.startswith("VCNODE_") for kind in one.io_type.split(",")), one.id


def test_widgets_have_defaults_that_are_allowed(schema):
    for one in schema.inputs:
        if one.io_type in ("INT", "FLOAT"):
            assert one.min <= one.default <= one.max, one.id
            assert one.step is not None, one.id
        elif one.io_type == "COMBO":
            assert isinstance(one.options, list), one.id
            assert one.default is None or one.default in one.options, one.id
        elif one.is_widget:
            assert one.default is not None, one.id


def test_execute_takes_exactly_the_inputs(node, schema):
    parameters = inspect.signature(node.execute).parameters
    assert set(parameters) == {one.id for one in schema.inputs}
    for one in schema.inputs:
        default = parameters[one.id].default
        if one.optional:
            assert default is not inspect.Parameter.empty, f"{one.id} may be left out, so execute needs a default"
            assert not one.is_widget or default == one.default, one.id


def test_checks_of_our_own_do_not_switch_off_the_hosts(node, schema):
    """ComfyUI leaves the limits of every input that `validate_inputs` names to it."""
    check = getattr(node, "validate_inputs", None)
    limited = {one.id for one in schema.inputs if getattr(one, "min", None) is not None}
    assert check is None or not limited & set(inspect.signature(check).parameters)


def test_fingerprint_takes_inputs_that_exist(node, schema):
    fingerprint = getattr(node, "fingerprint_inputs", None)
    if fingerprint is not None:
        parameters = inspect.signature(fingerprint).parameters.values()
        named = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
        assert named <= {one.id for one in schema.inputs}


def test_a_file_that_another_node_names_is_read_each_time(node, schema):
    """Values of links are None when ComfyUI asks; equal answers, or one NaN twice, would mean that nothing changed."""
    fingerprint = getattr(node, "fingerprint_inputs", None)
    if fingerprint is not None:
        one, other = (fingerprint(**dict.fromkeys(one.id for one in schema.inputs)) for _ in range(2))
        assert (one,) != (other,)


def test_help_page_explains_every_input_and_output(schema):
    page = PACK / "web" / "docs" / f"{schema.node_id}.md"
    text = page.read_text(encoding="utf-8")
    missing = [one.id for one in schema.inputs if f"`{one.id}`" not in text]
    missing += [one.display_name for one in schema.outputs if f"`{one.display_name}`" not in text]
    assert not missing


def test_no_help_page_without_a_node():
    assert {page.stem for page in (PACK / "web" / "docs").glob("*.md")} == set(IDS)
