"""What each node class makes of its inputs' pictures."""

from dataclasses import replace

import numpy as np

from .expressions import evaluate
from .pictures import RGB, read_exr, union

_LETTERS = dict(zip("rgba", (*RGB, "rgba.alpha"), strict=True))


def operate(node, frame, view):
    """The picture that a node gives.

    Raises:
        RuntimeError: As Nuke does, when something upstream is wrong.
    """
    session = node._session
    own = session.pictures.get(node)
    if own is not None:
        return own(frame, view)
    if node["disable"]._get() and node.Class() not in ("Read", "CheckerBoard2"):
        return _input(node, 0, frame, view)
    return _OPERATORS[node.Class()](node, frame, view)


def _input(node, number, frame, view):
    found = node.input(number)
    if found is None:
        raise RuntimeError(f"{node.fullName()}: missing input")
    return operate(found, frame, view)


def _pass(node, frame, view):
    return _input(node, 0, frame, view)


def _group_input(node, frame, view):
    return _input(node.parent(), int(node["number"]._get()), frame, view)


def _group(node, frame, view):
    output = next(each for each in node.nodes() if each.Class() == "Output")
    return operate(output, frame, view)


def _read(node, frame, view):
    pattern = node["file"]._get()
    first, last = node["first"]._get(), node["last"]._get()
    path = pattern.replace("%V", view).replace("%v", view[0])
    path = path % min(max(frame, first), last) if "%" in path else path
    try:
        picture = read_exr(path)
    except Exception as error:
        raise RuntimeError(f"{node.fullName()}: {path}: No such file or directory") from error
    return replace(picture, black=True)


def _frame_hold(node, frame, view):
    return _input(node, 0, int(node["first_frame"]._get()), view)


def _grade(node, frame, view):
    picture = _input(node, 0, frame, view)
    return picture.with_channels({name: picture.channels[name] * node["multiply"]._get() for name in RGB})


def _colorspace(node, frame, view):
    picture = _input(node, 0, frame, view)
    spaces = (node["colorspace_in"]._get(), node["colorspace_out"]._get())
    curve = {("sRGB", "Linear"): to_linear, ("Linear", "sRGB"): to_srgb, ("Linear", "Linear"): lambda x: x}[spaces]
    return picture.with_channels({name: curve(picture.channels[name]) for name in RGB})


def _ocio(node, frame, view):
    """Spaces are matrices here, given by the test."""
    picture = _input(node, 0, frame, view)
    spaces = node._session.color_spaces
    matrix = np.linalg.inv(spaces[node["out_colorspace"]._get()]) @ spaces[node["in_colorspace"]._get()]
    rgb = picture.rgb @ matrix.T
    return picture.with_channels(dict(zip(RGB, np.moveaxis(rgb, -1, 0).astype(np.float32), strict=True)))


def _black_outside(node, frame, view):
    return replace(_input(node, 0, frame, view), black=True)


def _crop(node, frame, view):
    node._frame_of_expressions = (frame, view)
    picture = _input(node, 0, frame, view).boxed(node["box"]._box())
    return replace(picture, black=bool(node["crop"]._get()))


def _switch(node, frame, view):
    return _input(node, int(node._evaluated("which", frame)), frame, view)


def _merge_expression(node, frame, view):
    under, over = (_input(node, number, frame, view) for number in (0, 1))
    box = union(under.box, over.box)

    def pixel(name):
        if name == "cx":  # -1 at the left edge of the format, 1 at its right edge
            across = (np.arange(box[0], box[2]) + 0.5) / under.width * 2 - 1
            return np.broadcast_to(across.astype(np.float32), (box[3] - box[1], box[2] - box[0]))
        if len(name) == 2 and name[0] in "AB" and name[1] in _LETTERS:
            return (over if name[0] == "A" else under).inside(box, _LETTERS[name[1]])
        return None

    return under.boxed(box).with_channels(_expressions(node, pixel, frame))


def _expression(node, frame, view):
    picture = _input(node, 0, frame, view)
    names = {**_LETTERS, **{name: name for name in picture.channels}}
    return picture.with_channels(
        _expressions(node, lambda name: picture.channels.get(names[name]) if name in names else None, frame)
    )


def _expressions(node, pixel, frame):
    named = {}

    def lookup(name):
        if name in named:
            return named[name]
        found = pixel(name)
        return found if found is not None else node._lookup(name, frame)

    for number in range(4):
        if node[f"temp_name{number}"]._get():
            named[node[f"temp_name{number}"]._get()] = evaluate(node[f"temp_expr{number}"]._get(), lookup)
    return {
        node[f"channel{number}"]._get(): np.asarray(evaluate(node[f"expr{number}"]._get(), lookup), np.float32)
        for number in range(4)
        if node[f"expr{number}"]._get()
    }


def _copy(node, frame, view):
    under, over = (_input(node, number, frame, view) for number in (0, 1))
    box = under.box if node["bbox"]._get() == "B" else union(under.box, over.box)
    return under.boxed(box).with_channels({node["to0"]._get(): over.inside(box, node["from0"]._get())})


def _merge(node, frame, view):
    """Only what is used here: copy, on rgb, with mask and mix."""
    assert node["operation"]._get() == "copy"
    assert node["also_merge"]._get() == "rgb"
    under, over = (_input(node, number, frame, view) for number in (0, 1))
    box = under.box if node["bbox"]._get() == "B" else union(under.box, over.box)
    amount = np.full((box[3] - box[1], box[2] - box[0]), node["mix"]._number(), np.float32)
    mask, name = under, node["maskChannelInput"]._get()
    if node._mask_input and node.input(2) is not None:
        mask, name = _input(node, 2, frame, view), node["maskChannelMask"]._get()
    if name != "none":
        shape = replace(mask, black=True).inside(box, name)
        amount = amount * (1 - shape if node["invert_mask"]._get() else shape)
    mixed = {each: under.inside(box, each) * (1 - amount) + over.inside(box, each) * amount for each in RGB}
    return under.boxed(box).with_channels(mixed)


def to_linear(x):
    size = np.abs(x)
    return (np.sign(x) * np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)).astype(np.float32)


def to_srgb(x):
    size = np.abs(x)
    return (np.sign(x) * np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055)).astype(
        np.float32
    )


_OPERATORS = {
    "Input": _group_input,
    "Group": _group,
    "Read": _read,
    "FrameHold": _frame_hold,
    "Grade": _grade,
    "Colorspace": _colorspace,
    "OCIOColorSpace": _ocio,
    "BlackOutside": _black_outside,
    "Crop": _crop,
    "Switch": _switch,
    "MergeExpression": _merge_expression,
    "Expression": _expression,
    "Copy": _copy,
    "Merge2": _merge,
    **dict.fromkeys(("Output", "Dot", "NoOp", "Write"), _pass),
}
