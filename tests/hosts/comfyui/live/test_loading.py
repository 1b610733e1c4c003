"""The pack as ComfyUI loads it."""

IDS = [
    "VCNode_Colorize",
    "VCNode_ColorizeVideo",
    "VCNode_LoadModel",
    "VCNode_LoadShots",
    "VCNode_LoadState",
    "VCNode_PickKeyframes",
    "VCNode_Reference",
    "VCNode_ReferencesAt",
    "VCNode_SaveState",
]


def test_exactly_these_nodes(executor):
    assert executor.loaded["vcnode"] == IDS, executor.log()
