"""Writes VCNode.gizmo: the Group that artists get. Run `python -m gizmo_source` in the folder above."""

from gizmo_source.group import group_text

__all__ = ["group_text"]
