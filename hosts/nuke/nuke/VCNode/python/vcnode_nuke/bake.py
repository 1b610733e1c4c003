"""Colouring without a user: one job of a farm, which cannot be split into frames."""

from __future__ import annotations

import argparse
from typing import Any

import nuke
from vcnode_client.frames import parse_range
from vcnode_client.patterns import forward_slashes
from vcnode_client.problems import Cancelled, ClientError
from vcnode_nuke.nodes import controller_of


def main(arguments: list[str] | None = None) -> int:
    """Open a script, colour one node, and say where the result is; gives the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        nuke.scriptOpen(forward_slashes(chosen.script))
        node = _node(chosen.node)
        if chosen.range:
            first, last = parse_range(chosen.range)
            node["range_first"].setValue(first)
            node["range_last"].setValue(last)
        if chosen.python:
            node["python"].setValue(forward_slashes(chosen.python))
        controller = controller_of(node)
        controller.colorize()
        nuke.tprint(f"{chosen.node}: result {node.node('Result')['file'].value()}")
        if chosen.save_as:
            nuke.scriptSaveAs(forward_slashes(chosen.save_as), overwrite=True)
            nuke.tprint(f"{chosen.node}: saved as {chosen.save_as}")
    except (ClientError, Cancelled, RuntimeError) as error:
        nuke.tprint(f"{chosen.node}: failed: {error}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nuke -t vcnode_bake.py",
        description="Colour the range of a VCNode. Write --range=1001-1120 with its =: Nuke takes a bare range at the "
        "end of the line for itself.",
    )
    parser.add_argument("--script", required=True, help="the Nuke script")
    parser.add_argument("--node", required=True, help="the node's full name, such as VCNode1 or Group1.VCNode1")
    parser.add_argument("--range", help="frames to colour, such as 1001-1120; the node's own where it is left out")
    parser.add_argument("--python", help="the worker's Python; the node's own, or VCNODE_PYTHON, where it is left out")
    parser.add_argument("--save-as", help="save the script with the result under this name")
    return parser


def _node(name: str) -> Any:
    node = nuke.toNode(name)
    if node is None or node.knob("vcn_state") is None:
        raise ClientError(f"There is no VCNode called {name} in this script.")
    return node
