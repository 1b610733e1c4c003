"""What a node may show on itself: the one preview of `comfy_api.latest.ui` that the pack uses."""


class PreviewText:
    def __init__(self, value, **kwargs):
        if not isinstance(value, str):
            raise TypeError(f"PreviewText shows a string, not {type(value).__name__}.")
        self.value = value

    def as_dict(self):
        return {"text": (self.value,)}
