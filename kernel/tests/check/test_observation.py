"""The setting that names a metrics module: an error, a warning, or nothing to say."""

from __future__ import annotations

import pytest

from aetherflow.kernel.check.observation import problems_of_metrics
from aetherflow.kernel.plugins.index import PluginIndex
from aetherflow.kernel.plugins.manifest import Manifest
from aetherflow.kernel.plugins.records import PluginRecord, PluginState
from aetherflow.kernel.policy.document import Mode
from aetherflow.kernel.policy.profile import Layer, RuntimeProfile

pytestmark = pytest.mark.unit

OPEN = Layer(profile="internal_fast", mode=Mode.OPEN)
METRICS = PluginRecord(
    name="metrics",
    distribution="aetherflow_plugin.metrics",
    version="0.1.0",
    anchor="aetherflow_metrics",
    manifest=Manifest(interface="1.0", name="metrics", hooks=("aetherflow_event",)),
)


def problems(*plugins, layers=(OPEN,)):
    index = PluginIndex(profile=RuntimeProfile(name="here", layers=layers), plugins=plugins)
    return list(problems_of_metrics("acme.metrics", index))


def test_module_is_used_where_the_plugin_is_ready_and_granted():
    assert problems(METRICS) == []


def test_without_the_plugin_the_warning_says_what_to_install():
    (warning,) = problems()
    assert (warning.code, warning.severity) == ("AF-METRICS-IDLE", "warning")
    assert warning.help == "pip install aetherflow-plugin-metrics"


def test_plugin_of_somebody_else_with_that_name_does_not_count():
    stranger = PluginRecord(name="metrics", distribution="acme-metrics", version="1", anchor="acme")
    (warning,) = problems(stranger)
    assert warning.help == "pip install aetherflow-plugin-metrics"


def test_plugin_that_is_not_ready_is_told_with_its_reason():
    broken = PluginRecord(
        name="metrics", distribution="aetherflow-plugin-metrics", version="9", anchor="aetherflow_metrics",
        state=PluginState.INCOMPATIBLE, why="needs plugin API 1.5", mend="pip install -U aetherflow-kernel",
    )  # fmt: skip
    (warning,) = problems(broken)
    assert warning.message.endswith("plugin metrics is incompatible: needs plugin API 1.5")
    assert warning.help == "pip install -U aetherflow-kernel"


def test_plugin_that_is_not_granted_is_told_with_what_to_write():
    (warning,) = problems(METRICS, layers=(OPEN, Layer(profile="internal_fast", grants=())))
    assert "aetherflow_event is not granted to plugin metrics" in warning.message
    assert warning.help == "grant it: plugins.hooks: {metrics: [aetherflow_event]}"


@pytest.mark.parametrize("mode", [Mode.LISTED, Mode.LOCKED])
def test_module_may_not_be_named_where_the_profile_is_not_open(mode):
    for plugins in ((), (METRICS,)):
        (error,) = problems(*plugins, layers=(Layer(profile="strict", mode=mode),))
        assert (error.code, error.severity) == ("AF-METRICS-DENIED", "error")
