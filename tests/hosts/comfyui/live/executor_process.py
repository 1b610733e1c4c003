"""Runs inside ComfyUI's Python: its validation, cache and executor, without server and editor.

Takes one request a line and answers each with one line of JSON; everything else that is printed goes to stderr.
"""

import asyncio
import json
import os
import sys


def main(comfyui, base):
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path[0] = comfyui  # was the folder of this file
    sys.argv = ["main.py", "--cpu", "--base-directory", base]
    import comfy.options

    comfy.options.enable_args_parsing()
    host = Host()
    host.load(os.path.join(comfyui, "comfy_extras", "nodes_video.py"), "comfy_extras")
    loaded = {
        name: host.load(os.path.join(base, "custom_nodes", name), "custom_nodes")
        for name in sorted(os.listdir(os.path.join(base, "custom_nodes")))
    }
    print(json.dumps({"loaded": loaded, "nodes": host.describe()}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(host.run(json.loads(line))), file=answers, flush=True)


class Host:
    """ComfyUI with what a prompt needs and no more."""

    def __init__(self):
        import execution

        self.client_id = "test"
        self.last_node_id = self.last_prompt_id = None
        self.sockets_metadata = {}
        self._sent = []
        self._runs = 0
        self._executor = execution.PromptExecutor(self)

    def send_sync(self, event, data, sid=None):
        """What the executor takes the server for."""
        self._sent.append((event, data))

    def load(self, path, parent):
        import nodes

        before = set(nodes.NODE_CLASS_MAPPINGS)
        done = asyncio.run(nodes.load_custom_node(path, module_parent=parent))
        return sorted(set(nodes.NODE_CLASS_MAPPINGS) - before) if done else None

    def describe(self):
        """As `/object_info` does, of video nodes and custom ones."""
        import nodes
        from comfy_api.internal import _ComfyNodeInternal

        told = {}
        for name, node in nodes.NODE_CLASS_MAPPINGS.items():
            if not getattr(node, "RELATIVE_PYTHON_MODULE", "nodes").startswith(("custom_nodes", "comfy_extras")):
                continue
            if issubclass(node, _ComfyNodeInternal):
                told[name] = node.GET_NODE_INFO_V1()
            else:
                names = getattr(node, "RETURN_NAMES", node.RETURN_TYPES)
                told[name] = {"input": node.INPUT_TYPES(), "output_name": list(names)}
        return json.loads(json.dumps(told, default=str))

    def run(self, prompt):
        import execution

        self._runs += 1
        valid, error, outputs, node_errors = asyncio.run(execution.validate_prompt(str(self._runs), prompt, None))
        if not valid:
            return {"refused": {"error": error, "nodes": node_errors}}
        self._sent.clear()
        asyncio.run(self._executor.execute_async(prompt, str(self._runs), {"client_id": "test"}, outputs))
        told = dict(self._executor.status_messages)
        return {
            "refused": {"error": None, "nodes": node_errors} if node_errors else None,
            "executed": [data["node"] for event, data in self._sent if event == "executing" and data["node"]],
            "cached": told.get("execution_cached", {}).get("nodes", []),
            "error": _short(told.get("execution_error")),
            "interrupted": "execution_interrupted" in told,
            "succeeded": "execution_success" in told,
            "changed_inputs": self._changed_inputs(),
        }

    @staticmethod
    def _changed_inputs():
        (probe,) = [module for name, module in sys.modules.items() if name.endswith("vcnode_probe")]
        return probe.changed()


def _short(error):
    if error is None:
        return None
    return {
        "node": error["node_id"],
        "type": error["exception_type"],
        "message": error["exception_message"],
        "traceback": "".join(error["traceback"]),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
