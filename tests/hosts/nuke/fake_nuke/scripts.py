"""Reading and writing Nuke scripts."""

from .knobs import USER_KINDS, Enumeration_Knob, with_expressions
from .nodes import Group, Node
from .tcl import Braced, commands, quote, split_list

_SKIPPED = ("version", "add_layer", "Root", "define_window_layout_xml", "cut_paste_input")


def read(session, text, parent):
    """Adds a script's nodes to a group; gives the last one."""
    groups, stacks, kept, last = [parent], [[]], {}, None
    for words in commands(text):
        match words:
            case ["set", name, "[stack 0]"]:
                kept["$" + name] = stacks[-1][-1]
            case ["push", "0"]:
                stacks[-1].append(None)
            case ["push", name]:
                stacks[-1].append(kept[name])
            case ["end_group"]:
                groups.pop()
                stacks.pop()
            case [name, *_] if name in _SKIPPED:
                continue
            case [kind, Braced() as body]:
                node = _node(session, kind, body, groups[-1], stacks[-1])
                last = node if len(groups) == 1 else last
                if isinstance(node, Group):
                    groups.append(node)
                    stacks.append([])
            case _:
                raise RuntimeError(f"{words[0]}: Unknown command")
    if len(groups) != 1:
        raise RuntimeError("end_group is missing")
    return last


def _node(session, kind, body, parent, stack):
    node = (Group if kind == "Group" else Node)(session, kind, parent)
    count, name = 1, kind + "1"
    for words in commands(body):
        match words:
            case ["inputs", number]:
                node._mask_input = "+" in number
                count = sum(int(part) for part in number.split("+"))
            case ["name", text]:
                name = text
            case ["addUserKnob", definition]:
                _user_knob(node, definition)
            case [knob, value]:
                if knob not in node._knobs:
                    raise RuntimeError(f"{kind}: no such knob: {knob}")
                _set(node._knobs[knob], value)
    node._inputs = [stack.pop() if stack else None for _ in range(count)]
    node._name = session.free_name(name, parent, node)
    parent._nodes.append(node)
    stack.append(node)
    return node


def _set(knob, value):
    if isinstance(value, Braced) and value.lstrip().startswith("{"):
        with_expressions(knob, (_expression(each) for each in split_list(value)))
    elif isinstance(value, Braced):
        words = split_list(value)
        knob._value = tuple(float(each) for each in words)
    else:
        knob._from_script(value)


def _expression(text):
    words = split_list(text)
    return words[0] if len(words) == 1 else text


def _user_knob(node, definition):
    words = split_list(definition)
    kind, name, rest = int(words[0]), words[1], words[2:]
    options, flags = {}, set()
    while rest:
        mark = rest.pop(0)
        if mark[0] in "+-":
            flags.add(mark)
        elif mark == "R":
            options[mark] = (float(rest.pop(0)), float(rest.pop(0)))
        else:
            options[mark] = rest.pop(0)
    node._definitions.append((name, definition))
    if not name:
        return
    make = USER_KINDS[kind]
    default = {3: 0, 6: False, 7: 0.0}.get(kind, "")
    if make is Enumeration_Knob:
        choices = split_list(options["M"])
        knob = make(node, name, choices[0], choices)
    else:
        knob = make(node, name, options.get("T", default))
    knob._flags, knob._tooltip, knob._label = flags, options.get("t", ""), options.get("l", name)
    node._knobs[name] = knob


def write(group):
    """The nodes of a group as text."""
    lines, kept = [], {}
    for node in _ordered(group._nodes):
        for source in reversed(node._inputs):
            lines.append("push 0" if source is None else f"push ${kept[source]}")
        lines += _block(node)
        if isinstance(node, Group):
            lines += [" " + line for line in write(node).splitlines()] + ["end_group"]
        kept[node] = f"N{len(kept) + 1:04x}"
        lines.append(f"set {kept[node]} [stack 0]")
    return "\n".join(lines) + "\n"


def _block(node):
    yield f"{node.Class()} {{"
    count = len(node._inputs)
    yield f" inputs {count - 1}+1" if node._mask_input else f" inputs {count}"
    for name, definition in node._definitions:
        if name and "+DO_NOT_WRITE" in node._knobs[name]._flags:
            continue  # neither the value nor, so far as is known, the knob itself
        yield f" addUserKnob {{{definition}}}"
        if name and _is_saved(node._knobs[name]):
            yield f" {name} {node._knobs[name]._script()}"
    users = {name for name, _ in node._definitions}
    for name, knob in node._knobs.items():
        if name not in users and name != "name" and _is_saved(knob):
            yield f" {name} {knob._script()}"
    yield f" name {quote(node._name)}"
    yield "}"


def _is_saved(knob):
    if "+DO_NOT_WRITE" in knob._flags or knob.kind in ("Link_Knob", "PyScript_Knob", "Text_Knob", "Tab_Knob"):
        return False
    return knob._expressions is not None or knob._value != knob._default


def _ordered(nodes):
    done, waiting = [], list(nodes)
    while waiting:
        ready = [each for each in waiting if all(source is None or source in done for source in each._inputs)]
        if not ready:
            raise RuntimeError("the nodes go round in a circle")
        done += ready
        waiting = [each for each in waiting if each not in ready]
    return done
