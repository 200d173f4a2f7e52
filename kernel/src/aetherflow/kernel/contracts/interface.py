"""The version of the plugin interface, and where plugins announce themselves; imports nothing."""

from __future__ import annotations

#: The group of entry points that plugins are found through.
ENTRY_POINT_GROUP = "aetherflow.plugins"
#: The data file beside a plugin's code that says what it contributes.
MANIFEST_NAME = "aetherflow_plugin.json"
#: The version of this interface, (major, minor): a plugin says which one it was written for.
INTERFACE_VERSION = (1, 0)
