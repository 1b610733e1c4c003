"""Run by Nuke when it starts, with and without a user. Never stops Nuke from starting."""

import os
import sys

import nuke

try:
    _here = os.path.dirname(os.path.abspath(__file__)).replace("\\", "/")
    for _name in ("gizmos", "icons", "python"):
        nuke.pluginAddPath(_here + "/" + _name)
    # A packed folder has the client in it; a checkout has it two folders up.
    _packed = _here + "/python"
    _client = _packed if os.path.isdir(_packed + "/vcnode_client") else os.path.dirname(os.path.dirname(_here))
    if _client not in sys.path:
        sys.path.append(_client)
except Exception as _error:
    sys.stderr.write(f"VCNode: its folders cannot be added: {_error}\n")
