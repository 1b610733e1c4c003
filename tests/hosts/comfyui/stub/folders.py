"""`folder_paths`: where models, inputs and outputs are."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Folders:
    base: Path

    def __post_init__(self):
        for name in ("models", "input", "output", "temp"):
            self.of(name).mkdir(parents=True)

    def of(self, name):
        return self.base / name


def folder_paths(folders):
    """The module, over these folders."""
    module = ModuleType("folder_paths")
    known = module.folder_names_and_paths = {}
    module.models_dir = str(folders.of("models"))
    for name in ("input", "output", "temp"):
        setattr(module, f"get_{name}_directory", lambda name=name: str(folders.of(name)))

    def add_model_folder_path(folder_name, full_folder_path, is_default=False):
        paths, _ = known.setdefault(folder_name, ([], set()))
        if full_folder_path not in paths:
            paths.insert(0 if is_default else len(paths), full_folder_path)

    def get_filename_list(folder_name):
        paths, extensions = known[folder_name]
        files = (file for path in map(Path, paths) for file in path.rglob("*") if file.is_file())
        return sorted({file.name for file in files if not extensions or file.suffix.lower() in extensions})

    def get_full_path(folder_name, filename):
        paths, _ = known.get(folder_name, ([], set()))
        found = (Path(path, filename) for path in paths)
        return next((str(file) for file in found if file.is_file()), None)

    def get_save_image_path(filename_prefix, output_dir, image_width=0, image_height=0):
        subfolder, name = os.path.split(os.path.normpath(filename_prefix))
        folder = Path(output_dir, subfolder)
        if not folder.resolve().is_relative_to(Path(output_dir).resolve()):
            raise Exception("Saving image outside the output folder is not allowed.")
        folder.mkdir(parents=True, exist_ok=True)
        taken = [file.stem[len(name) + 1 :].split("_")[0] for file in folder.glob(f"{name}_*")]
        counter = max((int(number) for number in taken if number.isdigit()), default=0) + 1
        return str(folder), name, counter, subfolder, filename_prefix

    for function in (add_model_folder_path, get_filename_list, get_full_path, get_save_image_path):
        setattr(module, function.__name__, function)
    return module
