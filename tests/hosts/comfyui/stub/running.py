"""Running nodes as ComfyUI's executor does, with every rule checked that it has."""

import json
from dataclasses import dataclass

import torch

from .freezing import fingerprint
from .nodes import Hidden, NodeOutput, locked
from .results import check_result


class ContractError(Exception):
    """What ComfyUI would refuse, or what would go wrong there later."""


@dataclass(frozen=True)
class Source:
    """A value that another pack's node would give: what it is, and the type of its socket."""

    value: object
    io_type: str


def with_defaults(node, given):
    """The inputs as the editor sends them: every widget has a value."""
    widgets = {one.id: one.default for one in node.GET_SCHEMA().inputs if one.is_widget}
    return {name: value for name, value in widgets.items() if value is not None} | given


def validate(schema, inputs, links=()):
    """Refuses inputs that are missing or unknown, and widget values outside their limits."""
    known = {one.id: one for one in schema.inputs}
    if unknown := set(inputs) - set(known):
        raise ContractError(f"{schema.node_id} has no input {sorted(unknown)}.")
    for name, one in known.items():
        if name not in inputs:
            if not one.optional:
                raise ContractError(f"{schema.node_id}: required input is missing: {name}.")
        elif one.is_widget and name not in links:
            _check_widget(schema.node_id, one, inputs[name])


def _check_widget(node_id, one, value):
    kinds = {"INT": int, "FLOAT": (int, float), "STRING": str, "BOOLEAN": bool}
    if one.io_type in kinds and not isinstance(value, kinds[one.io_type]):
        raise ContractError(f"{node_id}.{one.id} is {value!r}, not {one.io_type}.")
    if getattr(one, "min", None) is not None and value < one.min:
        raise ContractError(f"{node_id}.{one.id}: value {value} smaller than min of {one.min}.")
    if getattr(one, "max", None) is not None and value > one.max:
        raise ContractError(f"{node_id}.{one.id}: value {value} bigger than max of {one.max}.")
    if one.io_type == "COMBO" and value not in one.options:
        raise ContractError(f"{node_id}.{one.id}: value {value!r} not in {one.options}.")


def run_node(node, inputs, *, unique_id="1", prompt=None, links=(), validated=True):
    """What `execute` gives, as a tuple.

    `validated=False` leaves out the check of values, as ComfyUI does for choices and for values that come over links.
    """
    schema = node.GET_SCHEMA()
    if validated:
        validate(schema, inputs, links)
    hidden = {Hidden.unique_id: unique_id, Hidden.prompt: prompt or {}}
    hidden = {one.name: hidden.get(one) for one in schema.hidden}
    before, attributes = fingerprint(inputs), set(vars(node))
    with torch.inference_mode():
        output = locked(node, hidden).execute(**inputs)
    if fingerprint(inputs) != before:
        raise ContractError(f"{schema.node_id} changed what it was given; other nodes share it.")
    if set(vars(node)) != attributes:
        raise ContractError(f"{schema.node_id} keeps state on its class: {set(vars(node)) - attributes}.")
    if not isinstance(output, NodeOutput):
        raise ContractError(f"{schema.node_id} gave {type(output).__name__}, not io.NodeOutput.")
    if len(output.args) != len(schema.outputs):
        raise ContractError(f"{schema.node_id} gave {len(output.args)} results for {len(schema.outputs)} outputs.")
    if output.expand is not None or output.block_execution is not None:
        raise ContractError(f"{schema.node_id} expands or blocks, which no node of the pack announces.")
    for one, value in zip(schema.outputs, output.args, strict=True):
        if problem := check_result(one.io_type, value):
            raise ContractError(f"{schema.node_id}: output {one.display_name or one.id} {problem}.")
    if output.ui is not None:
        json.dumps(output.ui if isinstance(output.ui, dict) else output.ui.as_dict())
    return output.args


def run_graph(nodes, prompt, sources=None, done=None):
    """Runs a prompt in API format: `{"3": {"class_type": ..., "inputs": {name: value or ["2", 0]}}}`.

    Args:
        nodes: Node classes by id.
        prompt: The graph.
        sources: What other packs' nodes give: a tuple of `Source` by their id in the graph.
        done: Results of an earlier run, which are used again; this run's are added.

    Returns:
        The results of every node by its id.
    """
    done = {} if done is None else done
    done.update({key: tuple(one.value for one in given) for key, given in (sources or {}).items()})

    def type_of(link):
        if link[0] in (sources or {}):
            return sources[link[0]][link[1]].io_type
        return nodes[prompt[link[0]]["class_type"]].GET_SCHEMA().outputs[link[1]].io_type

    def result(key):
        if key in done:
            return done[key]
        node = nodes[prompt[key]["class_type"]]
        given = prompt[key]["inputs"]
        accepting = {one.id: one for one in node.GET_SCHEMA().inputs}
        links = {name: value for name, value in given.items() if isinstance(value, list)}
        for name, link in links.items():
            if name in accepting and not accepting[name].accepts(type_of(link)):
                raise ContractError(f"{key}.{name} takes {accepting[name].io_type}, not {type_of(link)}.")
        inputs = given | {name: result(link[0])[link[1]] for name, link in links.items()}
        done[key] = run_node(node, inputs, unique_id=key, prompt=prompt, links=links)
        return done[key]

    for key in prompt:
        result(key)
    return done
