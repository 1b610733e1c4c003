"""What a node may show on itself: the previews of `comfy_api.latest.ui` that need no file."""


class PreviewText:
    def __init__(self, value, **kwargs):
        if not isinstance(value, str):
            raise TypeError(f"PreviewText shows a string, not {type(value).__name__}.")
        self.value = value

    def as_dict(self):
        return {"text": (self.value,)}


class PreviewImage:
    def __init__(self, image, animated=False, cls=None, **kwargs):
        if image.ndim != 4:
            raise ValueError(f"PreviewImage shows a batch (B, H, W, C), not {tuple(image.shape)}.")
        self.count, self.animated = len(image), animated

    def as_dict(self):
        return {"images": [{"filename": f"{n}.png"} for n in range(self.count)], "animated": (self.animated,)}


class SavedResult(dict):
    def __init__(self, filename, subfolder, type):
        super().__init__(filename=filename, subfolder=subfolder, type=type)


class PreviewVideo:
    def __init__(self, values, **kwargs):
        self.values = values

    def as_dict(self):
        return {"images": self.values, "animated": (True,)}
