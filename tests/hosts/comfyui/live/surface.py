"""Which of ComfyUI's names the pack uses, and whether they exist.

Run as a program, in ComfyUI's Python: takes ComfyUI's folder and a base directory, reads uses as JSON from stdin and
prints what is wrong with them as JSON. Knows nothing but the standard library, so that it can.
"""

import ast
import contextlib
import importlib
import inspect
import json
import sys

HOST = ("comfy", "comfy_api", "comfy_execution", "comfy_extras", "execution", "folder_paths", "nodes", "server")


def is_of_host(module):
    return module.split(".")[0] in HOST


def uses_in(source):
    """Every dotted name of ComfyUI's that a file uses, with the keywords it is called with.

    Returns:
        Sorted pairs of a dotted name, and a tuple of keywords; None where it is not called.
    """
    tree, names, found = ast.parse(source), {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if is_of_host(one.name):
                    names[one.asname or one.name.split(".")[0]] = one.name if one.asname else one.name.split(".")[0]
                    found.add((one.name, None))
        elif isinstance(node, ast.ImportFrom) and not node.level and is_of_host(node.module):
            for one in node.names:
                names[one.asname or one.name] = f"{node.module}.{one.name}"
                found.add((f"{node.module}.{one.name}", None))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node, names)):
            found.add((name, None))
        elif isinstance(node, ast.Call) and (name := _dotted(node.func, names)):
            found.add((name, tuple(sorted(one.arg for one in node.keywords if one.arg))))
    return sorted(found, key=str)


def _dotted(node, names):
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (start := _dotted(node.value, names)):
        return f"{start}.{node.attr}"
    return None


def problems(uses):
    """Name what does not exist, or cannot be called with these keywords."""
    return [told for name, keywords in uses if (told := _problem(name, keywords))]


def _problem(name, keywords):
    try:
        found = _find(name)
    except (ImportError, AttributeError) as error:
        return f"{name}: {error}"
    if keywords is None:
        return None
    try:
        known = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_KEYWORD for one in known):
        return None
    unknown = sorted(set(keywords) - {one.name for one in known if one.kind is not one.POSITIONAL_ONLY})
    return f"{name} takes no {', '.join(unknown)}" if unknown else None


def _find(name):
    parts = name.split(".")
    found = importlib.import_module(parts[0])
    for number, part in enumerate(parts[1:], 2):
        if not hasattr(found, part) and inspect.ismodule(found):
            with contextlib.suppress(ModuleNotFoundError):  # getattr says it better
                importlib.import_module(".".join(parts[:number]))
        found = getattr(found, part)
    return found


def main(comfyui, base):
    sys.path[0] = comfyui  # was the folder of this file
    sys.argv = ["main.py", "--cpu", "--base-directory", base]
    import comfy.options

    comfy.options.enable_args_parsing()
    print(json.dumps(problems(json.load(sys.stdin))))


if __name__ == "__main__":
    main(*sys.argv[1:])
