"""ComfyUI's folders."""

import os

import folder_paths

from ..choices import EMBEDDED, MODEL_SUFFIX

_MODELS = "vcnode"


def register_models() -> None:
    """Make `models/vcnode` known, beside what extra_model_paths.yaml names."""
    folder_paths.add_model_folder_path(_MODELS, models_folder())
    extensions = folder_paths.folder_names_and_paths[_MODELS][1]
    extensions.update({MODEL_SUFFIX})  # an entry made from the yaml file has an empty set, which means all files


def models_folder() -> str:
    """Where model files belong."""
    return os.path.join(folder_paths.models_dir, _MODELS)


def model_names() -> list[str]:
    """What the loader's list offers: the model that is part of vcnode, and files."""
    return [EMBEDDED, *folder_paths.get_filename_list(_MODELS)]


def model_path(name: str) -> str | None:
    """Find a model file in any of the model folders."""
    path: str | None = folder_paths.get_full_path(_MODELS, name)
    return path


def input_path(name: str) -> str:
    """A path as users type it; relative ones count from ComfyUI's input folder."""
    name = os.path.expanduser(name.strip().strip('"'))
    return os.path.join(folder_paths.get_input_directory(), name)


def output_folder() -> str:
    """Where results go."""
    return str(folder_paths.get_output_directory())


def temporary_folder() -> str:
    """Where films are written until they are saved; ComfyUI empties it when it starts."""
    return str(folder_paths.get_temp_directory())


def new_output(prefix: str, suffix: str) -> tuple[str, str]:
    """Choose the next free numbered name in the output folder; give its path, and its name relative to the folder."""
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, output_folder())
    file = f"{name}_{counter:05}_{suffix}"
    return os.path.join(folder, file), "/".join(part for part in (*subfolder.split(os.sep), file) if part)
