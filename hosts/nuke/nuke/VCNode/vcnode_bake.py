"""Colours a VCNode without a user: nuke -t vcnode_bake.py --script shot.nk --range=1001-1120 --node VCNode1."""

import os
import runpy
import sys

try:
    from vcnode_nuke.bake import main
except ImportError:  # the folder is not on NUKE_PATH
    runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "init.py"))
    from vcnode_nuke.bake import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
