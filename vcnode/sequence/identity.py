"""What makes two models the same."""

from weakref import WeakKeyDictionary

from vcnode.network import Model
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor

_known: WeakKeyDictionary[Model, str] = WeakKeyDictionary()  # a digest reads all weights: once a model is enough


def model_digest(model: Model) -> str:
    """Identify a model by its configuration and weights, whatever their device."""
    if model not in _known:
        parts = [digest_settings({**model.config.to_dict(), "name": ""})]
        for name, tensor in model.state_dict().items():
            parts.append(digest_settings({"name": name}))
            parts.append(digest_tensor(tensor))
        _known[model] = combine_digests(parts)
    return _known[model]
