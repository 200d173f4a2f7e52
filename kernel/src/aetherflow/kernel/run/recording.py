"""What a start of a run records of itself: the code that it runs, the policy, the environment that it needs."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from ..plugins.distributions import distribution_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.definitions import FlowIndex
    from ..plugins.index import PluginIndex
    from ..policy.profile import RuntimeProfile


def kernel_version() -> str:
    """The version of this kernel, as it is installed."""
    return distribution_version("aetherflow-kernel")


def plugins_of(flow_index: FlowIndex, index: PluginIndex) -> Mapping[str, str]:
    """The plugins whose steps and connectors a flow names, with their versions."""
    flow = flow_index.flow
    types = {step.type for job in flow.all_jobs for step in job.steps}
    records = [index.step(name).plugin for name in types]
    records += [index.connector(found.kind, found.driver).plugin for found in flow.resources.values()]
    return {record.name: record.version for record in sorted(records, key=lambda record: record.name)}


def environment_keys_of(flow_index: FlowIndex) -> tuple[str, ...]:
    """The keys of the environment that a flow refers to."""
    named = {use.reference.parts for use in flow_index.uses if use.reference.root == "env"}
    return tuple(sorted({parts[1] for parts in named if len(parts) > 1}))


def policy_digest_of(profile: RuntimeProfile) -> str:
    """A digest of the runtime profile in force and the files that it comes from, from wherever they are looked at."""
    contents = [digest for _, digest in profile.sources]
    return hashlib.sha256(json.dumps([profile.name, contents]).encode()).hexdigest()
