"""What makes two models the same, and two machines compute the same."""

from weakref import WeakKeyDictionary

import torch

from vcnode.network import Model, ModelConfig
from vcnode.network.correspondence import DEVC_WIDTH
from vcnode.network.matching import matching_kernel
from vcnode.network.processor import multiplies_slowly
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor

type _Looks = tuple[ModelConfig, tuple[tuple[int, int], ...]]

_known: WeakKeyDictionary[Model, tuple[_Looks, str]] = WeakKeyDictionary()  # a digest reads all weights: remembered


def model_digest(model: Model) -> str:
    """Identify a model by its configuration and weights, whatever their device.

    Weights that were trained on or loaded anew since the last call are read again; what is written to `weight.data` is
    not seen by torch, and so not here.
    """
    looks = _looks(model)
    if looks is not None and model in _known and _known[model][0] == looks:
        return _known[model][1]
    parts = [digest_settings({**model.config.to_dict(), "name": ""})]
    for name, tensor in model.state_dict().items():
        parts.append(digest_settings({"name": name}))
        parts.append(digest_tensor(tensor))
    digest = combine_digests(parts)
    if looks is not None:
        _known[model] = (looks, digest)
    return digest


def rounding(device: torch.device, model: Model | None = None, *, half: bool = False) -> dict[str, object]:
    """Say what decides how a computation rounds; states of machines that round differently are kept apart.

    On a CPU the number of threads counts too, since sums are cut into as many parts, and how it convolves. On a GPU the
    kernel that matches does.

    Args:
        device: Where the network runs.
        model: The network, where it is known.
        half: Whether convolutions run in half precision.
    """
    if device.type == "cpu":
        machine: object = [torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), multiplies_slowly()]
    else:
        machine = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    about: dict[str, object] = {"torch": str(torch.__version__), "device": device.type, "machine": machine}
    if device.type == "cuda" and model is not None:
        width = DEVC_WIDTH if model.config.head == "devc" else model.config.head_width
        columns = 3 if model.config.color_net == "light" else 2  # with squares, that tell how far colours differ
        about["matching"] = matching_kernel(device, width, columns, half=half)
    return about


def _looks(model: Model) -> _Looks | None:
    """The configuration, where each weight lies and how often it was written to; None where nobody counts that."""
    tensors = model.state_dict(keep_vars=True).values()
    if any(tensor.is_inference() for tensor in tensors):
        return None
    return model.config, tuple((tensor.data_ptr(), tensor._version) for tensor in tensors)
