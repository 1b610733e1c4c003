"""vcnode_bake.py, which starts NatronRenderer: what its exit code says when that tells nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.conftest import NATRON
from tests.hosts.nuke.natron.films import FIRST, LAST

BAKE = NATRON / "vcnode_bake.py"
posix_only = pytest.mark.skipif(os.name == "nt", reason="the stand-in for NatronRenderer is a script with #!")


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "shot.ntp"
    path.write_text("a project")
    return path


def stand_in(folder, *lines):
    """A NatronRenderer that runs lines of Python with `task`, `arguments` and `outcome`, what it is to say."""
    path = folder / "renderer"
    beginning = [
        f"#!{sys.executable}",
        "import json, os, sys",
        "arguments, path = sys.argv[1:], os.environ['VCNODE_BAKE']",
        "task = json.load(open(path))",
        "outcome = lambda **said: json.dump(said, open(path + '.outcome', 'w'))",
    ]
    path.write_text("\n".join([*beginning, *lines]) + "\n")
    path.chmod(0o755)
    return path


def command(renderer, project, *arguments, node="VCNode1"):
    words = [sys.executable, BAKE, "--natron", renderer, "--project", project, "--node", node, *arguments]
    return [str(each) for each in words]


def bake(renderer, project, *arguments, env=None, **names):
    return subprocess.run(command(renderer, project, *arguments, **names), capture_output=True, text=True, env=env)


@posix_only
def test_success_is_0_although_natron_says_otherwise(project, tmp_path):
    renderer = stand_in(tmp_path, "outcome(result='/cache/v001/colored.%04d.exr')", "sys.exit(134)")
    done = bake(renderer, project)
    assert (done.returncode, done.stdout) == (0, "VCNode1: result /cache/v001/colored.%04d.exr\n")


@posix_only
def test_failure_is_1_although_natron_says_0(project, tmp_path):
    done = bake(stand_in(tmp_path, "outcome(problem='There is no reference.')"), project)
    assert (done.returncode, done.stderr) == (1, "vcnode_bake: There is no reference.\n")


@posix_only
def test_a_natron_that_dies_is_a_failure(project, tmp_path):
    done = bake(stand_in(tmp_path, "os._exit(0)"), project)
    assert done.returncode == 1
    assert "ended before its time" in done.stderr


@posix_only
def test_a_stop_is_130(project, tmp_path):
    done = bake(stand_in(tmp_path, "outcome(problem='Stopped.', cancelled=True)"), project)
    assert done.returncode == 130


@posix_only
@pytest.mark.parametrize(("lines", "times"), [([], 1), (["signal.signal(signal.SIGTERM, signal.SIG_IGN)"], 2)])
def test_a_stop_is_130_also_where_natron_dies_of_it(project, tmp_path, lines, times):
    wait = ["print('there', flush=True)", "time.sleep(60)"]
    renderer = stand_in(tmp_path, "import signal, time", *lines, *wait)
    running = subprocess.Popen(command(renderer, project), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.stdout.readline()
    for _ in range(times):
        running.send_signal(signal.SIGINT)
        time.sleep(0.3)
    said = running.communicate(timeout=30)[1]
    assert (running.returncode, said) == (130, "vcnode_bake: Stopped.\n")


@posix_only
def test_natron_gets_the_whole_task(project, tmp_path):
    lines = [
        "assert arguments[0] == '-t' and arguments[1].endswith('bake_in_natron.py')",
        "folder, mine = os.environ['NATRON_PLUGIN_PATH'].split(os.pathsep)",
        "assert os.path.exists(folder + '/VCNode.py') and mine == '/mine'",
        "outcome(result=json.dumps(task))",
    ]
    arguments = ["--range", "1001-1120", "--python", "/py", "--cache-dir", "cache", "--save-as", "baked.ntp"]
    done = bake(stand_in(tmp_path, *lines), project, *arguments, env={**os.environ, "NATRON_PLUGIN_PATH": "/mine"})
    assert done.returncode == 0, done.stderr
    here = os.getcwd()
    assert json.loads(done.stdout.partition("result ")[2]) == {
        "project": str(project),
        "node": "VCNode1",
        "range": "1001-1120",
        "python": "/py",
        "cache_dir": f"{here}/cache",
        "save_as": f"{here}/baked.ntp",
    }


@posix_only
@pytest.mark.parametrize(
    ("given", "got"),
    [
        ({"LC_ALL": "C"}, "C.UTF-8"),
        ({"LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"}, "C.UTF-8"),
        ({"LANG": "de_DE.UTF-8"}, None),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "C"}, "de_DE.UTF-8"),
    ],
)
def test_natron_never_works_in_a_locale_without_letters(project, tmp_path, given, got):
    environment = {name: value for name, value in os.environ.items() if name != "LANG" and not name.startswith("LC_")}
    environment |= {**given, "PYTHONCOERCECLOCALE": "0"}
    renderer = stand_in(tmp_path, "outcome(result=repr(os.environ.get('LC_ALL')))")
    assert bake(renderer, project, env=environment).stdout == f"VCNode1: result {got!r}\n"


def test_what_is_missing_is_said_before_natron_starts(project, tmp_path):
    assert "give NatronRenderer's place with --natron" in bake(tmp_path / "none", project).stderr
    assert "There is no project" in bake(sys.executable, tmp_path / "none.ntp").stderr


SAVE = """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
put(node, worker_mode="start")
write(app, given["final"], node)
app.saveProject(given["project"])
"""


@pytest.fixture
def shot(natron, worker, tmp_path):
    """A saved project with a node that was never run, of many frames."""
    given = {
        "plate": films.make_plate(tmp_path, range(FIRST, FIRST + 80)),
        "painted": films.make_painted(tmp_path),
        "first": FIRST,
        "cache": str(tmp_path / "cache"),
        "final": str(tmp_path / "final.%04d.exr"),
        "project": str(tmp_path / "shot.ntp"),
        "python": worker,
    }
    natron.run(tmp_path, SAVE, **given)
    return given


def test_a_saved_project_is_coloured_and_saved(natron, shot, tmp_path):
    kept = (tmp_path / "shot.ntp").read_bytes()
    baked = tmp_path / "baked.ntp"
    arguments = ["--range", f"{FIRST}-{LAST}", "--save-as", baked]
    done = bake(natron.renderer, shot["project"], *arguments, env=natron.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"VCNode1: result {tmp_path.as_posix()}/cache/v001/colored.%04d.exr\n")
    assert (tmp_path / "shot.ntp").read_bytes() == kept
    natron.render(baked, "-w", "Write1", f"{FIRST}-{LAST}")
    for frame in range(FIRST, LAST + 1):
        colored = films.rgb(films.read(tmp_path / f"final.{frame}.exr"))
        assert (colored.max(axis=-1) - colored.min(axis=-1)).max() > 0.02


def test_problems_end_it_with_1_and_words(natron, shot):
    done = bake(natron.renderer, shot["project"], "--range", "990-1004", env=natron.environment)
    assert done.returncode == 1
    assert "goes beyond the Source, which has 1001-1080" in done.stderr
    done = bake(natron.renderer, shot["project"], env=natron.environment, node="Other")
    assert "There is no VCNode called Other in this project; there is VCNode1." in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locale")
def test_letters_beyond_ascii_in_a_machine_without_a_locale(natron, shot, tmp_path):
    named = {"cache_dir": tmp_path / "Füße キャ", "save_as": tmp_path / "schuß.ntp"}
    arguments = [f"--{name.replace('_', '-')}={path}" for name, path in named.items()]
    environment = {**natron.environment, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = bake(natron.renderer, shot["project"], *arguments, f"--range={FIRST}-{LAST}", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in named["cache_dir"].glob("v001/colored.*"))[-1] == f"colored.{LAST}.exr"
    assert named["save_as"].exists()
    again = bake(natron.renderer, named["save_as"], f"--range={FIRST}-{LAST}", env=environment)
    assert again.returncode == 0, again.stdout + again.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_a_stopped_bake_goes_on_later(natron, shot, tmp_path):
    stopped = command(natron.renderer, shot["project"])
    running = subprocess.Popen(stopped, env=natron.environment, stdout=subprocess.DEVNULL)
    while running.poll() is None and not list(tmp_path.glob("cache/v001.tmp/colored.*.exr")):
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 130
    assert not (tmp_path / "cache" / "v001").exists()
    done = bake(natron.renderer, shot["project"], env=natron.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    coloured = json.loads((tmp_path / "cache" / "v001" / "job.json").read_text())["coloured"][0]
    assert 0 < coloured["rendered"] < coloured["frames"] == 80
