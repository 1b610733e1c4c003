"""ComfyUI's server in a process of its own."""

import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

START = 300  # seconds; a loaded machine needs more than a minute


@dataclass(frozen=True)
class Talk:
    """What the server said while prompts ran.

    Attributes:
        refused: Its answer where it took the prompt not, or not whole; else None.
        messages: All messages of the websocket, in order.
    """

    refused: dict | None
    messages: tuple

    def of(self, kind, node=None):
        """The data of messages of a type, of a node if one is named."""
        wanted = [one["data"] for one in self.messages if one["type"] == kind]
        return [data for data in wanted if node is None or data.get("node") == node.id]


class Server:
    """Starts the server, and stops it in `close`.

    Attributes:
        nodes: What `/object_info` tells.
    """

    def __init__(self, installation, base):
        self._installation = installation
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # as long as the process
        self._process = subprocess.Popen(
            [
                installation.python, str(installation.folder / "main.py"), "--cpu", "--base-directory", str(base),
                "--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch", "--disable-api-nodes",
                "--database-url", "sqlite:///:memory:",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=installation.folder,
            env=installation.environment(),
        )  # fmt: skip
        self._wait()
        self.nodes = self.get("/object_info")

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=60) as reply:
            return json.load(reply)

    def run(self, graph, *, interrupt_after=0):
        """Queue a `Graph`'s prompt and listen until nothing is queued any more.

        Args:
            graph: The prompt.
            interrupt_after: How many progress messages to wait for before the run is interrupted; 0: it is not.
        """
        file = graph.folder / "prompt.json"
        file.write_text(json.dumps(graph.prompt), encoding="utf-8")
        program = Path(__file__).with_name("server_follow.py")
        ran = subprocess.run(
            [self._installation.python, str(program), self.address, str(file), str(interrupt_after)],
            capture_output=True,
            encoding="utf-8",
            env=self._installation.environment(),
            timeout=600,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr + self.log()[-4000:]
        return Talk(**json.loads(ran.stdout))

    def log(self):
        """What ComfyUI printed so far."""
        self._log.seek(0)
        return self._log.read()

    def close(self):
        self._process.terminate()
        self._process.wait(60)
        self._log.close()

    def _wait(self):
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended ({self._process.returncode}):\n{self.log()[-4000:]}")
            try:
                self.get("/system_stats")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        self._process.kill()
        raise RuntimeError(f"ComfyUI did not answer within {START} s:\n{self.log()[-4000:]}")
