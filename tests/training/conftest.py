import copy

import numpy as np
import PIL.Image
import pytest


def photo(seed, height=144, width=200):
    """A colourful picture of soft patches, 8-bit RGB."""
    random = np.random.default_rng(seed)
    coarse = PIL.Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
    return coarse.resize((width, height), PIL.Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder laid out as class/photo.jpg."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        path = folder / ("meadow" if number % 2 else "harbour") / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        photo(number).save(path, quality=95)
    return folder


@pytest.fixture
def model(tiny_model):
    """Small, random, and ready to be trained."""
    model = copy.deepcopy(tiny_model).requires_grad_(True)
    model.encoder.requires_grad_(False)
    return model
