"""Run by vcnode_bake.py inside NatronRenderer, which gives it the name `app`."""

import VCNodeExt  # noqa: F401  says where our modules are

from vcnode_natron.bake import main

main(app)  # noqa: F821
