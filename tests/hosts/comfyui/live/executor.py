"""ComfyUI's executor in a process of its own."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """How a prompt went.

    Attributes:
        refused: What validation said, or None.
        executed: Ids of nodes that ran, in order.
        cached: Ids of nodes whose results were there already.
        error: Node, type, message and traceback of a failure, or None.
        succeeded: Whether it came to its end.
        changed_inputs: How many tensors, of all that ever went in, this run wrote into.
    """

    refused: dict | None = None
    executed: tuple = ()
    cached: tuple = ()
    error: dict | None = None
    interrupted: bool = False
    succeeded: bool = False
    changed_inputs: int = 0

    def refusals(self, node):
        """What validation had against a node, as one text."""
        errors = (self.refused or {}).get("nodes", {}).get(node.id, {}).get("errors", [])
        return "; ".join(f"{one['type']}: {one['message']}, {one['details']}" for one in errors)


class Executor:
    """Starts the process, then `run` prompts in it; they share the cache, as in a session with the editor.

    Attributes:
        loaded: Node ids by pack, None for a pack that could not be loaded.
        nodes: What `/object_info` would tell.
    """

    def __init__(self, installation, base):
        program = Path(__file__).with_name("executor_process.py")
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # as long as the process
        self._process = subprocess.Popen(
            [installation.python, str(program), str(installation.folder), str(base)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
            env=installation.environment(),
        )
        first = self._answer()
        self.loaded, self.nodes = first["loaded"], first["nodes"]

    def run(self, graph):
        """Validate and execute a `Graph`'s prompt."""
        print(json.dumps(graph.prompt), file=self._process.stdin, flush=True)
        return Run(**self._answer())

    def finish(self, graph):
        """Run a prompt to its end, which must write into none of its inputs."""
        ran = self.run(graph)
        assert ran.succeeded, ran
        assert ran.changed_inputs == 0
        return ran

    def log(self):
        """What ComfyUI printed so far."""
        self._log.seek(0)
        return self._log.read()

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._log.close()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(60)
            raise RuntimeError(f"ComfyUI's process ended ({self._process.returncode}):\n{self.log()[-4000:]}")
        return json.loads(line)
