"""A small registry of made-up models, a folder for the user's models, and an http server on this machine."""

import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from vcnode.weights import RegistryEntry, load_registry, save_weights

EXPECTED: dict[str, dict[str, tuple[int, ...]]] = {
    "encoder": {"conv1_1.weight": (4, 3, 3, 3), "conv1_1.bias": (4,)},
    "head": {"theta.weight": (2, 4, 1, 1), "prelu.weight": (1,)},
    "color_net": {"conv10_ab.weight": (2, 4, 1, 1)},
}
CHECKPOINT_NAMES = {
    "encoder": "vgg19_conv.pth",
    "head": "nonlocal_net_iter_76000.pth",
    "color_net": "colornet_iter_76000.pth",
}

REGISTRY = """
version: 1
models:
  inside:
    {{ description: Embedded., preset: small.yaml, embedded: true, licence: MIT, source: here,
       files: [{{ name: inside.safetensors }}] }}
  remote:
    {{ description: One file., preset: small.yaml, embedded: false, licence: MIT, source: there,
       files: [
         {{ name: remote.safetensors, url: "{url}/remote.safetensors", size: {size}, sha256: "{sha256}" }}] }}
  nowhere:
    {{ description: No address., preset: small.yaml, embedded: false, licence: MIT, source: nowhere,
       files: [{{ name: nowhere.safetensors }}] }}
  parts:
    description: Three checkpoints in an archive.
    preset: small.yaml
    embedded: false
    licence: to be asked for
    source: the authors
    files:
      - {{ name: vgg19_conv.pth, prefix: encoder, url: "{url}/release.zip" }}
      - {{ name: nonlocal_net_iter_*.pth, prefix: head, url: "{url}/release.zip" }}
      - {{ name: colornet_iter_*.pth, prefix: color_net, url: "{url}/release.zip" }}
"""


@dataclass
class Server:
    """What the http server holds and what it was asked; ``cut`` ends each answer after so many bytes."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    cut: int | None = None
    status: int | None = None


def _handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = server.files.get(self.path.lstrip("/"))
            server.requests.append((self.path, self.headers.get("Range")))
            if server.status is not None or content is None:
                self.send_error(server.status or 404)
                return
            tag = f'"{hashlib.sha256(content).hexdigest()}"'
            start = 0
            if self.headers.get("Range") and self.headers.get("If-Range") == tag:
                start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = len(content) if server.cut is None else start + server.cut
            self.wfile.write(content[start:end])

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture(autouse=True)
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user models"
    monkeypatch.setenv("VCNODE_MODELS", str(folder))
    return folder


@pytest.fixture
def remote_bytes(tmp_path: Path) -> bytes:
    path = save_weights(tmp_path / "made.safetensors", {"weight": torch.arange(20_000.0)}, {"config": "{}"})
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.fixture
def registry_folder(tmp_path: Path, server: Server, remote_bytes: bytes) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    sha256 = hashlib.sha256(remote_bytes).hexdigest()
    text = REGISTRY.format(url=server.url, size=len(remote_bytes), sha256=sha256)
    (folder / "registry.yaml").write_text(text, encoding="utf-8")
    (folder / "small.yaml").write_text("channels: 4\nencoder: {name: vgg}\n", encoding="utf-8")
    return folder


@pytest.fixture
def registry(registry_folder: Path) -> dict[str, RegistryEntry]:
    return load_registry(registry_folder / "registry.yaml")


@pytest.fixture
def state_dicts() -> dict[str, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return {
        part: {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}
        for part, shapes in EXPECTED.items()
    }


@pytest.fixture
def checkpoints(tmp_path: Path, state_dicts: dict[str, dict[str, torch.Tensor]]) -> Path:
    """The authors' layout: VGG under data, the two nets under checkpoints, and a file that nobody needs."""
    folder = tmp_path / "authors"
    places = {
        "encoder": "data",
        "head": "checkpoints/video_moredata_l1",
        "color_net": "checkpoints/video_moredata_l1",
    }
    for part, place in places.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        torch.save(state_dicts[part], folder / place / CHECKPOINT_NAMES[part])
    (folder / "data" / "vgg19_gray.pth").write_bytes(b"never read")
    return folder


@pytest.fixture
def release(tmp_path: Path, checkpoints: Path) -> Path:
    archive = tmp_path / "release.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(checkpoints.rglob("*.pth")):
            opened.write(path, path.relative_to(checkpoints).as_posix())
    return archive
