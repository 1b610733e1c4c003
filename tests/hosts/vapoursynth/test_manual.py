"""Every script of the manual, run on the real host as it stands there."""

import gc
import re

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from PIL import Image
from sequence.clips import clip as moving_texture
from sequence.clips import picture

from .scripts import ROOT

PLUGINS = {
    "bs": "vapoursynth-bestsource",
    "mv": "vapoursynth-mvtools",
    "zsmooth": "vapoursynth-zsmooth",
    "scd": "vapoursynth-scenechange",
}
COUNT = 7
MANUALS = [ROOT / "docs" / "vapoursynth.md", ROOT / "hosts" / "vapoursynth" / "README.md"]


def blocks(language):
    found = []
    for path in MANUALS:
        text = path.read_text(encoding="utf-8")
        found += re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All files that the manual's scripts name."""
    import av

    folder = tmp_path_factory.mktemp("manual")
    with av.open(str(folder / "film.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for values in [*moving_texture(5), *moving_texture(COUNT - 5, seed=3)]:
            codes = (values * 219 + 16).astype(np.uint8)
            planes = np.concatenate([codes, np.full((32, 96), 128, np.uint8)])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())
    (folder / "references").mkdir()
    names = ["reference.png", "day.png", "night.png", "references/ref_000000.png", "references/ref_000005.png"]
    for seed, name in enumerate(names):
        Image.fromarray((picture(seed) * 255).astype(np.uint8)).save(folder / name)
    (plan,) = blocks("yaml")
    (folder / "shots.yaml").write_text(plan, encoding="utf-8")
    return folder


def test_there_are_scripts_and_all_are_whole():
    assert len(blocks("python")) >= 9
    assert all("set_output" in script for script in blocks("python"))


@pytest.mark.parametrize("script", blocks("python"), ids=range(len(blocks("python"))))
def test_a_script_of_the_manual_runs(folder, script, monkeypatch, capfd):
    for name, package in PLUGINS.items():
        if f".{name}." in script and not hasattr(vs.core, name):
            pytest.skip(f"the plugin {package} has no wheel for this platform")
    monkeypatch.chdir(folder)
    try:
        exec(compile(script, "manual.vpy", "exec"), {"__name__": "__vapoursynth__"})
        outputs = {number: output.clip for number, output in vs.get_outputs().items()}
        source = vs.core.bs.VideoSource("film.mkv")
        for clip in outputs.values():
            frames = list(clip.frames())
            assert len(frames) == COUNT
        main = next(iter(outputs.values()))
        assert main.format.color_family == vs.YUV
        assert all(frame.props["_Matrix"] == 6 for frame in main.frames())
        chroma = [np.asarray(frame[1]).std() for frame in main.frames()]
        assert max(chroma) > 0
        del clip, main, outputs, frames, source
    finally:
        vs.clear_outputs()
        gc.collect()
    assert capfd.readouterr().out == ""
