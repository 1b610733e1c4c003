"""Tests of vcnode_client with the standard library alone, so that every Python that hosts embed can run them.

`python -m unittest discover` runs them with hosts/nuke on PYTHONPATH; pytest runs them too.
"""
