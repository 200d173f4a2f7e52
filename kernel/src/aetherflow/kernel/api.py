"""The one public import surface: for plugin authors, for programs that run flows, for the scheduler.

Everything is re-exported from where it lives, on first use, so that a plugin pays for what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contracts.connectors import (
        Archiver,
        ArrowSchema,
        Attachment,
        Connector,
        ConnectorContext,
        ConnectorModel,
        Database,
        FileStore,
        HttpClient,
        HttpResponse,
        LoadCounts,
        LoadMode,
        Mailer,
        Message,
        NoOptions,
        RecordBatches,
        RemoteFile,
        register_connector,
    )
    from .contracts.events import (
        Event,
        JobEnded,
        JobStarted,
        RunEnded,
        RunStarted,
        Status,
        StepEnded,
        StepLogged,
        StepProgressed,
        StepStarted,
    )
    from .contracts.hooks import hookimpl
    from .contracts.processes import CancelSignal, Command, OnLine, ProcessResult
    from .contracts.secrets import Secret
    from .contracts.steps import (
        ArtifactPath,
        Connectors,
        Effect,
        NoInputs,
        NoOutputs,
        OutputPath,
        OutputsFromKeys,
        OutputsFromStep,
        PathAccess,
        Rerun,
        ResourceUse,
        Skip,
        Step,
        StepContext,
        StepInputs,
        StepLog,
        StepOutputs,
        register_step,
    )
    from .errors import (
        AetherFlowError,
        ConnectorError,
        DecisionNeeded,
        ExitCode,
        InvalidInput,
        Location,
        MissingReference,
        NothingDone,
        OwnedByAnother,
        PathRefused,
        PluginError,
        Problem,
        RefusedByPolicy,
        RunFailed,
        StepError,
        Stopped,
        TemplateError,
        TimedOut,
    )
    from .plugins.listing import list_connectors, list_steps
    from .processes.spawn import supervise
    from .run.flow import RunResult, run_flow
    from .run.publish import publish
    from .spec.document import Document, read_document

_HOMES = {
    "contracts.connectors": (
        "Archiver",
        "ArrowSchema",
        "Attachment",
        "Connector",
        "ConnectorContext",
        "ConnectorModel",
        "Database",
        "FileStore",
        "HttpClient",
        "HttpResponse",
        "LoadCounts",
        "LoadMode",
        "Mailer",
        "Message",
        "NoOptions",
        "RecordBatches",
        "RemoteFile",
        "register_connector",
    ),
    "contracts.events": (
        "Event",
        "JobEnded",
        "JobStarted",
        "RunEnded",
        "RunStarted",
        "Status",
        "StepEnded",
        "StepLogged",
        "StepProgressed",
        "StepStarted",
    ),
    "contracts.hooks": ("hookimpl",),
    "contracts.processes": ("CancelSignal", "Command", "OnLine", "ProcessResult"),
    "contracts.secrets": ("Secret",),
    "contracts.steps": (
        "ArtifactPath",
        "Connectors",
        "Effect",
        "NoInputs",
        "NoOutputs",
        "OutputPath",
        "OutputsFromKeys",
        "OutputsFromStep",
        "PathAccess",
        "Rerun",
        "ResourceUse",
        "Skip",
        "Step",
        "StepContext",
        "StepInputs",
        "StepLog",
        "StepOutputs",
        "register_step",
    ),
    "errors": (
        "AetherFlowError",
        "ConnectorError",
        "DecisionNeeded",
        "ExitCode",
        "InvalidInput",
        "Location",
        "MissingReference",
        "NothingDone",
        "OwnedByAnother",
        "PathRefused",
        "PluginError",
        "Problem",
        "RefusedByPolicy",
        "RunFailed",
        "StepError",
        "Stopped",
        "TemplateError",
        "TimedOut",
    ),
    "plugins.listing": ("list_connectors", "list_steps"),
    "processes.spawn": ("supervise",),
    "run.flow": ("RunResult", "run_flow"),
    "run.publish": ("publish",),
    "spec.document": ("Document", "read_document"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - the names are the table's, told once
    *_HOME_OF
]


def __getattr__(name: str) -> object:
    """Import the name's home on first use."""
    home = _HOME_OF.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value = getattr(import_module(f".{home}", __package__), name)
    globals()[name] = value
    return value
