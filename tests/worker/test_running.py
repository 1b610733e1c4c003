import weakref
from types import SimpleNamespace

import torch

from vcnode.errors import DeviceError
from vcnode.worker import running


def test_memory_is_given_back_when_no_traceback_holds_it_any_more(monkeypatch):
    """A job that ran out of a GPU's memory leaves it to the host's other programs."""
    held, given_back = [], []

    def render(job, **callbacks):
        frame = torch.zeros(10)
        held.append(weakref.ref(frame))
        raise DeviceError("The device ran out of memory.")

    monkeypatch.setattr(running, "render", render)
    monkeypatch.setattr(running, "render_job", lambda plan, model: None)
    monkeypatch.setattr(running, "drop_damaged", lambda target: 0)
    monkeypatch.setattr(running, "release_memory", lambda: given_back.append(held[0]() is None))
    plan = SimpleNamespace(
        source=SimpleNamespace(first=0, last=2, wanted=range(3)),
        target=SimpleNamespace(finished=None, kept=1),
        request=SimpleNamespace(clip="clip", model="lite"),
        weights=None,
        device="cuda",
        digest="",
    )
    models = SimpleNamespace(get=lambda name, weights, device: None)
    message = running.run_plan(plan, models, lambda message: None, lambda: False)
    assert message == {"type": "failed", "problem": "The device ran out of memory.", "kept": 1}
    assert given_back == [True]
