import pytest

from vcnode_natron.ocio import encoding_of

CONFIG = """ocio_profile_version: 2

environment:
  scene_linear: not this one

roles:
  aces_interchange: ACES2065-1
  scene_linear: {space}
  color_timing: ACEScct

file_rules:
  - !<Rule> {{name: Default, colorspace: default}}
"""


@pytest.mark.parametrize(
    ("space", "encoding"),
    [
        ("ACEScg", "acescg"),
        ('"ACES - ACEScg"', "acescg"),
        ("'lin_srgb'", "linear-srgb"),
        ("Linear Rec.709 (sRGB)", "linear-srgb"),
        ("House Space 7", ""),
    ],
)
def test_a_role_is_what_the_configuration_says(tmp_path, space, encoding):
    path = tmp_path / "config.ocio"
    path.write_text(CONFIG.format(space=space))
    assert encoding_of(str(path), "scene_linear") == encoding


def test_a_space_may_be_named_itself(tmp_path):
    path = tmp_path / "config.ocio"
    path.write_text(CONFIG.format(space="ACEScg"))
    assert encoding_of(str(path), "aces_interchange") == "aces2065-1"
    assert encoding_of(str(path), "Linear Rec.2020") == "linear-rec2020"


def test_built_in_configurations_work_in_acescg():
    assert encoding_of("ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1", "scene_linear") == "acescg"


def test_a_configuration_that_is_not_there_says_nothing(tmp_path):
    assert encoding_of(str(tmp_path / "none.ocio"), "scene_linear") == ""
