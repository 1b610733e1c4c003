"""Filters end when scripts let go of them, and scripts when previewers reload them."""

import gc
import subprocess
import sys
import textwrap
import weakref

import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference
from vsvcnode import colorize
from vsvcnode.colorist import Colorist
from vsvcnode.models import shared_model

from .films import alive, film


@pytest.mark.parametrize("use", ["never", "once", "to the end"])
@pytest.mark.parametrize("options", [{}, {"maps": True}, {"look_ahead": 3}, {"scenes": "props"}], ids=str)
def test_nothing_outlives_its_clip(tiny_model, use, options):
    before = alive(Colorist)
    source = film(4)
    if options.get("scenes") == "props":
        options = {"scenes": source.clip}
    clip = colorize(source.clip, Reference(picture(0)), model=tiny_model, **options)
    made = list(clip) if isinstance(clip, tuple) else [clip]
    for each in made:
        for number in {"never": [], "once": [2], "to the end": range(4)}[use]:
            each.get_frame(number)
    assert alive(Colorist) == before + 1
    del clip, made, each
    assert alive(Colorist) == before


def test_a_clip_outlives_what_made_it(tiny_model):
    clips = [colorize(film(3).clip, Reference(picture(0)), model=tiny_model).std.Trim(1)]
    gc.collect()
    assert clips[0].get_frame(1)


def test_filters_share_one_model_and_free_it():
    first, second = shared_model("lite", "cpu"), shared_model("lite", "cpu")
    assert first is second
    reference = weakref.ref(first)
    del first, second
    gc.collect()
    assert reference() is None


def test_a_loaded_model_is_used_as_it_is(tiny_model):
    assert shared_model(tiny_model, None) is tiny_model


_PREVIEWER = """
    import gc, weakref
    import vapoursynth as vs

    class Previewer(vs.EnvironmentPolicy):
        def on_policy_registered(self, api):
            self.api, self.current = api, None
        def on_policy_cleared(self):
            self.current = None
        def get_current_environment(self):
            return self.current
        def set_environment(self, environment):
            before, self.current = self.current, environment
            return before
        def is_alive(self, environment):
            return environment is self.current

    previewer = Previewer()
    vs.register_policy(previewer)
    import numpy as np
    import vcnode
    from vcnode.network import Model
    from vsvcnode import colorize

    models = []
    for _ in range(3):
        environment = previewer.api.create_environment()
        previewer.set_environment(environment)
        clip = vs.core.std.BlankClip(format=vs.GRAY8, width=96, height=64, length=5, color=99)
        image = np.random.default_rng(0).random((64, 96, 3), np.float32)
        clip = colorize(clip, vcnode.Reference(image), device="cpu")
        clip.set_output()
        waiting = [clip.get_frame_async(number) for number in (3, 1)]
        [each.result().close() for each in waiting]
        models += [weakref.ref(each) for each in gc.get_objects() if isinstance(each, Model)]
        del clip, waiting
        vs.clear_outputs()
        previewer.set_environment(None)
        previewer.api.destroy_environment(environment)
        del environment
        gc.collect()
        print(sum(each() is not None for each in models), flush=True)
"""


def test_reloading_a_script_frees_the_one_before():
    """As previewers do it: an environment is destroyed with its clips, and a new one made."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_PREVIEWER)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["0", "0", "0"], run.stderr
