"""A stand-in for the part of ComfyUI's programming interface that the node pack uses, as strict as ComfyUI or stricter.

It follows ComfyUI 0.3.64, the oldest version the pack asks for: what is missing there is missing here, keyword by
keyword. `installed` puts it into `sys.modules` and takes it away again; `Host` is what a test sees of it.
"""

from .host import Host
from .installation import installed
from .running import ContractError, Source, run_graph, run_node, with_defaults

__all__ = ["ContractError", "Host", "Source", "installed", "run_graph", "run_node", "with_defaults"]
