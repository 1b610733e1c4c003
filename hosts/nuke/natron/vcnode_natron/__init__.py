"""The vcnode node in Natron: its controls, its inner graph, and what its buttons do.

Runs inside Natron's own Python with the standard library and `vcnode_client`. Rendering a saved project needs none of
it.
"""
