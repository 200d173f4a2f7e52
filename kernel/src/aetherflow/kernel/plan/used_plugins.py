"""The plugins that a flow would use, each with a digest that tells whether it is still the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..quick_dataclasses import field_names
from .description import PluginDescription
from .step_describing import inner_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..check.definitions import FlowIndex
    from ..plugins.index import PluginIndex
    from ..plugins.records import PluginRecord

#: The hook whose granted plugins are imported for every run.
_OBSERVERS = "aetherflow_event"


def used_plugins(flow_index: FlowIndex, index: PluginIndex) -> tuple[PluginDescription, ...]:
    """The plugins of a flow's steps, of those inside them, of its connectors, and those that observe; by name."""
    flow = flow_index.flow
    records = [
        record
        for job in flow.all_jobs
        for step in job.steps
        for record in _of_step(index, step.type, dict(step.inputs))
    ]
    records += [index.connector(found.kind, found.driver).plugin for found in flow.resources.values()]
    records += index.granted(_OBSERVERS)
    return tuple(described(record) for record in sorted({each.name: each for each in records}.values(), key=_name))


def described(record: PluginRecord) -> PluginDescription:
    """One plugin as a plan notes it."""
    return PluginDescription(
        name=record.name,
        distribution=record.distribution,
        version=record.version,
        digest=_digest_of_code(Path(record.distribution)) if record.is_local else _digest_of_manifest(record),
        is_imported=record.loaded is not None,
    )


def _name(record: PluginRecord) -> str:
    return record.name


def _of_step(index: PluginIndex, step_type: str, inputs: object) -> Iterator[PluginRecord]:
    entry = index.step(step_type)
    yield entry.plugin
    inner = inner_step(entry, inputs)
    if inner is not None:
        yield from _of_step(index, *inner)


def _digest_of_manifest(record: PluginRecord) -> str:
    """A digest of all that a plugin says it contributes; its code has the version for that."""
    said = json.dumps(record.manifest, sort_keys=True, default=_as_json)
    return hashlib.sha256(said.encode()).hexdigest()


def _as_json(part: Any) -> object:  # noqa: ANN401 - a record of a manifest, or a set of texts
    if isinstance(part, frozenset):
        return sorted(part)
    return {name: getattr(part, name) for name in field_names(type(part))}


def _digest_of_code(folder: Path) -> str:
    """A digest of a local folder's code: it has no version that would tell."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        if file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            whole.update(f"{file.relative_to(folder).as_posix()}\0{content}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
