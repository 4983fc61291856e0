"""A cluster's configuration: read, layered (flags over files over defaults), checked, and frozen.

Cheap to import: the YAML reader and the validator are loaded only when they have something to do.
"""

from krayne.config.flags import Flag, flags, nest
from krayne.config.load import load_configs
from krayne.config.model import ClusterConfig

__all__ = ["ClusterConfig", "Flag", "flags", "load_configs", "nest"]
