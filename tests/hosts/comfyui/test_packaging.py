"""What the registry, the manager and other people's machines ask of the pack's files."""

import ast
import re
import subprocess
import sys
import tomllib
from itertools import chain

import pytest

from tests.hosts.comfyui.conftest import PACK
from vcnode.hosting import install

SOURCES = sorted(PACK.rglob("*.py"))
CALLS = {"eval", "exec", "compile", "__import__", "print", "input", "breakpoint"}
DOTTED = {
    "torch.load", "torch.cuda.empty_cache", "torch.autocast", "torch.cuda.amp.autocast", "torch.set_grad_enabled",
    "torch.set_num_threads", "torch.set_default_dtype", "torch.set_default_device", "torch.manual_seed",
    "torch.use_deterministic_algorithms", "sys.path", "sys.stdout", "os.system", "os.environ", "os.chdir",
}  # fmt: skip
IMPORTS = {"subprocess", "pip", "urllib", "requests", "httpx", "http", "socket", "pickle", "cv2", "runpy", "ctypes"}
METHODS = {"cuda"}


def dotted(node):
    """`a.b.c` of an attribute expression, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def forbidden(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (name for name in modules if not getattr(node, "level", 0) and name.split(".")[0] in IMPORTS)
        elif isinstance(node, ast.Attribute) and dotted(node) in DOTTED:
            yield dotted(node)
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in CALLS:
                yield called.id
            if isinstance(called, ast.Attribute) and called.attr in METHODS:
                yield f".{called.attr}()"


def test_there_are_sources():
    assert PACK / "__init__.py" in SOURCES


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(PACK).as_posix())
def test_nothing_forbidden_in_node_code(file):
    assert not sorted(forbidden(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "line",
    [
        "import subprocess", "from urllib.request import urlopen", "import requests as r", "model.cuda()", "print(1)",
        "torch.load(path)", "sys.path.insert(0, here)", "exec(text)", "torch.cuda.empty_cache()",
        "import pip._internal",
        "with torch.autocast('cuda'): pass",
    ],
)  # fmt: skip
def test_the_forbidden_is_found(line):
    assert list(forbidden(line))


def test_no_scripts_for_the_editor(pack):
    web = PACK / pack.module.WEB_DIRECTORY
    assert web.is_dir()
    assert {file.suffix for file in web.rglob("*") if file.is_file()} == {".md"}


class TestMetadata:
    @pytest.fixture
    def project(self):
        return tomllib.loads((PACK / "pyproject.toml").read_text(encoding="utf-8"))

    def test_the_registry_can_read_it(self, project):
        name, version = project["project"]["name"], project["project"]["version"]
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", name)
        assert "comfyui" not in name
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert set(project["project"]["license"]) <= {"text", "file"}
        assert project["project"]["description"]

    def test_comfy_table(self, project):
        comfy = project["tool"]["comfy"]
        assert {"PublisherId", "DisplayName", "requires-comfyui"} <= set(comfy)
        assert comfy["requires-comfyui"] == ">=0.3.64"

    def test_versions_agree(self, project):
        import vcnode

        assert project["project"]["version"] == vcnode.__version__

    def test_requirements_name_vcnode_alone(self, project):
        text = (PACK / "requirements.txt").read_text(encoding="utf-8")
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
        for required in chain(filter(None, lines), project["project"].get("dependencies", ())):
            assert re.match(r"vcnode(?![\w.-])", required), required


def test_init_alone_imports_nothing():
    """As a test runner or a documentation tool imports it: without a package around."""
    program = f"import runpy, sys; runpy.run_path({str(PACK / '__init__.py')!r}); print('comfy_api' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, "False"), ran.stderr


LOADING = """
import sys, tempfile
from importlib.abc import MetaPathFinder
from pathlib import Path
from tests.hosts.comfyui.stub import Host, installed
from tests.hosts.comfyui.stub.folders import Folders
from tests.hosts.comfyui.stub.installation import load_pack

slow = ("torch", "vcnode", "av", "numpy", "PIL")

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in slow:
            raise AssertionError(f"loading the pack imports {name}")

with tempfile.TemporaryDirectory() as folder, installed(Host(Folders(Path(folder) / "comfy"))):
    for name in [name for name in sys.modules if name.split(".")[0] in slow]:
        del sys.modules[name]
    sys.meta_path.insert(0, Refuse())
    print(len(load_pack(Path(sys.argv[1]))[1]))
"""


def test_loading_the_pack_imports_neither_torch_nor_the_network():
    root = PACK.parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", LOADING, str(PACK)], capture_output=True, text=True, timeout=120, cwd=root
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 9


def test_what_is_installed_says_whose_its_pictures_are(tmp_path):
    (tmp_path / "custom_nodes").mkdir()
    folder = install("comfyui", tmp_path).folder / "example_workflows"
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "Joao Eriberto Mota Filho" in attribution
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in attribution
    pictures = {file.name for file in folder.iterdir() if file.suffix not in (".json", ".md")}
    assert pictures == set(re.findall(r"`(\w+\.jpg)`", attribution))
    assert "example_workflows/ATTRIBUTION.md" in (PACK / "README.md").read_text(encoding="utf-8")
