from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import ModelError
from vcnode.weights import RegistryEntry, digest, load_registry, lookup


def test_the_shipped_registry_names_both_models() -> None:
    registry = load_registry()
    assert list(registry) == ["lite", "devc"]
    assert registry["lite"].embedded
    assert registry["lite"].weights_name == "lite.safetensors"
    assert not registry["devc"].embedded
    assert [file.prefix for file in registry["devc"].files] == ["encoder", "head", "color_net"]
    assert registry["devc"].archive == "colorization_checkpoint.zip"
    assert registry["devc"].weights_name == "devc.safetensors"
    assert all(entry.licence and entry.source and entry.description for entry in registry.values())


def test_shipped_weights_are_the_registered_ones() -> None:
    entry = load_registry()["lite"]
    (file,) = entry.files
    path = entry.directory / entry.weights_name
    assert (path.stat().st_size, digest(path)) == (file.size, file.sha256)


def test_configuration_is_the_preset(registry: dict[str, RegistryEntry]) -> None:
    assert registry["remote"].configuration() == {"channels": 4, "encoder": {"name": "vgg"}}


def test_a_wrong_preset_is_a_sentence(registry: dict[str, RegistryEntry]) -> None:
    preset = registry["remote"].directory / "small.yaml"
    preset.write_text("- a list")
    with pytest.raises(ModelError, match="not a YAML mapping"):
        registry["remote"].configuration()
    preset.write_text("a: [\n\n")
    with pytest.raises(ModelError, match="cannot be read") as caught:
        registry["remote"].configuration()
    assert "\n" not in str(caught.value)
    preset.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        registry["remote"].configuration()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text())
def test_unknown_names_list_the_known_ones(registry: dict[str, RegistryEntry], name: str) -> None:
    if name in registry:
        return
    with pytest.raises(ModelError, match="give one of inside, remote, nowhere, parts"):
        lookup(name, registry)


def test_close_names_are_suggested(registry: dict[str, RegistryEntry]) -> None:
    with pytest.raises(ModelError, match="did you mean 'remote'"):
        lookup("Remotee", registry)


ENTRY = "  m: {{description: d, preset: p.yaml, embedded: false, licence: l, source: s, files: [{0}]}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 2\nmodels: {}\n",
        "version: 1\nmodels: [a]\n",
        "version: 1\nmodels:\n  m: text\n",
        "version: 1\nmodels:\n  m: {files: [{name: a}]}\n",
        "version: 1\nmodels:\n" + ENTRY.format(""),
        "version: 1\nmodels:\n" + ENTRY.format("{name: ../../evil.safetensors}"),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a}").replace("m:", "../m:", 1),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a, colour: blue}"),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a, url: 'file:///etc/passwd'}"),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a, size: many}"),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a, sha256: abc}"),
        "version: 1\nmodels:\n" + ENTRY.format("{name: a, url: 'http://x/a.zip'}, {name: b, url: 'http://x/b'}"),
        "version: 1\nmodels: !!python/object/apply:os.getcwd []\n",
    ],
)
def test_a_wrong_registry_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(text)
    with pytest.raises(ModelError):
        load_registry(path)


def test_a_right_registry_is_read(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("version: 1\nmodels:\n" + ENTRY.format("{name: a.safetensors, url: 'http://x/y%20z'}"))
    (file,) = load_registry(path)["m"].files
    assert file.download_name == "y z"
