"""Where models live: the data folder shipped with vcnode, and the user's own."""

import os
from importlib import resources
from pathlib import Path

import platformdirs

from vcnode.errors import ModelError

REGISTRY_NAME = "registry.yaml"


def models_directory() -> Path:
    """Returns the folder with the registry, the presets and the embedded weights.

    A wheel carries it inside the package (``vcnode/models``); a checkout keeps it beside the package
    (``models``).

    Raises:
        ModelError: The installation lacks the folder.
    """
    package = Path(str(resources.files("vcnode")))
    for folder in (package / "models", package.parent / "models"):
        if (folder / REGISTRY_NAME).is_file():
            return folder
    raise ModelError(
        f"This installation of vcnode lacks its models folder ({package / 'models'}): install vcnode again."
    )


def user_models_directory() -> Path:
    """Returns the folder that fetched and imported models go to; it need not exist yet.

    It is the system's place for user data, or the folder named by the environment variable ``VCNODE_MODELS``
    (useful for a share that several machines read).
    """
    chosen = os.environ.get("VCNODE_MODELS")
    if chosen:
        return Path(os.path.expanduser(chosen))  # pathlib raises on users that are not known
    return Path(platformdirs.user_data_dir("vcnode", appauthor=False)) / "models"
