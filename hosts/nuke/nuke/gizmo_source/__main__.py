"""Writes the files that are made from this source."""

from pathlib import Path

from gizmo_source import group_text, toolset

FOLDER = Path(__file__).resolve().parent.parent / "VCNode"

if __name__ == "__main__":
    (FOLDER / "gizmos" / "VCNode.gizmo").write_text(group_text(), encoding="ascii", newline="\n")
    (FOLDER / "toolsets" / "VCNode_two_references.nk").write_text(toolset.text(), encoding="ascii", newline="\n")
