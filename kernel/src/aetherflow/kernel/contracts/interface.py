"""The version of the plugin interface, and where plugins announce themselves; imports nothing."""

from __future__ import annotations

#: The group of entry points that plugins are found through.
ENTRY_POINT_GROUP = "aetherflow.plugins"
#: The data file beside a plugin's code that says what it contributes.
MANIFEST_NAME = "aetherflow_plugin.json"
#: Hooks that contribute data: they need no grant.
DATA_HOOKS = ("aetherflow_steps", "aetherflow_connectors", "aetherflow_commands")
#: Hooks that act while a run goes on: called only where the runtime profile grants them.
BEHAVIOUR_HOOKS = ("aetherflow_event",)
#: Hooks that belong to another one, and come with its grant.
COMPANION_HOOKS = {"aetherflow_observe": "aetherflow_event"}
#: Words that only the kernel's own commands may start with, those that are to come among them.
RESERVED_COMMANDS = frozenset(
    {
        "diagnostics",
        "doctor",
        "explain",
        "help",
        "locks",
        "plan",
        "plugins",
        "retry",
        "run",
        "runs",
        "schema",
        "validate",
        "version",
    }
)
#: The version of this interface, (major, minor): a plugin says which one it was written for.
INTERFACE_VERSION = (1, 0)
