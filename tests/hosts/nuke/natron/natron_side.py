"""Runs inside Natron: what the tests' scripts have in common. Imported by them, not by pytest."""


def put(node, **values):
    """Set parameters."""
    for name, value in values.items():
        node.getParam(name).set(*value) if isinstance(value, tuple) else node.getParam(name).set(value)


def raw(node):
    """No colour conversion in a Read or Write."""
    put(node, ocioOutputSpace=node.getParam("ocioInputSpace").get())
    return node


def read(app, pattern):
    """A Read, without conversion."""
    return raw(app.createReader(pattern))


def write(app, pattern, source):
    """A Write of all layers, 32-bit, without conversion."""
    node = raw(app.createWriter(pattern))
    node.connectInput(0, source)
    put(node, bitDepth="32f", formatType="input", processAllPlanes=True, partSplitting="single")
    return node


def make(app, plate, painted, given):
    """A plate, a coloured picture, and a VCNode on both that uses the tests' worker."""
    node = app.createNode("vcnode.VCNode")
    node.connectInput(0, plate)
    node.connectInput(1, painted)
    node.getParam("range_reset").trigger()
    put(node, cache_dir=given["cache"], quality="draft", ref1_frame=given["first"])
    use(node, given)
    return node


def use(node, given):
    """Choose the tests' worker."""
    if "address" in given:
        put(node, worker_mode="attach", worker_address=given["address"], worker_token=given["token"])
    else:
        put(node, worker_mode="start", python=given["python"])


def status(node):
    """What the node shows."""
    return node.getParam("status").get()
