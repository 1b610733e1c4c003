"""vcnode in ComfyUI: colours black-and-white video after reference images."""

WEB_DIRECTORY = "./web"  # help pages; there is no JavaScript

if __package__:  # not when a test runner or a documentation tool runs this file alone
    from .comfyvcnode.nodes import comfy_entrypoint

    __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
