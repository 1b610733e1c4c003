"""Acceptance tests in a real ComfyUI, of which they use no more than its entrances.

They run where the environment variable COMFYUI_DIR names a checkout of ComfyUI, and are skipped elsewhere.
COMFYUI_PYTHON names the Python that has ComfyUI's requirements and vcnode; without it, the one that runs pytest is
taken.

    COMFYUI_DIR=~/ComfyUI python -m pytest tests/hosts/comfyui/live

Nothing in the checkout is changed: ComfyUI gets a base directory of its own, with a copy of the pack in it. Tests with
VideoHelperSuite run where it lies in the checkout's custom_nodes.
"""
