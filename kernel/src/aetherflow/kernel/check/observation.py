"""The ancestor's metrics module: whether the setting that names it has an effect here, and may have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Problem
from ..policy.rules import normalised_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plugins.index import PluginIndex

#: The plugin that hands events to the module.
DISTRIBUTION = "aetherflow-plugin-metrics"
_HOOK = "aetherflow_event"
_PATH = ("settings", "metrics_module")


def problems_of_metrics(module: str, index: PluginIndex) -> Iterator[Problem]:
    """An error where the module may not be named here, and a warning where nobody would use it."""
    if not index.profile.is_open:
        yield Problem(
            code="AF-METRICS-DENIED",
            message=f"the metrics module {module!r} may not be used: profile {index.profile.name} is not open,"
            " and lets in no code by its name in a setting",
            help="unset AETHERFLOW_METRICS_MODULE and settings.metrics_module, or install a plugin that observes runs",
            path=_PATH,
        )
    elif (why := _obstacle(index)) is not None:
        message, mend = why
        yield Problem(
            code="AF-METRICS-IDLE",
            message=f"the setting metrics_module has no effect: {message}",
            help=mend,
            severity="warning",
            path=_PATH,
        )


def _obstacle(index: PluginIndex) -> tuple[str, str] | None:
    """Why nothing is handed to the module, and the mend; null where something is."""
    record = next((each for each in index.plugins if normalised_name(each.distribution) == DISTRIBUTION), None)
    if record is None:
        return "no plugin here hands events to it", f"pip install {DISTRIBUTION}"
    if not record.is_ready:
        return f"plugin {record.name} is {record.state}: {record.why}", record.mend
    decision = index.profile.decide_hook(record.identity, _HOOK)
    if not decision.allowed:
        mend = f"grant it: plugins.hooks: {{{record.name}: [{_HOOK}]}}"
        return f"{_HOOK} is not granted to plugin {record.name}: {decision.why}", mend
    return None
