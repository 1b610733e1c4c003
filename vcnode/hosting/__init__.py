"""Adapters for host programs: they travel inside the package and are copied to where a host looks for them."""

from vcnode.hosting.installation import install
from vcnode.hosting.packs import PACKS, HostPack, Installed

__all__ = ["PACKS", "HostPack", "Installed", "install"]
